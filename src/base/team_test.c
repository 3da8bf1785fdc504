// Tests of the team: every task once, one at a time a thread, whatever the numbers.
#include "tests/check.h"

#include <stdatomic.h>
#include <string.h>

#include "src/base/team.h"

enum { MOST = 1000, THREADS = 5 };

typedef struct loop {
    int threads;
    atomic_int times[MOST];   // that a task was done
    atomic_int busy[THREADS]; // tasks that a thread is at
    atomic_int wrong;
} loop;

static void note(const void *context, int i, int thread)
{
    loop *l = *(loop *const *)context;
    if (thread < 0 || thread >= l->threads) {
        atomic_fetch_add(&l->wrong, 1);
        return;
    }
    atomic_fetch_add(&l->wrong, atomic_fetch_add(&l->busy[thread], 1));
    atomic_fetch_add(&l->times[i], 1);
    atomic_fetch_sub(&l->busy[thread], 1);
}

static void check_loop(blmi_team *team, int count)
{
    static loop l;
    loop *context = &l;
    memset(&l, 0, sizeof l);
    l.threads = blmi_team_threads(team);
    blmi_team_each(team, count, note, &context);
    assert_int_equal(atomic_load(&l.wrong), 0);
    for (int i = 0; i < MOST; i++)
        assert_int_equal(atomic_load(&l.times[i]), i < count);
}

static void each_task_is_done_once(void **state)
{
    (void)state;
    blm_error err;
    const int counts[] = {0, 1, 2, 3, 7, MOST};
    for (int threads = 0; threads <= THREADS; threads++) {
        blmi_team *team = NULL;
        if (threads > 0)
            assert_ok(blmi_team_new(threads, &team, &err), err);
        assert_int_equal(blmi_team_threads(team), threads > 0 ? threads : 1);
        for (int round = 0; round < 200; round++)
            check_loop(team, counts[round % 6]);
        blmi_team_free(team);
    }
}

static void teams_come_and_go(void **state)
{
    (void)state;
    blm_error err;
    for (int i = 0; i < 200; i++) {
        blmi_team *team;
        assert_ok(blmi_team_new(THREADS, &team, &err), err);
        if (i % 2 == 0)
            check_loop(team, 10);
        blmi_team_free(team);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_is_done_once),
        cmocka_unit_test(teams_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
