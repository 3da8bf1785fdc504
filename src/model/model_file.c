// model_file.c: saves and opens models as safetensors files (doc/format.md).
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/feature/extractor.h"
#include "src/feature/recipe.h"
#include "src/feature/recipe_fields.h"
#include "src/model/check_model.h"
#include "src/model/model.h"
#include "src/model/model_weights.h"

_Static_assert(sizeof(blmi_alignment) == 6 * sizeof(double), "as good.alignments");

#define FORMAT "blemish-model"
#define FORMAT_VERSION "1.0"
#define SAME "good.same"      // tensor of copies among the good images, if there are any
#define LOOKS "good.looks"    // tensor of numbers of the good images, if known
#define LIMITS "check.limits" // tensor of limits of checks, with its rate
#define RATE "check.rate"
#define LOOK_COUNT "check.looks"
#define REFERENCE "align.reference" // tensor of the reference, if images are aligned
#define ASPECT "align.aspect"
#define REFERENCE_NAME "align.name"
#define ALIGNMENTS "good.alignments" // tensor of the good images' alignments
#define INCLUDE "recipe.include"     // tensor of the region of interest
// A reader must understand keys with '!', since scores would be wrong without them.  The
// other keys of this kind are those of the recipe.
#define REGION "!region"          // "1" where there is a region of interest
#define OUTSIDE "!region.outside" // "#rrggbb": the colour that hides pixels outside it
#define REPEATED "!features.repeated" // the features that repeat, and come first
#define STAGES "recipe.stages"        // the taps: bit k for tap k of the backbone

void blmi_model_understood(const char *keys[BLMI_MAX_UNDERSTOOD])
{
    const blmi_recipe_row *row;
    size_t count = 0;
    keys[count++] = REGION;
    keys[count++] = OUTSIDE;
    keys[count++] = BLMI_MODEL_WEIGHTS;
    keys[count++] = BLMI_MODEL_TAPS;
    keys[count++] = REPEATED;
    for (size_t i = 0; (row = blmi_recipe_row_at(i)) != NULL; i++)
        for (int k = 0; k < BLMI_FIELD_NUMBERS && row->keys[k] != NULL; k++)
            if (row->keys[k][0] == '!' && count + 1 < BLMI_MAX_UNDERSTOOD)
                keys[count++] = row->keys[k];
    keys[count] = NULL;
}

// ---- metadata: one table for both directions ------------------------------------------

typedef struct field {
    const char *key;
    blmi_number_type type;
    size_t offset; // in blm_model
} field;

// Short names for the table.
#define INT BLMI_NUMBER_INT
#define INT64 BLMI_NUMBER_INT64
#define UNSIGNED BLMI_NUMBER_UNSIGNED
#define DOUBLE BLMI_NUMBER_DOUBLE

#define SEEN(member) offsetof(blm_model, seen.member)

static const field fields[] = {
    {STAGES, UNSIGNED, offsetof(blm_model, recipe.stages)},
    {"threshold", DOUBLE, offsetof(blm_model, threshold)},
    {"threshold.false_alarm", DOUBLE, offsetof(blm_model, false_alarm)},
    {"threshold.method", UNSIGNED, offsetof(blm_model, method)},
    {"threshold.source", UNSIGNED, offsetof(blm_model, source)},
    {"threshold.scores", INT64, offsetof(blm_model, good_count)},
    {"threshold.groups", INT64, offsetof(blm_model, groups)},
    {"threshold.median", DOUBLE, offsetof(blm_model, good_median)},
    {"review", DOUBLE, offsetof(blm_model, review_threshold)},
    {"review.rate", DOUBLE, offsetof(blm_model, review)},
    {"seen.least_width", INT, SEEN(least_width)},
    {"seen.most_width", INT, SEEN(most_width)},
    {"seen.least_height", INT, SEEN(least_height)},
    {"seen.most_height", INT, SEEN(most_height)},
    {"seen.least_aspect", DOUBLE, SEEN(least_aspect)},
    {"seen.most_aspect", DOUBLE, SEEN(most_aspect)},
    {"seen.least_brightness", DOUBLE, SEEN(least_brightness)},
    {"seen.most_brightness", DOUBLE, SEEN(most_brightness)},
    {"seen.grey", INT, SEEN(grey)},
    {"seen.colour", INT, SEEN(colour)},
};

enum {
    FIELDS = sizeof fields / sizeof *fields,
    NUMBERS = FIELDS + BLMI_MAX_RECIPE_KEYS + BLMI_MAX_NUMBERS,
    TEXT = 32
};

// The number that f describes in a model.
static blmi_number number_of(blm_model *model, const field *f)
{
    return (blmi_number){f->key, f->type, (char *)model + f->offset};
}

static void print_number(const blmi_number *number, char text[TEXT])
{
    const void *at = number->at;
    switch (number->type) {
    case INT:
        blmi_print(text, TEXT, "%d", *(const int *)at);
        break;
    case INT64:
        blmi_print(text, TEXT, "%lld", (long long)*(const int64_t *)at);
        break;
    case UNSIGNED:
        blmi_print(text, TEXT, "%u", *(const unsigned *)at);
        break;
    case DOUBLE:
        blmi_print(text, TEXT, "%.17g", *(const double *)at);
        break;
    }
}

// Reads a number that fills the whole text; 0 if it is no number or its member cannot
// hold it.
static int scan_number(const blmi_number *number, const char *text)
{
    void *at = number->at;
    double value;
    if (!blmi_scan_double(text, &value))
        return 0;
    if (number->type == DOUBLE) {
        *(double *)at = value;
        return 1;
    }
    const double least = number->type == UNSIGNED ? 0 : -2147483648.0;
    const double most = number->type == INT64 ? 9007199254740992.0 : 2147483647.0;
    if (value != floor(value) || value < least || value > most)
        return 0;
    if (number->type == INT)
        *(int *)at = (int)value;
    else if (number->type == INT64)
        *(int64_t *)at = (int64_t)value;
    else
        *(unsigned *)at = (unsigned)value;
    return 1;
}

// ---- tensors: one list for both directions --------------------------------------------

enum { MAX_PARTS = BLMI_MAX_PARTS + 8 };

// The arrays of a model without its weights.
static size_t list_parts(blm_model *m, blmi_part parts[MAX_PARTS])
{
    size_t count = blmi_detector_parts(m->detector, parts);
    parts[count++] =
        (blmi_part){"good.scores", BLMI_F64, 1, {m->good_count}, &m->good_scores};
    parts[count++] =
        (blmi_part){"good.names", BLMI_U8, 1, {(int64_t)m->names_size}, &m->names};
    if (m->same != NULL)
        parts[count++] =
            (blmi_part){SAME, BLMI_I32, 1, {m->detector->left_out}, &m->same};
    if (m->looks != NULL)
        parts[count++] = (blmi_part){
            LOOKS, BLMI_F32, 2, {(int64_t)m->look_count, BLMI_LOOK_NUMBERS}, &m->looks};
    if (m->limits != NULL)
        parts[count++] =
            (blmi_part){LIMITS, BLMI_F64, 2, {blmi_model_checks(m), 2}, &m->limits};
    if (m->registration != NULL) {
        parts[count++] = (blmi_part){REFERENCE, BLMI_U8, 2,
            {m->recipe.fields.height, m->recipe.fields.width}, &m->reference};
        parts[count++] = (blmi_part){
            ALIGNMENTS, BLMI_F64, 2, {m->detector->left_out, 6}, &m->alignments};
    }
    if (m->include != NULL)
        parts[count++] = (blmi_part){INCLUDE, BLMI_U8, 2,
            {m->recipe.fields.height, m->recipe.fields.width}, &m->include};
    return count;
}

// ---- saving ---------------------------------------------------------------------------

// The arrays of the file.
static size_t list_arrays(const blm_model *model, blmi_tensor tensors[MAX_PARTS])
{
    blmi_part parts[MAX_PARTS];
    blm_model copy = *model;
    const size_t count = list_parts(&copy, parts);
    for (size_t i = 0; i < count; i++) {
        tensors[i] = (blmi_tensor){
            .name = parts[i].name, .dtype = parts[i].dtype, .rank = parts[i].rank};
        memcpy(&tensors[i].data, parts[i].at, sizeof tensors[i].data);
        memcpy(tensors[i].shape, parts[i].shape, sizeof parts[i].shape);
    }
    return count;
}

// Pairs of keys and numbers as text.
typedef struct printed {
    char texts[NUMBERS][TEXT];
    blmi_pair *pairs; // (NUMBERS)
    size_t count;
} printed;

static void print_pair(printed *to, const blmi_number *number)
{
    print_number(number, to->texts[to->count]);
    to->pairs[to->count] = (blmi_pair){number->key, to->texts[to->count]};
    to->count++;
}

// Keys with '!' are left out if their absence means the same.
static void print_recipe(const blm_model *model, printed *to)
{
    blm_recipe copy = model->recipe.fields, *recipe = &copy;
    const blmi_recipe_row *row;
    for (size_t i = 0; (row = blmi_recipe_row_at(i)) != NULL; i++) {
        if (row->field.kind == BLM_FIELD_LIST) {
            if (row->keys[0] != NULL && !blmi_recipe_is_absent(recipe, row))
                to->pairs[to->count++] = (blmi_pair){
                    row->keys[0], (const char *)&model->recipe.fields + row->offset};
            continue;
        }
        for (int k = 0; k < BLMI_FIELD_NUMBERS && row->keys[k] != NULL; k++) {
            const blmi_number number = blmi_recipe_place(recipe, row, k);
            if (row->keys[k][0] != '!' || !blmi_recipe_is_absent(recipe, row))
                print_pair(to, &number);
        }
    }
}

// The taps as bits of the backbone in the file.
static uint32_t taps_in(const blm_model *model, const blmi_backbone *written)
{
    uint32_t taps = 0;
    for (int i = 0; i < model->layout.outputs; i++) {
        const int tap = model->layout.output[i].tap;
        taps |= 1u << blmi_backbone_tap_find(written, model->backbone.tap[tap].name);
    }
    return taps;
}

static void print_numbers(
    const blm_model *model, const blmi_backbone *written, printed *to)
{
    blm_model copy = *model;
    copy.recipe.stages = taps_in(model, written);
    blmi_number numbers[BLMI_MAX_NUMBERS];
    const size_t own = blmi_detector_numbers(model->detector, numbers);
    for (size_t i = 0; i < FIELDS; i++) {
        const blmi_number number = number_of(&copy, &fields[i]);
        print_pair(to, &number);
    }
    print_recipe(model, to);
    for (size_t i = 0; i < own; i++)
        print_pair(to, &numbers[i]);
}

// tensors has room for the arrays and the weights, names for the names of the weights.
static blm_status write_model(const blm_model *model, const char *path,
    bool without_weights, blmi_tensor *tensors, char *names, blm_error *err)
{
    blmi_pair pairs[NUMBERS + BLMI_MAX_CONFIG_PAIRS + 13];
    char sources[BLMI_SOURCES_TEXT];
    printed numbers = {.pairs = pairs};
    char outside[8], rate[TEXT], looks[TEXT], repeated[TEXT], aspect[TEXT];
    blmi_backbone backbone = model->backbone;
    size_t weights = 0;
    const size_t arrays = list_arrays(model, tensors);
    if (!without_weights)
        BLMI_TRY(blmi_model_list_weights(
            model, tensors + arrays, &weights, names, &backbone, err));
    print_numbers(model, &backbone, &numbers);
    size_t count = numbers.count;
    pairs[count++] = (blmi_pair){"format", FORMAT};
    pairs[count++] = (blmi_pair){"format_version", FORMAT_VERSION};
    pairs[count++] = (blmi_pair){"program", model->program};
    pairs[count++] = (blmi_pair){"weights_hash", model->weights_hash};
    if (model->limits != NULL) {
        blmi_print(rate, sizeof rate, "%.17g", model->unjudged);
        pairs[count++] = (blmi_pair){RATE, rate};
    }
    if (model->looks != NULL) {
        blmi_print(looks, sizeof looks, "%zu", model->look_count);
        pairs[count++] = (blmi_pair){LOOK_COUNT, looks};
    }
    if (model->registration != NULL) {
        blmi_print(aspect, sizeof aspect, "%.17g",
            blmi_registration_aspect(model->registration));
        pairs[count++] = (blmi_pair){ASPECT, aspect};
        pairs[count++] =
            (blmi_pair){REFERENCE_NAME, blmi_registration_name(model->registration)};
    }
    if (model->include != NULL)
        pairs[count++] = (blmi_pair){REGION, "1"};
    if (model->cover.there) {
        const uint8_t *c = model->cover.rgb;
        blmi_print(outside, sizeof outside, "#%02x%02x%02x", c[0], c[1], c[2]);
        pairs[count++] = (blmi_pair){OUTSIDE, outside};
    }
    if (model->layout.repeated > 0) {
        blmi_print(repeated, sizeof repeated, "%d", model->layout.repeated);
        pairs[count++] = (blmi_pair){REPEATED, repeated};
    }
    if (without_weights)
        count += blmi_model_name_weights(model, sources, pairs + count);
    count += blmi_backbone_describe(&backbone, pairs + count);
    return blmi_safetensors_write(path, tensors, arrays + weights, pairs, count, err);
}

static blm_status save(
    const blm_model *model, const char *path, bool without_weights, blm_error *err)
{
    const size_t names_size = blmi_model_weights_names(model);
    const size_t most = model->weights.count + MAX_PARTS;
    blmi_tensor *tensors = blmi_alloc(most, sizeof *tensors);
    char *names = blmi_alloc(names_size, 1);
    const blm_status status =
        tensors != NULL && names != NULL
            ? write_model(model, path, without_weights, tensors, names, err)
            : blmi_no_memory(err, "the list of tensors", most, sizeof *tensors);
    blmi_free(names);
    blmi_free(tensors);
    return status;
}

blm_status blm_model_save(const blm_model *model, const char *path, blm_error *err)
{
    BLMI_NEED(model, err);
    BLMI_NEED(path, err);
    return save(model, path, model->outside, err);
}

blm_status blm_model_save_without_weights(
    const blm_model *model, const char *path, blm_error *err)
{
    BLMI_NEED(model, err);
    BLMI_NEED(path, err);
    BLMI_TRY(blmi_model_check_sources(model, path, err));
    return save(model, path, true, err);
}

// ---- opening --------------------------------------------------------------------------

static blm_status read_number(const blmi_safetensors *file, const blmi_number *number,
    const char *path, bool needed, blm_error *err)
{
    const char *text = blmi_safetensors_meta(file, number->key);
    if (text == NULL && !needed)
        return BLM_OK;
    if (text == NULL || !scan_number(number, text))
        return blmi_fail(err, BLM_EINPUT, "%s: metadata %s is \"%s\", expected a number",
            path, number->key, text != NULL ? text : "");
    return BLM_OK;
}

// A field that is a list; the text has what blm_recipe_set takes.
static blm_status read_list(const blmi_safetensors *file, const blmi_recipe_row *row,
    blm_recipe *recipe, const char *path, blm_error *err)
{
    const char *text =
        row->keys[0] != NULL ? blmi_safetensors_meta(file, row->keys[0]) : NULL;
    blm_error why;
    if (text == NULL)
        return BLM_OK;
    const blm_status status = blm_recipe_set(recipe, row->field.name, text, &why);
    return status == BLM_OK ? BLM_OK
                            : blmi_fail(err, BLM_EINPUT, "%s: metadata %s: %s", path,
                                  row->keys[0], why.text);
}

static blm_status read_recipe(
    const blmi_safetensors *file, blm_recipe *recipe, const char *path, blm_error *err)
{
    const blmi_recipe_row *row;
    blm_recipe_init(recipe);
    for (size_t i = 0; (row = blmi_recipe_row_at(i)) != NULL; i++) {
        blmi_recipe_put_absent(recipe, row);
        if (row->field.kind == BLM_FIELD_LIST) {
            BLMI_TRY(read_list(file, row, recipe, path, err));
            continue;
        }
        for (int k = 0; k < BLMI_FIELD_NUMBERS && row->keys[k] != NULL; k++) {
            const blmi_number number = blmi_recipe_place(recipe, row, k);
            BLMI_TRY(read_number(file, &number, path, row->keys[k][0] != '!', err));
        }
    }
    return BLM_OK;
}

static blm_status read_metadata(blm_model *model, const char *path, blm_error *err)
{
    const char *format = blmi_safetensors_meta(&model->file, "format");
    if (format == NULL || strcmp(format, FORMAT) != 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: not a blemish model: its format is \"%s\", expected \"%s\"", path,
            format != NULL ? format : "", FORMAT);
    for (size_t i = 0; i < FIELDS; i++) {
        const blmi_number number = number_of(model, &fields[i]);
        BLMI_TRY(read_number(&model->file, &number, path, true, err));
    }
    BLMI_TRY(read_recipe(&model->file, &model->recipe.fields, path, err));
    model->program = blmi_safetensors_meta(&model->file, "program");
    model->weights_hash = blmi_safetensors_meta(&model->file, "weights_hash");
    if (model->program == NULL || model->weights_hash == NULL)
        return blmi_fail(
            err, BLM_EINPUT, "%s: metadata program or weights_hash is missing", path);
    return BLM_OK;
}

// Older models have the features in the order of their outputs.
static blm_status read_order(blm_model *model, const char *path, blm_error *err)
{
    int repeated = 0;
    const blmi_number number = {REPEATED, INT, &repeated};
    BLMI_TRY(read_number(&model->file, &number, path, false, err));
    if (blmi_safetensors_meta(&model->file, REPEATED) == NULL)
        blmi_layout_in_order(&model->layout);
    else if (repeated != model->layout.repeated)
        return blmi_fail(err, BLM_EINPUT,
            "%s: metadata " REPEATED " is %d, expected %d by the recipe", path, repeated,
            model->layout.repeated);
    return BLM_OK;
}

// Completes the recipe and reads the numbers of its detector.
static blm_status read_detector(blm_model *model, const char *path, blm_error *err)
{
    const blmi_backbone *backbone = &model->backbone;
    blm_recipe *typed = &model->recipe.fields;
    blmi_recipe recipe;
    blm_error why;
    blmi_number numbers[BLMI_MAX_NUMBERS];
    blm_status status =
        blmi_recipe_name_taps(backbone, model->recipe.stages, typed, &why);
    if (status == BLM_OK)
        status = blmi_recipe_complete(typed, backbone, &recipe, &why);
    if (status == BLM_OK)
        status = blmi_recipe_layout(&recipe, backbone, &model->layout, &why);
    if (status != BLM_OK)
        return blmi_fail(err, status == BLM_EUSAGE ? BLM_EINPUT : status,
            "%s: recipe: %s", path, why.text);
    model->recipe = recipe;
    BLMI_TRY(read_order(model, path, err));
    const blmi_detector_shape grid = blmi_layout_grid(&model->layout);
    const blmi_detector_rule rule = blmi_recipe_rule(&recipe);
    BLMI_TRY(blmi_detector_blank(&rule, &grid, &model->detector, err));
    const size_t count = blmi_detector_numbers(model->detector, numbers);
    for (size_t i = 0; i < count; i++)
        BLMI_TRY(read_number(&model->file, &numbers[i], path, true, err));
    return blmi_detector_check_numbers(model->detector, &rule, &grid, path, err);
}

// The key and the tensor must both exist, or neither.
static blm_status find_region(blm_model *model, const char *path, blm_error *err)
{
    const char *said = blmi_safetensors_meta(&model->file, REGION);
    const blmi_tensor *include = blmi_tensors_find(&model->file.tensors, INCLUDE);
    if ((said != NULL && strcmp(said, "1") != 0) || (said == NULL && include != NULL))
        return blmi_fail(err, BLM_EINPUT,
            "%s: metadata " REGION " is \"%s\", expected \"1\", or no tensor " INCLUDE,
            path, said != NULL ? said : "");
    if (said != NULL)
        model->include = (const uint8_t *)""; // not NULL, so that list_parts lists it
    return BLM_OK;
}

// Older models have none: their network sees what is outside.
static blm_status find_cover(blm_model *model, const char *path, blm_error *err)
{
    static const char digits[] = "0123456789abcdef";
    const char *said = blmi_safetensors_meta(&model->file, OUTSIDE);
    if (said == NULL)
        return BLM_OK;
    if (model->include == NULL || said[0] != '#' || strlen(said) != 7 ||
        strspn(said + 1, digits) != 6)
        return blmi_fail(err, BLM_EINPUT,
            "%s: metadata " OUTSIDE " is \"%s\", expected \"#rrggbb\" and a region of "
            "interest",
            path, said);
    model->cover.there = true;
    for (int i = 0; i < 3; i++)
        model->cover.rgb[i] = (uint8_t)(16 * (strchr(digits, said[1 + 2 * i]) - digits) +
                                        (strchr(digits, said[2 + 2 * i]) - digits));
    return BLM_OK;
}

// Notes which of the optional tensors of the checks there must be.
static blm_status find_checks(blm_model *model, const char *path, blm_error *err)
{
    static const blmi_look no_look;
    static const blmi_limit no_limit;
    const blmi_number rate = {RATE, DOUBLE, &model->unjudged};
    int64_t count = 0;
    const blmi_number looks = {LOOK_COUNT, INT64, &count};
    const blmi_tensors *tensors = &model->file.tensors;
    BLMI_TRY(read_number(
        &model->file, &rate, path, blmi_tensors_find(tensors, LIMITS) != NULL, err));
    BLMI_TRY(read_number(
        &model->file, &looks, path, blmi_tensors_find(tensors, LOOKS) != NULL, err));
    if (blmi_safetensors_meta(&model->file, RATE) != NULL)
        model->limits = &no_limit; // not NULL, for list_parts
    if (blmi_safetensors_meta(&model->file, LOOK_COUNT) != NULL) {
        if (count < 1)
            return blmi_fail(err, BLM_EINPUT,
                "%s: " LOOK_COUNT " is %lld, expected 1 or more", path, (long long)count);
        model->looks = &no_look;
        model->look_count = (size_t)count;
    }
    return BLM_OK;
}

static const int32_t no_copy = 0;

static blm_status find_parts(blm_model *model, const char *path, blm_error *err)
{
    blmi_part parts[MAX_PARTS];
    const blmi_tensor *names = blmi_tensors_find(&model->file.tensors, "good.names");
    model->names_size = names != NULL && names->rank == 1 ? (size_t)names->shape[0] : 0;
    if (blmi_tensors_find(&model->file.tensors, SAME) != NULL)
        model->same = (const int32_t *)(const void *)&no_copy; // for list_parts
    BLMI_TRY(find_region(model, path, err));
    BLMI_TRY(find_cover(model, path, err));
    BLMI_TRY(find_checks(model, path, err));
    const size_t count = list_parts(model, parts);
    for (size_t i = 0; i < count; i++) {
        const blmi_tensor *t = blmi_tensors_find(&model->file.tensors, parts[i].name);
        if (t == NULL || t->dtype != parts[i].dtype || t->rank != parts[i].rank ||
            memcmp(t->shape, parts[i].shape, (size_t)t->rank * sizeof *t->shape) != 0)
            return blmi_fail(err, BLM_EINPUT,
                "%s: tensor %s is missing, or its type or shape contradicts the metadata",
                path, parts[i].name);
        memcpy(parts[i].at, &t->data, sizeof t->data);
    }
    return BLM_OK;
}

// The reference of a model that aligns images.
static blm_status read_reference(blm_model *model, const char *path, blm_error *err)
{
    const char *name = blmi_safetensors_meta(&model->file, REFERENCE_NAME);
    const blmi_tensor *picture = blmi_tensors_find(&model->file.tensors, REFERENCE);
    double aspect = 0;
    const blmi_number number = {ASPECT, DOUBLE, &aspect};
    if (model->recipe.fields.align == BLM_ALIGN_OFF)
        return BLM_OK;
    BLMI_TRY(read_number(&model->file, &number, path, true, err));
    return blmi_model_set_reference(model, path, aspect, name, picture, err);
}

static blm_status read_model(blm_model *model, const char *path, blm_error *err)
{
    const char *understood[BLMI_MAX_UNDERSTOOD];
    blmi_model_understood(understood);
    BLMI_TRY(blmi_safetensors_open(path, understood, &model->file, err));
    BLMI_TRY(read_metadata(model, path, err));
    BLMI_TRY(blmi_model_find_weights(model, path, err));
    BLMI_TRY(read_detector(model, path, err));
    BLMI_TRY(blmi_model_check_numbers(model, path, err));
    BLMI_TRY(read_reference(model, path, err));
    BLMI_TRY(find_parts(model, path, err));
    BLMI_TRY(blmi_detector_check_parts(model->detector, path, err));
    BLMI_TRY(blmi_model_check_tensors(model, path, err));
    return blmi_model_index_names(model, path, err);
}

blm_status blm_model_open(const char *path, blm_model **out, blm_error *err)
{
    BLMI_NEED(path, err);
    BLMI_NEED(out, err);
    blm_model *model;
    BLMI_TRY(blmi_model_new(&model, err));
    const blm_status status = read_model(model, path, err);
    if (status == BLM_OK)
        *out = model;
    else
        blm_model_free(model);
    return status;
}
