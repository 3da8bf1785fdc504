#include "apps/blemish/cli_describe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/cli_alignment.h"
#include "apps/blemish/cli_recipe.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/memory.h"

static const char *method_name(blm_threshold_method method)
{
    return method == BLM_THRESHOLD_TAIL ? "tail" : "quantile";
}

static void describe_recipe(const blm_recipe *r)
{
    char *input = cli_recipe_text(r, BLM_PART_INPUT, BLM_PART_INPUT);
    char *method = cli_recipe_text(r, BLM_PART_NETWORK, BLM_PART_MAP);
    printf("input: %s\nmethod: %s\n", input, method);
    free(method);
    free(input);
}

// Prints how the good images were scored: "each scored by a model of the others".
static void print_source(const blm_model_info *info)
{
    printf("%zu good images", info->good_scores);
    if (info->groups > 0)
        printf(" of %zu parts", info->groups);
    switch (info->source) {
    case BLM_LEAVE_ONE_OUT:
        printf(", each scored by a model of the others\n");
        break;
    case BLM_LEAVE_GROUP_OUT:
        printf(", each part scored by a model of the others\n");
        break;
    case BLM_HELD_OUT:
        printf(" held out from the fit\n");
        break;
    }
}

static const char *source_name(blm_score_source source)
{
    static const char *const names[] = {"leave_one_out", "leave_group_out", "held_out"};
    return names[source];
}

static void print_promise(const blm_model_info *info)
{
    const char *units = info->groups > 0 ? "parts" : "images";
    const size_t n = info->groups > 0 ? info->groups : info->good_scores;
    if (info->source == BLM_HELD_OUT)
        printf("    promised: on average at most %.4g of good images reach it, if new "
               "images are like these;\n    %zu %s can promise rates of %.4g or more\n",
            info->promised_rate, n, units, info->finest_rate);
    else
        printf("    an estimate, not a promise: these scores depend on each other, and "
               "%zu %s show rates\n    of %.4g or more; held-out images allow a promise "
               "(blemish calibrate)\n",
            n, units, info->finest_rate);
}

void cli_describe_threshold(const blm_model_info *info)
{
    printf("threshold: %.6g, from ", info->threshold);
    print_source(info);
    if (info->method == BLM_THRESHOLD_QUANTILE)
        printf("    at most %g of good images should reach it\n", info->false_alarm);
    else
        printf(
            "    too few to show a rate of %g, which takes %.0f: the threshold is "
            "extrapolated with an\n    exponential tail of their scores, and lies above "
            "all of them\n",
            info->false_alarm, ceil(1 / info->false_alarm - 1 - 1e-9));
    print_promise(info);
    if (info->review_threshold > 0)
        printf("review threshold: %.6g, for %g of good images\n", info->review_threshold,
            info->review);
    if (info->unjudged > 0)
        printf("cannot judge: for reasons that %g of good images may have\n",
            info->unjudged);
}

static void describe_cost(const blm_model *model)
{
    blm_cost cost;
    blm_model_cost(model, &cost);
    printf(
        "cost: %.4g MB of statistics; for each image ", (double)cost.model_bytes / 1e6);
    if (cost.network_gflop > 0)
        printf("%.3g GFLOP in the network and %.3g in distances\n", cost.network_gflop,
            cost.distance_gflop);
    else // the work of an ONNX network
        printf("%.3g GFLOP in distances and unknown work in the network\n",
            cost.distance_gflop);
}

void cli_describe(const blm_model *model)
{
    blm_model_info info;
    blm_model_describe(model, &info);
    printf("images: %lld\n", (long long)info.images);
    if (info.copies > 0)
        printf("copies: %zu of them are copies of others\n", info.copies);
    printf("backbone: %s, weights %s\n", info.backbone, info.weights_hash);
    if (info.weights_file != NULL)
        printf("weights: not in the model, found as %s%s\n", info.weights_file,
            strchr(info.backbone, '+') != NULL ? " and others" : "");
    describe_recipe(info.recipe);
    if (info.region < 1)
        printf("region of interest: %.1f%% of the input\n", 100 * info.region);
    printf("statistics: %d positions of %d features, ", info.positions, info.features);
    if (info.rank > 0)
        printf("rank %d\n", info.rank);
    else if (info.recipe->detector == BLM_DETECTOR_MEMORY)
        printf("memory\n");
    else
        printf("full covariance\n");
    cli_alignment_describe(model);
    describe_cost(model);
    cli_describe_threshold(&info);
    if (*info.hash != '\0')
        printf("hash: %s\n", info.hash);
    printf("made by: blemish %s\n", info.program);
}

void cli_threshold_json(const blm_model_info *info, cli_json *json)
{
    cli_json_number(json, "threshold", info->threshold);
    cli_json_text(json, "threshold_method", method_name(info->method));
    cli_json_number(json, "false_alarm", info->false_alarm);
    cli_json_number(json, "review_threshold",
        info->review_threshold > 0 ? info->review_threshold : NAN);
    cli_json_number(json, "review", info->review > 0 ? info->review : NAN);
    cli_json_number(json, "unjudged", info->unjudged > 0 ? info->unjudged : NAN);
    cli_json_text(json, "score_source", source_name(info->source));
    cli_json_integer(json, "good_scores", (int64_t)info->good_scores);
    cli_json_integer(json, "groups", (int64_t)info->groups);
    cli_json_number(json, "finest_rate", info->finest_rate);
    cli_json_number(json, "promised_rate", info->promised_rate);
    cli_json_number(json, "good_median", info->good_median);
}

static void cost_json(const blm_model *model, cli_json *json)
{
    blm_cost cost;
    blm_model_cost(model, &cost);
    cli_json_open(json, "cost", '{');
    cli_json_integer(json, "model_bytes", (int64_t)cost.model_bytes);
    cli_json_integer(json, "fit_bytes", (int64_t)cost.fit_bytes);
    cli_json_number(
        json, "network_gflop", cost.network_gflop > 0 ? cost.network_gflop : NAN);
    cli_json_number(json, "distance_gflop", cost.distance_gflop);
    cli_json_number(json, "statistics_gflop", cost.statistics_gflop);
    cli_json_close(json, '}');
}

void cli_describe_json(const blm_model *model, cli_json *json)
{
    blm_model_info info;
    blm_model_describe(model, &info);
    cli_json_text(json, "program", info.program);
    cli_json_text(json, "hash", *info.hash != '\0' ? info.hash : NULL);
    cli_json_text(json, "backbone", info.backbone);
    cli_json_text(json, "weights_hash", info.weights_hash);
    if (info.weights_file != NULL)
        cli_json_text(json, "weights_file", info.weights_file);
    cli_json_open(json, "recipe", '{');
    cli_recipe_json(info.recipe, json);
    cli_json_close(json, '}');
    cli_json_integer(json, "images", info.images);
    cli_json_integer(json, "copies", (int64_t)info.copies);
    cli_json_integer(json, "positions", info.positions);
    cli_json_integer(json, "features", info.features);
    cli_json_integer(json, "rank", info.rank);
    cli_json_number(json, "region", info.region);
    cli_alignment_describe_json(model, json);
    cost_json(model, json);
    cli_threshold_json(&info, json);
}

// ---- the images least like the others

// At most `wanted` of them; the caller frees the array.
static blm_good_score *odd_ones(const blm_model *model, size_t wanted, size_t *count)
{
    blm_good_score *odd = cli_alloc(wanted, sizeof *odd);
    const size_t known = blm_model_good_scores(model, odd, wanted);
    *count = known < wanted ? known : wanted;
    return odd;
}

void cli_list_odd(const blm_model *model, size_t wanted)
{
    size_t count;
    blm_good_score *odd = odd_ones(model, wanted, &count);
    if (count > 0)
        printf("least like the others (is one of them defective?):\n");
    for (size_t i = 0; i < count; i++) {
        printf("    %-8.6g  ", odd[i].score);
        cli_print_safe(stdout, odd[i].name);
        putchar('\n');
    }
    free(odd);
}

void cli_list_odd_json(const blm_model *model, size_t wanted, cli_json *json)
{
    size_t count;
    blm_good_score *odd = odd_ones(model, wanted, &count);
    cli_json_open(json, "least_alike", '[');
    for (size_t i = 0; i < count; i++) {
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "name", odd[i].name);
        cli_json_number(json, "score", odd[i].score);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
    free(odd);
}
