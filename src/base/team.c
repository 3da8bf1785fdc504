#include "src/base/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "src/base/alloc.h"

// Polls before a thread sleeps, some 50 microseconds: as long as the tasks of a loop
// differ, and longer than the time between two loops of one image.
enum { ROUNDS = 2000 };

typedef struct helper {
    blmi_team *team;
    pthread_t thread;
    int number; // 1 ..
} helper;

struct blmi_team {
    int threads, helpers; // helpers: threads that were started
    helper *helper;
    pthread_mutex_t lock; // protects all members below
    pthread_cond_t begun, ended;
    atomic_uint loops; // begun so far; also read without the lock
    atomic_int inside; // helpers at work; also read without the lock
    int asleep;        // helpers
    bool open, over;   // a loop can be joined; the helpers must end
    blmi_team_task *task;
    const void *context;
    int count;
    atomic_int next; // task
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void work(blmi_team *team, int thread)
{
    for (int i; (i = atomic_fetch_add(&team->next, 1)) < team->count;)
        team->task(team->context, i, thread);
}

// Waits until a loop other than `seen` has begun; returns with the lock held.
static void wait_for_loop(blmi_team *team, unsigned seen)
{
    for (int i = 0; i < ROUNDS && atomic_load(&team->loops) == seen; i++)
        relax();
    pthread_mutex_lock(&team->lock);
    team->asleep++;
    while (atomic_load(&team->loops) == seen && !team->over)
        pthread_cond_wait(&team->begun, &team->lock);
    team->asleep--;
}

static void *help(void *argument)
{
    const helper *self = argument;
    blmi_team *team = self->team;
    wait_for_loop(team, 0);
    while (!team->over) {
        const unsigned seen = atomic_load(&team->loops);
        if (team->open) {
            atomic_fetch_add(&team->inside, 1);
            pthread_mutex_unlock(&team->lock);
            work(team, self->number);
            pthread_mutex_lock(&team->lock);
            if (atomic_fetch_sub(&team->inside, 1) == 1)
                pthread_cond_signal(&team->ended);
        }
        pthread_mutex_unlock(&team->lock);
        wait_for_loop(team, seen);
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

blm_status blmi_team_new(int threads, blmi_team **out, blm_error *err)
{
    blmi_team *team = blmi_alloc_zero(1, sizeof *team);
    if (team != NULL)
        team->helper = blmi_alloc_zero((size_t)threads, sizeof *team->helper);
    if (team == NULL || team->helper == NULL) {
        blmi_free(team);
        return blmi_no_memory(err, "threads", (size_t)threads, sizeof *team->helper);
    }
    team->threads = threads;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->begun, NULL);
    pthread_cond_init(&team->ended, NULL);
    for (int i = 0; i + 1 < threads; i++, team->helpers++) {
        helper *h = &team->helper[i];
        *h = (helper){.team = team, .number = i + 1};
        if (pthread_create(&h->thread, NULL, help, h) != 0)
            break;
    }
    *out = team;
    return BLM_OK;
}

void blmi_team_free(blmi_team *team)
{
    if (team == NULL)
        return;
    pthread_mutex_lock(&team->lock);
    team->over = true;
    pthread_cond_broadcast(&team->begun);
    pthread_mutex_unlock(&team->lock);
    for (int i = 0; i < team->helpers; i++)
        pthread_join(team->helper[i].thread, NULL);
    pthread_cond_destroy(&team->begun);
    pthread_cond_destroy(&team->ended);
    pthread_mutex_destroy(&team->lock);
    blmi_free(team->helper);
    blmi_free(team);
}

int blmi_team_threads(const blmi_team *team)
{
    return team != NULL ? team->threads : 1;
}

// Wakes the helpers for a new loop.
static void begin(blmi_team *team)
{
    pthread_mutex_lock(&team->lock);
    atomic_store(&team->next, 0);
    team->open = true;
    atomic_fetch_add(&team->loops, 1);
    if (team->asleep > 0)
        pthread_cond_broadcast(&team->begun);
    pthread_mutex_unlock(&team->lock);
}

static void end(blmi_team *team)
{
    pthread_mutex_lock(&team->lock);
    team->open = false;
    pthread_mutex_unlock(&team->lock);
    for (int i = 0; i < ROUNDS && atomic_load(&team->inside) > 0; i++)
        relax();
    pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->inside) > 0)
        pthread_cond_wait(&team->ended, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

void blmi_team_each(blmi_team *team, int count, blmi_team_task *task, const void *context)
{
    if (team == NULL || team->helpers == 0 || count == 1) {
        for (int i = 0; i < count; i++)
            task(context, i, 0);
        return;
    }
    team->task = task;
    team->context = context;
    team->count = count;
    begin(team);
    work(team, 0);
    end(team);
}
