// blemish verify: judges the masters of a model.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/cli_text.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/json.h"
#include "apps/blemish/masters.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/verbs.h"

typedef struct settings {
    const char *masters, *folder, *exclude;
    int json, threads;
    blm_decode_options decode;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"masters", 0, CLI_TEXT, "DIR", "Take these masters and remember them, or use a list",
        AT(masters), 0, 0, NULL},
    {"folder", 0, CLI_TEXT, "DIR", "Where the masters of the list are now", AT(folder), 0,
        0, NULL},
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

static size_t count_good(const cli_masters *masters)
{
    size_t good = 0;
    for (size_t i = 0; i < masters->count; i++)
        good += masters->items[i].expected == BLM_VERDICT_OK;
    return good;
}

static void print_text(const cli_masters *masters)
{
    const size_t good = count_good(masters);
    for (size_t i = 0; i < masters->count; i++) {
        const cli_master *m = &masters->items[i];
        if (m->state == CLI_MASTER_RIGHT)
            continue;
        char *text = cli_master_text(m);
        cli_print_safe(stdout, m->path);
        printf("\t%s\n", text);
        free(text);
    }
    printf("%zu of %zu masters judged right (%zu good, %zu defective)\n",
        cli_masters_right(masters), masters->count, good, masters->count - good);
}

static void hash_json(cli_json *json, const char *key, uint64_t hash)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    cli_json_text(json, key, text);
}

static void master_json(cli_json *json, const cli_master *m)
{
    const int judged = m->state == CLI_MASTER_RIGHT || m->state == CLI_MASTER_WRONG;
    char *text = cli_master_text(m);
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "name", m->name);
    cli_json_text(json, "state", cli_master_state_name(m->state));
    cli_json_text(json, "expected", blm_verdict_name(m->expected));
    cli_json_text(json, "verdict", judged ? blm_verdict_name(m->verdict) : NULL);
    if (judged) {
        cli_json_number(json, "score", m->score);
        cli_json_number(json, "threshold", m->threshold);
    }
    hash_json(json, "hash", m->hash);
    if (m->state == CLI_MASTER_CHANGED)
        hash_json(json, "found", m->found);
    cli_json_text(json, "text", text);
    cli_json_close(json, '}');
    free(text);
}

static void print_json(const cli_masters *masters, const char *model)
{
    const size_t good = count_good(masters);
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "model", model);
    cli_json_text(&json, "folder", masters->folder);
    cli_json_integer(&json, "good", (int64_t)good);
    cli_json_integer(&json, "defective", (int64_t)(masters->count - good));
    cli_json_integer(&json, "right", (int64_t)cli_masters_right(masters));
    cli_json_open(&json, "masters", '[');
    for (size_t i = 0; i < masters->count; i++)
        master_json(&json, &masters->items[i]);
    cli_json_close(&json, ']');
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

// A list that shows one side only does not prove much.
static void remark(const cli_masters *masters, const cli_talk *talk)
{
    const size_t good = count_good(masters);
    if (talk->quiet || (good > 0 && good < masters->count))
        return;
    cli_complain("no %s masters: a model that calls every part %s would pass",
        good == 0 ? "good" : "defective", good == 0 ? "NG" : "OK");
}

// list: the list of the model.
static int verify(
    const settings *set, const char *name, const blm_model *model, const char *list)
{
    const cli_choice choice = {.exclude = set->exclude, .quiet = set->talk.quiet};
    const cli_masters_options how = {
        .threads = set->threads, .decode = set->decode, .talk = &set->talk};
    cli_masters masters;
    int code = cli_masters_open(
        set->masters != NULL ? set->masters : list, set->folder, &choice, &masters);
    if (code == CLI_EXIT_OK) {
        remark(&masters, &set->talk);
        code = cli_masters_judge(&how, model, &masters);
        if (code <= CLI_EXIT_INPUT) {
            if (set->json)
                print_json(&masters, name);
            else
                print_text(&masters);
            code = cli_worse(code, cli_flush());
        }
        // Masters that can be judged are remembered, also if they are judged wrong.
        if (set->masters != NULL && code <= CLI_EXIT_NG)
            code = cli_worse(code, cli_masters_save(&masters, list));
    } else if (set->masters == NULL && masters.count == 0 && code == CLI_EXIT_INPUT)
        cli_complain("name the masters once with --masters DIR");
    cli_masters_free(&masters);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.talk.progress = -1};
    cli_arguments arguments;
    const int parsed = cli_parse(verb, argc, argv, &set, &arguments);
    if (parsed >= 0)
        return parsed;
    if (arguments.count != 1)
        return cli_usage(verb, "expected %s", verb->arguments);
    blm_model *model = NULL;
    blm_error err;
    const blm_status status = blm_model_open(arguments.items[0], &model, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    char *list = cli_masters_path(arguments.items[0]);
    const int code = verify(&set, arguments.items[0], model, list);
    free(list);
    blm_model_free(model);
    return code;
}

const cli_verb cli_verify = {
    .name = "verify",
    .arguments = "MODEL [--masters DIR]",
    .summary = "Judge parts known to be good or defective",
    .notes = "Masters in DIR/good must be OK, those in its other folders NG.  The list\n"
             "is kept in MODEL.masters.  Exits with 0 if all are judged right, else 1.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
