// image_features.c: extractors, and the features that they compute (features.h).
#include "src/model/image_features.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "src/backbone/weights_file.h"
#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/base/threads.h"
#include "src/feature/extractor.h"
#include "src/feature/recipe.h"
#include "src/feature/recipe_fields.h"
#include "src/image/picture.h"
#include "src/model/model.h"

enum { MAX_STEPS = BLMI_MAX_TAPS + 8, MAX_BATCH = 64 };

struct blmi_origin {
    atomic_int owners;
    blmi_recipe recipe; // complete
    blmi_backbone backbone;
    blmi_layout layout;
    char weights_hash[33];
    uint8_t *include; // (height, width) the region of interest; NULL: everywhere
    blmi_cover cover; // hides what is outside the region
    blmi_registration *registration; // NULL: images are not aligned
};

struct blm_extractor {
    blmi_origin *origin;
    blmi_extractor *extractor;
    blmi_extraction *extraction;
    blmi_team *team;
    int threads, batch;
    blm_step step[MAX_STEPS];
    int steps;
    int timed;
    double last;    // start of the current step
    double pending; // time of calls that have no step's name
    double prepare_ms, network_ms;
};

// ---- origin ---------------------------------------------------------------------------

static blmi_origin *share_origin(blmi_origin *origin)
{
    atomic_fetch_add(&origin->owners, 1);
    return origin;
}

static void free_origin(blmi_origin *origin)
{
    if (origin == NULL || atomic_fetch_sub(&origin->owners, 1) > 1)
        return;
    blmi_free(origin->include);
    blmi_registration_free(origin->registration);
    blmi_free(origin);
}

static blm_status open_origin(blmi_origin *o, const blm_recipe *recipe,
    const blmi_backbone *backbone, const char *weights_hash, blm_error *err)
{
    o->backbone = *backbone;
    BLMI_TRY(blmi_recipe_complete(recipe, backbone, &o->recipe, err));
    o->recipe.fields.channels = 0; // recipes draw their channels from all
    snprintf(o->weights_hash, sizeof o->weights_hash, "%s", weights_hash);
    return blmi_recipe_layout(&o->recipe, backbone, &o->layout, err);
}

static blm_status copy_region(
    blmi_origin *o, const uint8_t *include, const blmi_cover *cover, blm_error *err)
{
    const size_t pixels =
        (size_t)o->recipe.fields.width * (size_t)o->recipe.fields.height;
    if (include == NULL)
        return BLM_OK;
    o->cover = *cover;
    if ((o->include = blmi_alloc(pixels, 1)) == NULL)
        return blmi_no_memory(err, "the region of interest", pixels, 1);
    memcpy(o->include, include, pixels);
    return BLM_OK;
}

// ---- steps ----------------------------------------------------------------------------

static double size_of(const blmi_work *w)
{
    return w->rows * w->depth * w->columns;
}

static void add_work(void *context, const blmi_work *w)
{
    blm_extractor *e = context;
    const char *name = w->step != NULL ? w->step : e->origin->backbone.tap[w->tap].name;
    int s = 0;
    while (s < e->steps && strcmp(e->step[s].name, name) != 0)
        s++;
    if (s == MAX_STEPS)
        return;
    if (s == e->steps)
        e->step[e->steps++] = (blm_step){.name = name};
    blm_step *step = &e->step[s];
    step->gflop += 2e-9 * w->count * size_of(w);
    if (size_of(w) > (double)step->rows * step->depth * step->columns) {
        step->rows = (int)w->rows;
        step->depth = w->depth;
        step->columns = w->columns;
    }
}

static void find_steps(blm_extractor *e)
{
    const blmi_origin *o = e->origin;
    blmi_backbone_work(&o->backbone, o->recipe.stages, o->recipe.fields.width,
        o->recipe.fields.height, add_work, e);
}

// The step named by the first part of "layer2.ConTBlock0.ste1"; -1: none.
static int step_of(const blm_extractor *e, const char *name)
{
    const size_t length = strcspn(name, ".");
    for (int s = 0; s < e->steps; s++)
        if (strlen(e->step[s].name) == length &&
            strncmp(e->step[s].name, name, length) == 0)
            return s;
    return -1;
}

// Time without a step's name is added to the step before the next named one, if that step
// has no time yet.
static void note_step(void *context, const char *name, const float *y, int images,
    int height, int width, int channels)
{
    blm_extractor *e = context;
    const double now = blmi_clock_ms();
    const int s = step_of(e, name);
    (void)y, (void)images, (void)height, (void)width, (void)channels;
    if (s >= 0) {
        const int owner = s > 0 && e->step[s - 1].ms == 0 ? s - 1 : s;
        e->step[owner].ms += e->pending;
        e->step[s].ms += now - e->last;
        e->pending = 0;
    } else
        e->pending += now - e->last;
    e->last = now;
}

void blm_extractor_time(blm_extractor *extractor, int on)
{
    if (extractor == NULL)
        return;
    extractor->timed = on;
    blmi_extraction_watch(extractor->extraction, on ? note_step : NULL, extractor);
}

size_t blm_extractor_steps_sized(
    const blm_extractor *extractor, blm_step *out, size_t out_size, size_t capacity)
{
    if (extractor == NULL)
        return 0;
    for (size_t i = 0; out != NULL && i < (size_t)extractor->steps && i < capacity; i++)
        blmi_sized_give(
            &extractor->step[i], sizeof *out, (char *)out + i * out_size, out_size);
    return (size_t)extractor->steps;
}

// ---- extractor ------------------------------------------------------------------------

static blm_status open_runs(blm_extractor *e, blm_error *err)
{
    const blmi_origin *o = e->origin;
    find_steps(e);
    BLMI_TRY(blmi_team_new(blmi_threads_of(e->threads), &e->team, err));
    BLMI_TRY(blmi_extraction_new(e->extractor, e->team, &e->extraction, err));
    if (o->registration == NULL)
        return BLM_OK;
    return blmi_extraction_align(
        e->extraction, o->registration, o->include, &o->cover, err);
}

static blm_status open_extractor(
    blm_extractor *e, const blm_extractor_options *o, blm_error *err)
{
    blmi_weights weights = {0};
    const blm_model *model = o->model;
    blmi_origin *origin = e->origin;
    blm_status status = BLM_OK;
    if (model == NULL)
        status = blmi_recipe_open_weights(o->weights, o->recipe, &weights, err);
    if (status == BLM_OK)
        status = model != NULL ? open_origin(origin, &model->recipe.fields,
                                     &model->backbone, model->weights_hash, err)
                               : open_origin(origin, o->recipe, &weights.backbone,
                                     weights.hash, err);
    if (status == BLM_OK && model == NULL && origin->recipe.fields.align != BLM_ALIGN_OFF)
        status = blmi_fail(err, BLM_EUSAGE,
            "align: an extractor needs a model, which has the reference");
    if (status == BLM_OK && model != NULL && model->registration != NULL)
        origin->registration = blmi_registration_share(model->registration);
    if (status == BLM_OK && model != NULL)
        status = copy_region(origin, model->include, &model->cover, err);
    if (status == BLM_OK)
        status = blmi_extractor_new(model != NULL ? &model->weights : &weights.tensors,
            &origin->backbone, &origin->recipe, &origin->layout, e->batch, &e->extractor,
            err);
    blmi_weights_close(&weights);
    return status == BLM_OK ? open_runs(e, err) : status;
}

static blm_status check_options(const blm_extractor_options *o, blm_error *err)
{
    int threads;
    BLMI_TRY(blmi_threads_choose(o->threads, &threads, err));
    if (o->batch < 0 || o->batch > MAX_BATCH)
        return blmi_fail(
            err, BLM_EUSAGE, "batch %d: must be 0 to %d", o->batch, MAX_BATCH);
    if (o->model != NULL && (o->recipe != NULL || o->weights != NULL))
        return blmi_fail(err, BLM_EUSAGE,
            "extractor: expected a model, or a recipe and weights, not both");
    return BLM_OK;
}

// The extractor takes over origin, also on failure.
static blm_extractor *allocate(blmi_origin *origin, int threads, int batch)
{
    blm_extractor *e = blmi_alloc_zero(1, sizeof *e);
    if (e == NULL) {
        free_origin(origin);
        return NULL;
    }
    e->origin = origin;
    e->threads = threads;
    e->batch = batch;
    return e;
}

blm_status blm_extractor_new_sized(const blm_extractor_options *options,
    size_t options_size, blm_extractor **out, blm_error *err)
{
    blm_extractor_options o = {0};
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_extractor_options, o, options, options_size, err);
    BLMI_TRY(check_options(&o, err));
    blmi_origin *origin = blmi_alloc_zero(1, sizeof *origin);
    if (origin == NULL)
        return blmi_no_memory(err, "the extractor", 1, sizeof *origin);
    atomic_init(&origin->owners, 1);
    blm_extractor *e = allocate(origin, o.threads, o.batch > 0 ? o.batch : 1);
    if (e == NULL)
        return blmi_no_memory(err, "the extractor", 1, sizeof *e);
    const blm_status status = open_extractor(e, &o, err);
    if (status == BLM_OK)
        *out = e;
    else
        blm_extractor_free(e);
    return status;
}

blm_status blm_extractor_clone(
    const blm_extractor *extractor, blm_extractor **out, blm_error *err)
{
    BLMI_NEED(extractor, err);
    BLMI_NEED(out, err);
    blm_extractor *e =
        allocate(share_origin(extractor->origin), extractor->threads, extractor->batch);
    if (e == NULL)
        return blmi_no_memory(err, "the extractor", 1, sizeof *e);
    e->extractor = blmi_extractor_share(extractor->extractor);
    const blm_status status = open_runs(e, err);
    if (status == BLM_OK)
        *out = e;
    else
        blm_extractor_free(e);
    return status;
}

void blm_extractor_free(blm_extractor *extractor)
{
    if (extractor == NULL)
        return;
    blmi_extraction_free(extractor->extraction);
    blmi_extractor_free(extractor->extractor);
    blmi_team_free(extractor->team);
    free_origin(extractor->origin);
    blmi_free(extractor);
}

static blm_extractor_info describe(const blm_extractor *extractor)
{
    blm_extractor_info out = {.backbone = extractor->origin->backbone.name,
        .kernels = blmi_extractor_kernels(extractor->extractor),
        .recipe = &extractor->origin->recipe.fields,
        .prepare_ms = extractor->prepare_ms,
        .network_ms = extractor->network_ms};
    for (int s = 0; s < extractor->steps; s++)
        out.gflop += extractor->step[s].gflop;
    return out;
}

void blm_extractor_describe_sized(
    const blm_extractor *extractor, blm_extractor_info *out, size_t out_size)
{
    const blm_extractor_info own =
        extractor != NULL ? describe(extractor) : (blm_extractor_info){0};
    if (out != NULL)
        blmi_sized_give(&own, sizeof own, out, out_size);
}

// ---- features -------------------------------------------------------------------------

void blm_features_free(blm_features *features)
{
    if (features == NULL)
        return;
    free_origin(features->origin);
    blmi_free(features->values);
    blmi_free(features);
}

static blm_status new_features(blmi_origin *origin, blm_features **out, blm_error *err)
{
    const blmi_layout *layout = &origin->layout;
    const size_t count = blmi_layout_count(layout);
    blm_features *f = blmi_alloc_zero(1, sizeof *f);
    float *values = blmi_alloc(count, sizeof *values);
    if (f == NULL || values == NULL) {
        blmi_free(f);
        blmi_free(values);
        return blmi_no_memory(err, "features", count, sizeof *values);
    }
    f->origin = share_origin(origin);
    f->values = values;
    for (int i = 0; i < layout->outputs; i++) {
        f->output[i] = values;
        values += blmi_output_count(&layout->output[i]);
    }
    *out = f;
    return BLM_OK;
}

// Copies the outputs of image number `place`; from[i] (images, height, width, channels).
static void fill(blm_features *f, const float *const *from, int place)
{
    const blmi_layout *layout = &f->origin->layout;
    float *to = f->values;
    for (int i = 0; i < layout->outputs; i++) {
        const size_t count = blmi_output_count(&layout->output[i]);
        memcpy(to, from[i] + (size_t)place * count, count * sizeof *to);
        to += count;
    }
}

// Makes input number `place` of an image, with the cover laid over it.
static blm_status prepare(blm_extractor *e, const blm_image *image, int place,
    blmi_seen *seen, blmi_look *look, blm_error *err)
{
    const blmi_origin *o = e->origin;
    blm_image *copy = NULL;
    if (o->registration == NULL) // else the extraction lays it over the aligned input
        BLMI_TRY(blmi_cover_copy(&o->cover, &o->recipe, o->include, image, &copy, err));
    const blm_image *covered = copy != NULL ? copy : image;
    *seen = blmi_seen_of(covered);
    const blm_rect crop = blmi_recipe_crop(&o->recipe, image->width, image->height);
    blm_status status =
        blmi_extractor_prepare(e->extractor, e->extraction, covered, place, err);
    if (status == BLM_OK)
        status = blmi_look_at(covered, &crop, look, err);
    blm_image_free(copy);
    return status;
}

static blm_status run(blm_extractor *e, const blm_image *const *images, int count,
    blm_features **out, blm_error *err)
{
    const double start = blmi_clock_ms();
    blmi_seen seen[MAX_BATCH];
    blmi_look look[MAX_BATCH];
    for (int i = 0; i < count; i++)
        BLMI_TRY(prepare(e, images[i], i, &seen[i], &look[i], err));
    for (int s = 0; e->timed && s < e->steps; s++)
        e->step[s].ms = 0;
    e->pending = 0;
    const double prepared = e->last = blmi_clock_ms();
    BLMI_TRY(blmi_extractor_compute(e->extractor, e->extraction, count, err));
    e->network_ms = blmi_clock_ms() - prepared;
    e->prepare_ms = prepared - start;
    for (int i = 0; i < count; i++) {
        BLMI_TRY(new_features(e->origin, &out[i], err));
        out[i]->seen = seen[i];
        out[i]->look = look[i];
        out[i]->has_look = true;
        out[i]->width = images[i]->width;
        out[i]->height = images[i]->height;
        out[i]->aligned = e->origin->registration != NULL;
        if (out[i]->aligned)
            out[i]->alignment = *blmi_extraction_alignment(e->extraction, i);
        fill(out[i], blmi_extraction_outputs(e->extraction), i);
    }
    return BLM_OK;
}

blm_status blm_extractor_run(blm_extractor *extractor, const blm_image *const *images,
    int count, blm_features **out, blm_error *err)
{
    blm_features *made[MAX_BATCH] = {NULL};
    BLMI_NEED(extractor, err);
    BLMI_NEED(images, err);
    BLMI_NEED(out, err);
    if (count < 1 || count > extractor->batch)
        return blmi_fail(err, BLM_EUSAGE, "%d images: must be 1 to %d, the batch", count,
            extractor->batch);
    for (int i = 0; i < count; i++)
        BLMI_TRY(blmi_picture_check(images[i], err));
    const blm_status status = run(extractor, images, count, made, err);
    for (int i = 0; i < count; i++) {
        if (status == BLM_OK)
            out[i] = made[i];
        else
            blm_features_free(made[i]);
    }
    return status;
}

// values (outputs); NULL: without values.
static size_t list_taps(const blmi_origin *o, const float *const *values, blm_output *out,
    size_t out_size, size_t capacity)
{
    const size_t count = (size_t)o->layout.outputs;
    for (size_t i = 0; out != NULL && i < count && i < capacity; i++) {
        const blmi_output *output = &o->layout.output[i];
        const blm_output own = {.name = o->backbone.tap[output->tap].name,
            .width = output->width,
            .height = output->height,
            .channels = output->channels,
            .values = values != NULL ? values[i] : NULL};
        blmi_sized_give(&own, sizeof own, (char *)out + i * out_size, out_size);
    }
    return count;
}

size_t blm_features_outputs_sized(
    const blm_features *features, blm_output *out, size_t out_size, size_t capacity)
{
    return features == NULL
               ? 0
               : list_taps(features->origin, (const float *const *)features->output, out,
                     out_size, capacity);
}

size_t blm_extractor_outputs_sized(
    const blm_extractor *extractor, blm_output *out, size_t out_size, size_t capacity)
{
    return extractor == NULL
               ? 0
               : list_taps(extractor->origin, NULL, out, out_size, capacity);
}

blm_status blm_features_from_outputs(const blm_extractor *extractor,
    const float *const *values, blm_features **out, blm_error *err)
{
    BLMI_NEED(extractor, err);
    BLMI_NEED(values, err);
    BLMI_NEED(out, err);
    const blmi_origin *o = extractor->origin;
    for (int i = 0; i < o->layout.outputs; i++)
        BLMI_NEED(values[i], err);
    BLMI_TRY(new_features(extractor->origin, out, err));
    (*out)->width = o->recipe.fields.resize_width;
    (*out)->height = o->recipe.fields.resize_height;
    fill(*out, values, 0);
    return BLM_OK;
}

// ---- features in the place of images --------------------------------------------------

static int has_tap(const blmi_layout *layout, int tap)
{
    for (int i = 0; i < layout->outputs; i++)
        if (layout->output[i].tap == tap)
            return 1;
    return 0;
}

blm_status blmi_features_check(const blm_features *features, const blmi_recipe *recipe,
    const blmi_layout *layout, const char *weights_hash, const uint8_t *include,
    const blmi_registration *registration, blm_error *err)
{
    const blmi_origin *o = features->origin;
    const size_t pixels = (size_t)recipe->fields.width * (size_t)recipe->fields.height;
    if (strcmp(o->weights_hash, weights_hash) != 0)
        return blmi_fail(err, BLM_EUSAGE,
            "features: made with other weights than expected (of %s)", o->backbone.name);
    if (!blmi_recipe_equal(
            &o->recipe.fields, &recipe->fields, BLM_PART_INPUT, BLM_PART_NETWORK))
        return blmi_fail(err, BLM_EUSAGE,
            "features: made with another size, resize, crop, filter, bits, range, type "
            "or align");
    if (!blmi_registration_equal(o->registration, registration))
        return blmi_fail(
            err, BLM_EUSAGE, "features: aligned with another reference image");
    for (int i = 0; i < layout->outputs; i++)
        if (!has_tap(&o->layout, layout->output[i].tap))
            return blmi_fail(err, BLM_EUSAGE, "features: the output %s is missing",
                o->backbone.tap[layout->output[i].tap].name);
    if ((o->include == NULL) != (include == NULL) ||
        (include != NULL && memcmp(o->include, include, pixels) != 0))
        return blmi_fail(
            err, BLM_EUSAGE, "features: made with another region of interest");
    return BLM_OK;
}

void blmi_features_gather(const blm_features *features, const blmi_layout *layout,
    const int32_t *chosen, float *out)
{
    const blmi_layout *all = &features->origin->layout;
    const float *output[BLMI_MAX_TAPS];
    for (int i = 0, taken = 0; i < all->outputs && taken < layout->outputs; i++)
        if (layout->output[taken].tap == all->output[i].tap)
            output[taken++] = features->output[i];
    blmi_features_stack(layout, chosen, output, out);
}
