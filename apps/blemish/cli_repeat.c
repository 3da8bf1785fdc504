// blemish repeat: finds how far a model agrees with itself on images of the same part.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/cli_metrics.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/json.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/repeat_study.h"
#include "apps/blemish/verbs.h"

typedef struct settings {
    const char *group_by, *exclude;
    int json, judge_anyway, threads, list;
    blm_decode_options decode;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    CLI_GROUP_OPTION(settings),
    {"list", 'l', CLI_INT, "N", "List N parts whose verdict changes (20)", AT(list), 0,
        1000000, NULL},
    {"judge-anyway", 0, CLI_FLAG, NULL, "Judge images that cannot be judged reliably",
        AT(judge_anyway), 0, 0, NULL},
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// ---- text

static void print_share(const char *what, size_t count, size_t all)
{
    const blm_interval i = cli_share_interval((int64_t)count, (int64_t)all);
    printf("%s: %zu of %zu parts, %.3f (95%% interval %.3f to %.3f)\n", what, count, all,
        (double)count / (double)all, i.low, i.high);
}

static void print_parts(const cli_repeat_study *s, size_t most)
{
    size_t listed = 0, all = 0;
    for (size_t p = 0; p < s->count; p++)
        all += cli_part_changes(&s->parts[p]) != 0;
    if (all == 0 || most == 0)
        return;
    printf("parts whose verdict changes");
    if (most < all)
        printf(", %zu of %zu", most, all);
    printf(":\n");
    for (size_t p = 0; p < s->count && listed < most; p++) {
        const cli_part *part = &s->parts[p];
        if (!cli_part_changes(part))
            continue;
        listed++;
        printf("    ");
        cli_print_safe(stdout, part->label);
        for (int v = 0, comma = 0; v < CLI_VERDICTS; v++) {
            if (part->verdicts[v] == 0)
                continue;
            printf("%s%zu %s", comma ? ", " : ": ", part->verdicts[v],
                blm_verdict_name((blm_verdict)v));
            comma = 1;
        }
        if (!isnan(part->low))
            printf("; scores %.6g to %.6g", part->low, part->high);
        putchar('\n');
    }
}

// The spread in units of the score, and in shares of the way to the threshold.
static void print_spread(const char *what, double deviation, double unit)
{
    if (isnan(deviation))
        printf("%s: unknown\n", what);
    else
        printf("%s: %.6g, %.3g of the way from the median good score to the threshold\n",
            what, deviation, deviation / unit);
}

static void print_text(const cli_repeat_study *s, int list)
{
    const gauge_spread *g = &s->score;
    printf("images: %zu of %zu parts, %zu of them with two or more\n", s->images,
        s->count, s->repeated);
    if (s->repeated > 0) {
        print_share("OK in one image and NG in another", s->flips, s->repeated);
        print_share("OK in one and REVIEW in another", s->unsure, s->repeated);
        print_share("CANNOT JUDGE in some images only", s->partly, s->repeated);
        printf("two images of a part have different verdicts with probability %.4f\n",
            s->disagree);
    }
    print_spread("spread of the scores of one part", g->within, s->unit);
    print_spread("spread of the scores between parts", g->between, s->unit);
    if (!isnan(g->share))
        printf("repeatability: %.1f%% of the variance, %.1f%% of the total spread\n",
            100 * g->share, 100 * sqrt(g->share));
    if (!isnan(g->within))
        printf("near the threshold: %zu of %zu parts, within two spreads of one part\n",
            s->near, g->parts);
    print_parts(s, (size_t)list);
}

// ---- JSON

static void part_json(cli_json *json, const cli_part *part)
{
    static const char *const keys[CLI_VERDICTS] = {
        [BLM_VERDICT_OK] = "ok",
        [BLM_VERDICT_NG] = "ng",
        [BLM_VERDICT_REVIEW] = "review",
        [BLM_VERDICT_CANNOT_JUDGE] = "cannot_judge",
    };
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "part", part->label);
    cli_json_integer(json, "images", (int64_t)part->images);
    for (int v = 0; v < CLI_VERDICTS; v++)
        cli_json_integer(json, keys[v], (int64_t)part->verdicts[v]);
    cli_json_number(json, "score_low", part->low);
    cli_json_number(json, "score_high", part->high);
    cli_json_number(json, "calibrated", part->place);
    cli_json_close(json, '}');
}

static void print_json(const cli_repeat_study *s, const blm_model_info *info)
{
    const gauge_spread *g = &s->score;
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "model", info->hash);
    cli_json_integer(&json, "images", (int64_t)s->images);
    cli_json_integer(&json, "parts", (int64_t)s->count);
    cli_json_integer(&json, "repeated", (int64_t)s->repeated);
    cli_json_integer(&json, "flips", (int64_t)s->flips);
    cli_json_integer(&json, "unsure", (int64_t)s->unsure);
    cli_json_integer(&json, "partly_unjudged", (int64_t)s->partly);
    cli_json_number(&json, "disagreement", s->disagree);
    cli_json_number(&json, "threshold", info->threshold);
    cli_json_number(&json, "good_median", info->good_median);
    cli_json_open(&json, "score", '{');
    cli_json_integer(&json, "images", (int64_t)g->values);
    cli_json_number(&json, "mean", g->mean);
    cli_json_number(&json, "within", g->within);
    cli_json_number(&json, "between", g->between);
    cli_json_number(&json, "total", g->total);
    cli_json_number(&json, "repeatability_of_variance", g->share);
    cli_json_number(&json, "repeatability_of_spread", sqrt(g->share));
    cli_json_integer(&json, "near_threshold", (int64_t)s->near);
    cli_json_close(&json, '}');
    cli_json_open(&json, "each", '[');
    for (size_t p = 0; p < s->count; p++)
        part_json(&json, &s->parts[p]);
    cli_json_close(&json, ']');
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

// ---- the verb

// Reports parts of one image.  Returns 3 if there is no other.
static int check_repeats(const cli_repeat_study *s, const cli_talk *talk)
{
    if (s->repeated == 0) {
        cli_complain("each of the %zu parts has only one image: nothing to compare, "
                     "expected another --group-by, or several images of each part",
            s->count);
        return CLI_EXIT_INPUT;
    }
    if (s->repeated < s->count && !talk->quiet)
        cli_complain("%zu of %zu parts have only one image: they do not show whether "
                     "verdicts change, and count for the spread between parts only",
            s->count - s->repeated, s->count);
    return CLI_EXIT_OK;
}

static int study(const settings *set, const blm_model *model,
    const cli_grouping *grouping, const cli_files *files)
{
    const cli_batch how = {.decode = set->decode,
        .threads = set->threads,
        .judge_anyway = set->judge_anyway,
        .talk = &set->talk};
    cli_repeat_study result;
    blm_model_info info;
    blm_model_describe(model, &info);
    int code = cli_repeat_run(&how, model, grouping, files, &result);
    if (code <= CLI_EXIT_INPUT && result.images > 0) {
        code = cli_worse(code, check_repeats(&result, &set->talk));
        if (set->json)
            print_json(&result, &info);
        else
            print_text(&result, set->list);
        code = cli_worse(code, cli_flush());
    }
    cli_repeat_free(&result);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.list = 20, .talk.progress = -1};
    cli_arguments arguments;
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count < 2 || set.group_by == NULL)
        return cli_usage(verb, "expected %s", verb->arguments);
    const cli_choice choice = {.exclude = set.exclude, .quiet = set.talk.quiet};
    cli_grouping grouping;
    cli_files files = {0};
    blm_model *model = NULL;
    blm_error err;
    code = cli_grouping_parse(verb, set.group_by, &grouping);
    if (code == CLI_EXIT_OK) {
        const blm_status status = blm_model_open(arguments.items[0], &model, &err);
        code = status == BLM_OK
                   ? cli_list(arguments.items + 1, arguments.count - 1, &choice, &files)
                   : cli_fail(status, &err);
    }
    if (files.count > 0)
        code = cli_worse(code, study(&set, model, &grouping, &files));
    cli_files_free(&files);
    blm_model_free(model);
    cli_grouping_free(&grouping);
    return code;
}

const cli_verb cli_repeat = {
    .name = "repeat",
    .arguments = "MODEL DIR|FILE|@LIST... --group-by HOW",
    .summary = "Compare verdicts on several images of each part",
    .notes = "A part is photographed several times, as on the line: taken out and put\n"
             "back.  Prints the share of parts whose verdict changes, and the spread of\n"
             "the scores of one part beside that between parts.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
