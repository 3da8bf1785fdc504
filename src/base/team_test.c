// Tests of team.c: every task runs once, one at a time in a thread, for any numbers; and
// the caller does not wait for helpers that have not begun.
#include "tests/check.h"

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/team.h"

enum { MOST = 1000, THREADS = 5 };

typedef struct loop {
    int threads;
    atomic_int times[MOST];   // how often a task was done
    atomic_int busy[THREADS]; // tasks that run in a thread
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

// ---- helpers that do not run

static int gate[2]; // a pipe: a read blocks until it is closed
static atomic_int still;

static void stand_still(int number)
{
    (void)number;
    char byte;
    atomic_fetch_add(&still, 1);
    while (read(gate[0], &byte, 1) < 0)
        continue;
    atomic_fetch_sub(&still, 1);
}

// Signals the threads of this process with a number above `last`; none if `last` is 0.
// Returns the largest number.
static int signal_threads(int last, int *count)
{
    DIR *threads = opendir("/proc/self/task");
    assert_non_null(threads);
    int largest = last;
    for (const struct dirent *entry; (entry = readdir(threads)) != NULL;) {
        const int thread = atoi(entry->d_name);
        largest = thread > largest ? thread : largest;
        if (last > 0 && thread > last) {
            assert_int_equal(syscall(SYS_tgkill, getpid(), thread, SIGUSR1), 0);
            ++*count;
        }
    }
    closedir(threads);
    return largest;
}

// As if other programs held the cores of the helpers.
static void nobody_waits_for_helpers_that_do_not_come(void **state)
{
    (void)state;
    blm_error err;
    blmi_team *team;
    assert_int_equal(pipe(gate), 0);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = stand_still}, NULL);
    int count = 0;
    const int last = signal_threads(0, &count);
    assert_ok(blmi_team_new(THREADS, &team, &err), err);
    check_loop(team, MOST);
    usleep(100000); // until they sleep, without a lock
    signal_threads(last, &count);
    assert_int_equal(count, THREADS - 1);
    while (atomic_load(&still) < THREADS - 1)
        usleep(1000);
    alarm(60); // ends an endless wait
    for (int i = 0; i < 20; i++)
        check_loop(team, 100);
    alarm(0);
    assert_int_equal(atomic_load(&still), THREADS - 1);
    close(gate[1]);
    while (atomic_load(&still) > 0)
        usleep(1000);
    check_loop(team, MOST);
    blmi_team_free(team);
    close(gate[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_is_done_once),
        cmocka_unit_test(teams_come_and_go),
        cmocka_unit_test(nobody_waits_for_helpers_that_do_not_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
