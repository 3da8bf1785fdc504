// Tests models with crafted content: changes each number of the metadata and each tensor
// of small valid models, one at a time, and writes the file with a correct checksum.
// Opening an invalid model gives BLM_EINPUT and one line of text; an accepted model
// works.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/base/alloc.h"
#include "src/format/safetensors.h"
#include "src/model/model.h"
#include "tests/check.h"
#include "tests/random.h"

enum { SIDE = 64, IMAGES = 7, MOST = 512 };

// The test writes thousands of small files, in memory if possible.
static char folder[32] = "/dev/shm/blemish-crafted-XXXXXX";
static char good_path[64], path[64];
static blm_error err;

// ---- valid models ---------------------------------------------------------------------

typedef struct setting {
    int half, unit_variance, channels, region;
    double review;
    blm_detector detector;
    int tolerance, reach;
    double coreset;
    blm_align align;
} setting;

// Eigenpairs and, with 3 channels, factors; other detectors.  The last two images are
// equal.
static const setting settings[] = {{0, 0, 16, 1, 0.2, BLM_DETECTOR_GAUSS, 0, -1, 1, 0},
    {1, 0, 16, 0, 0, BLM_DETECTOR_GAUSS, 0, -1, 1, 0},
    {0, 1, 3, 0, 0, BLM_DETECTOR_GAUSS, 0, -1, 1, 0},
    {1, 0, 3, 1, 0, BLM_DETECTOR_GAUSS, 0, -1, 1, 0},
    {0, 0, 4, 1, 0, BLM_DETECTOR_GAUSS, 1, -1, 1, 0},
    {0, 0, 4, 0, 0, BLM_DETECTOR_MEMORY, 0, 1, 1, 0},
    {0, 0, 4, 1, 0, BLM_DETECTOR_MEMORY, 0, -1, 0.05, 0},
    {0, 0, 4, 0, 0, BLM_DETECTOR_SUBSPACE, 0, -1, 1, 0},
    {0, 0, 4, 1, 0, BLM_DETECTOR_GAUSS, 0, -1, 1, BLM_ALIGN_RIGID}};
enum { SETTINGS = sizeof settings / sizeof *settings };

static blm_image *make_image(uint64_t seed)
{
    uint8_t pixels[SIDE * SIDE * 3];
    blm_image *image = NULL;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i / 64 % 2 * 100 + (unsigned)random_below(&seed, 60));
    const blm_buffer buffer = {
        .pixels = pixels, .width = SIDE, .height = SIDE, .layout = BLM_RGB8};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    return image;
}

static void save_good_model(const setting *s)
{
    static const uint8_t include[] = {1, 0, 1, 1};
    const blm_mask region = {2, 2, include};
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    strcpy(recipe.taps, "layer1");
    recipe.half = s->half;
    recipe.unit_variance = s->unit_variance;
    recipe.channels = s->channels;
    recipe.detector = s->detector;
    recipe.tolerance = s->tolerance;
    recipe.reach = s->reach;
    recipe.coreset = s->coreset;
    recipe.align = s->align;
    const blm_fit_options options = {
        .recipe = &recipe, .weights = "ti", .region = s->region ? &region : NULL};
    const blm_calibration calibration = {.review = s->review};
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    for (uint64_t i = 0; i < IMAGES; i++) {
        blm_image *image = make_image(i == IMAGES - 1 ? i - 1 : i);
        assert_ok(blm_fitter_add_image(fitter, image, "image", &err), err);
        blm_image_free(image);
    }
    assert_ok(blm_fitter_finish(fitter, &calibration, &model, &err), err);
    assert_ok(blm_model_save(model, good_path, &err), err);
    blm_model_free(model);
    blm_fitter_free(fitter);
}

// ---- crafting -------------------------------------------------------------------------

// A model's tensors and metadata, to change and write.
typedef struct craft {
    blmi_safetensors file;
    blmi_tensor tensors[MOST];
    blmi_pair pairs[MOST];
    size_t count, pair_count;
} craft;

static void open_craft(craft *c)
{
    const char *understood[BLMI_MAX_UNDERSTOOD];
    blmi_model_understood(understood);
    assert_ok(blmi_safetensors_open(good_path, understood, &c->file, &err), err);
    assert_true(c->file.tensors.count < MOST && c->file.metadata_count < MOST);
}

// The content of the file; the writer computes the checksum.
static void start(craft *c)
{
    c->count = c->file.tensors.count;
    memcpy(c->tensors, c->file.tensors.items, c->count * sizeof *c->tensors);
    c->pair_count = 0;
    for (size_t i = 0; i < c->file.metadata_count; i++)
        if (strcmp(c->file.metadata[i].key, "checksum") != 0)
            c->pairs[c->pair_count++] = c->file.metadata[i];
}

static void write_craft(const craft *c)
{
    assert_ok(
        blmi_safetensors_write(path, c->tensors, c->count, c->pairs, c->pair_count, &err),
        err);
}

static void check_text(const char *what)
{
    if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
        fail_msg("%s: no line of text", what);
}

static void assert_refused(const craft *c, const char *what)
{
    blm_model *model = NULL;
    write_craft(c);
    err.text[0] = '\0';
    const blm_status status = blm_model_open(path, &model, &err);
    if (status != BLM_EINPUT)
        fail_msg("%s: %s, expected bad input", what, blm_status_name(status));
    if (strncmp(err.text, path, strlen(path)) != 0)
        fail_msg("%s: the text does not begin with the path: %s", what, err.text);
    check_text(what);
    assert_null(model);
}

// The model is refused, or it opens and then works or reports bad input.
static void assert_harmless(const craft *c, const char *what)
{
    blm_model *model = NULL, *again = NULL;
    blm_scorer *scorer = NULL;
    blm_result result;
    write_craft(c);
    blm_status status = blm_model_open(path, &model, &err);
    if (status == BLM_OK) {
        blm_image *image = make_image(99);
        status =
            blm_scorer_new(model, &(blm_scorer_options){.threads = 1}, &scorer, &err);
        if (status == BLM_OK)
            status = blm_scorer_run(scorer, image, &result, &err);
        if (status == BLM_OK && !(isfinite(result.score) && isfinite(result.calibrated)))
            fail_msg("%s: a score of %g", what, result.score);
        if (status == BLM_OK)
            status = blm_model_calibrate(model, NULL, &again, &err);
        blm_image_free(image);
    }
    if (status != BLM_OK && status != BLM_EINPUT)
        fail_msg("%s: %s: %s", what, blm_status_name(status), err.text);
    if (status != BLM_OK)
        check_text(what);
    blm_scorer_free(scorer);
    blm_model_free(again);
    blm_model_free(model);
}

// ---- metadata -------------------------------------------------------------------------

static void no_metadata_is_believed(void **state)
{
    (void)state;
    static const char *const never[] = {"", "nan", "inf", "-inf", "x", "1e999", "1 "};
    static const char *const odd[] = {"0", "-1", "1", "2", "3", "7", "224", "4294967296",
        "9007199254740991", "1e300", "-1e300", "0.5", "1e-320", "true", "false"};
    craft c;
    for (size_t s = 0; s < SETTINGS; s += 3) { // both forms
        save_good_model(&settings[s]);
        open_craft(&c);
        start(&c);
        for (size_t k = 0; k < c.pair_count; k++) {
            const char *key = c.pairs[k].key;
            const int is_text =
                strcmp(key, "program") == 0 || strcmp(key, "source_hash") == 0;
            char what[200];
            for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
                start(&c);
                c.pairs[k].value = never[i];
                snprintf(what, sizeof what, "setting %zu: %s \"%s\"", s, key, never[i]);
                if (is_text)
                    assert_harmless(&c, what);
                else
                    assert_refused(&c, what);
            }
            for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
                start(&c);
                c.pairs[k].value = odd[i];
                snprintf(what, sizeof what, "setting %zu: %s \"%s\"", s, key, odd[i]);
                assert_harmless(&c, what);
            }
            start(&c);
            c.pairs[k] = c.pairs[--c.pair_count];
            snprintf(what, sizeof what, "setting %zu: no %s", s, key);
            if (key[0] == '!')
                assert_harmless(&c, what);
            else
                assert_refused(&c, what);
        }
        blmi_safetensors_close(&c.file);
    }
}

static void replace(craft *c, const char *key, const char *value)
{
    for (size_t k = 0; k < c->pair_count; k++)
        if (strcmp(c->pairs[k].key, key) == 0) {
            c->pairs[k].value = value;
            return;
        }
    fail_msg("no %s", key);
}

static void metadata_must_fit_each_other(void **state)
{
    (void)state;
    // Each number is valid for its key alone.
    static const char *const pairs[][2] = {{"seen.least_width", "65"},
        {"seen.most_height", "63"}, {"seen.least_width", "0"},
        {"seen.least_aspect", "1.5"}, {"seen.most_brightness", "256"},
        {"seen.least_brightness", "255"}, {"seen.colour", "0"}, {"seen.grey", "2"},
        {"threshold.median", "1e30"}, {"threshold.scores", "5"},
        {"threshold.groups", "0"}, {"threshold.source", "0"}, {"review", "0"},
        {"review.rate", "0.001"}, {"review.rate", "0"}, {"recipe.sigma", "300"},
        {"recipe.min_area", "50176"}, {"recipe.epsilon", "0.5"}, {"gauss.rank", "4"},
        {"backbone.variant", "S"}, {"backbone.stages", "2"}, {"backbone.relative", "x"},
        {"!region", "0"}, {"!region.outside", "#12345"}, {"!region.outside", "#12345G"},
        {"weights_hash", "abc"}, {"program", "a\nb"}};
    craft c;
    save_good_model(&settings[0]);
    open_craft(&c);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        start(&c);
        replace(&c, pairs[i][0], pairs[i][1]);
        assert_refused(&c, pairs[i][0]);
    }
    blmi_safetensors_close(&c.file);
}

// The names of weights outside of a model are file names, and their hashes hashes.
static void names_of_weights_are_checked(void **state)
{
    (void)state;
    static const char hash[] = "0123456789abcdef0123456789abcdef";
    static const char *const bad[] = {"", "ti", "/", " contnet-ti.safetensors",
        "0123456789abcdef0123456789abcdeg contnet-ti.safetensors",
        "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef ",
        "0123456789abcdef0123456789abcdef0 a", "0123456789abcdef0123456789abcdef ..",
        "0123456789abcdef0123456789abcdef ../a", "0123456789abcdef0123456789abcdef a\nb",
        "0123456789abcdef0123456789abcdef a.safetensors/"};
    char text[600] = "";
    craft c;
    save_good_model(&settings[0]);
    open_craft(&c);
    for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
        start(&c);
        c.pairs[c.pair_count++] =
            (blmi_pair){"!weights", i < sizeof bad / sizeof *bad ? bad[i] : text};
        for (int k = 0; k < 7 && i == sizeof bad / sizeof *bad; k++) // too many
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s a",
                k > 0 ? "/" : "", hash);
        assert_refused(&c, "!weights");
    }
    // The right file is found, but has the tensors of all of the network.
    start(&c);
    blm_weights_info info;
    assert_ok(blm_weights_describe("ti", NULL, &info, &err), err);
    snprintf(text, sizeof text, "%s contnet-ti.safetensors", info.hash);
    c.pairs[c.pair_count++] = (blmi_pair){"!weights", text};
    assert_refused(&c, "!weights of a model that says it has part of the network");
    c.pairs[c.pair_count - 1].value = strcpy(text, "0123456789abcdef0123456789abcdef a");
    assert_refused(&c, "weights that do not exist");
    assert_non_null(strstr(err.text, "its weights a, with the hash 0123"));
    blmi_safetensors_close(&c.file);
}

// ---- tensors --------------------------------------------------------------------------

// A copy of the tensor's bytes, which the caller frees.
static char *own_data(blmi_tensor *t)
{
    const size_t size = (size_t)blmi_tensor_count(t) * blmi_dtype_size(t->dtype);
    char *data = blmi_alloc(size, 1);
    memcpy(data, t->data, size);
    t->data = data;
    return data;
}

static int is_float(blmi_dtype dtype)
{
    return dtype == BLMI_F32 || dtype == BLMI_F16 || dtype == BLMI_BF16 ||
           dtype == BLMI_F64;
}

static void put_number(char *at, blmi_dtype dtype, double value)
{
    const float f = (float)value;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint16_t half = (uint16_t)(bits >> 16); // of bf16
    if (dtype == BLMI_F16)
        half = isnan(value) ? 0x7e00 : value > 0 ? 0x7c00 : 0xfc00;
    if (dtype == BLMI_F64)
        memcpy(at, &value, sizeof value);
    else if (dtype == BLMI_F32)
        memcpy(at, &f, sizeof f);
    else
        memcpy(at, &half, sizeof half);
}

static void no_number_of_a_tensor_is_other_than_finite(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -INFINITY};
    craft c;
    for (size_t s = 0; s < SETTINGS; s++) {
        save_good_model(&settings[s]);
        open_craft(&c);
        start(&c);
        for (size_t k = 0; k < c.count; k++) {
            if (!is_float(c.tensors[k].dtype))
                continue;
            start(&c);
            const size_t count = (size_t)blmi_tensor_count(&c.tensors[k]);
            // limits may be infinite, and numbers beside them unknown
            const int limits = strcmp(c.tensors[k].name, "check.limits") == 0;
            const int which = limits ? 0 : (int)(k % 3);
            const size_t at = which == 0 ? 0 : which == 1 ? count / 2 : count - 1;
            char *data = own_data(&c.tensors[k]);
            put_number(data + at * blmi_dtype_size(c.tensors[k].dtype),
                c.tensors[k].dtype, bad[which]);
            assert_refused(&c, c.tensors[k].name);
            blmi_free(data);
        }
        blmi_safetensors_close(&c.file);
    }
}

static void no_tensor_may_be_missing_or_of_another_shape(void **state)
{
    (void)state;
    craft c;
    for (size_t s = 0; s < SETTINGS; s++) {
        save_good_model(&settings[s]);
        open_craft(&c);
        start(&c);
        for (size_t k = 0; k < c.count; k++) {
            const int is_weight = strncmp(c.tensors[k].name, "backbone.", 9) == 0;
            char what[200];
            start(&c);
            c.tensors[k] = c.tensors[--c.count];
            snprintf(what, sizeof what, "no %s", c.file.tensors.items[k].name);
            if (is_weight || strcmp(what, "no good.same") == 0)
                assert_harmless(&c, what);
            else
                assert_refused(&c, what);
            start(&c);
            c.tensors[k].shape[0]--; // its first numbers
            snprintf(what, sizeof what, "a shorter %s", c.tensors[k].name);
            if (is_weight)
                assert_harmless(&c, what);
            else
                assert_refused(&c, what);
        }
        blmi_safetensors_close(&c.file);
    }
}

static size_t index_of(const craft *c, const char *name)
{
    for (size_t k = 0; k < c->count; k++)
        if (strcmp(c->tensors[k].name, name) == 0)
            return k;
    fail_msg("no tensor %s", name);
    return 0;
}

// Values that are finite, but wrong.
static void values_must_make_sense(void **state)
{
    (void)state;
    static const struct {
        int setting;
        const char *name;
        double value; // of the first number; FILL: of all
        int fill;
    } bad[] = {{0, "gauss.variances", -1, 0}, {0, "gauss.variances", 0, 0},
        {0, "gauss.loo", -1, 0}, {0, "gauss.axes", 2, 0}, {0, "gauss.axes", 0, 1},
        {2, "gauss.factor", 0, 0}, {2, "gauss.factor", -1, 0}, {2, "gauss.scale", 0, 0},
        {2, "gauss.scale", -1, 0}, {3, "gauss.diagonal", 0, 0},
        {3, "gauss.diagonal", -1, 0}, {3, "gauss.row_scale", -1, 0},
        {0, "good.scores", 1e300, 0}, {8, "good.alignments", 9, 0},
        {8, "good.alignments", -1e300, 1}};
    craft c;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        save_good_model(&settings[bad[i].setting]);
        open_craft(&c);
        start(&c);
        const size_t k = index_of(&c, bad[i].name);
        const size_t count = bad[i].fill ? (size_t)blmi_tensor_count(&c.tensors[k]) : 1;
        char *data = own_data(&c.tensors[k]);
        for (size_t n = 0; n < count; n++)
            put_number(data + n * blmi_dtype_size(c.tensors[k].dtype), c.tensors[k].dtype,
                bad[i].value);
        assert_refused(&c, bad[i].name);
        blmi_free(data);
        blmi_safetensors_close(&c.file);
    }
}

static void a_region_must_leave_something(void **state)
{
    (void)state;
    static const uint8_t fills[] = {0, 2, 255};
    craft c;
    save_good_model(&settings[0]);
    open_craft(&c);
    for (size_t i = 0; i < sizeof fills; i++) {
        start(&c);
        const size_t k = index_of(&c, "recipe.include");
        char *data = own_data(&c.tensors[k]);
        memset(data, fills[i], (size_t)blmi_tensor_count(&c.tensors[k]));
        assert_refused(&c, "recipe.include");
        blmi_free(data);
    }
    start(&c); // the tensor without its key
    for (size_t k = 0; k < c.pair_count; k++)
        if (strcmp(c.pairs[k].key, "!region") == 0)
            c.pairs[k] = c.pairs[--c.pair_count];
    assert_refused(&c, "recipe.include without !region");
    blmi_safetensors_close(&c.file);
}

// A reference without structure cannot be aligned with.
static void a_reference_must_have_structure(void **state)
{
    (void)state;
    craft c;
    save_good_model(&settings[SETTINGS - 1]);
    open_craft(&c);
    start(&c);
    const size_t k = index_of(&c, "align.reference");
    char *data = own_data(&c.tensors[k]);
    memset(data, 7, (size_t)blmi_tensor_count(&c.tensors[k]));
    assert_refused(&c, "align.reference");
    blmi_free(data);
    static const char *const odd[][2] = {{"align.aspect", "0.001"},
        {"align.aspect", "100"}, {"align.aspect", "9"}, {"align.name", "a\nb"}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        start(&c);
        replace(&c, odd[i][0], odd[i][1]);
        assert_refused(&c, odd[i][0]);
    }
    blmi_safetensors_close(&c.file);
}

static void copies_must_refer_to_the_first(void **state)
{
    (void)state;
    static const int32_t bad[] = {-1, IMAGES, IMAGES - 1, 1 << 30};
    craft c;
    save_good_model(&settings[0]);
    open_craft(&c);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start(&c);
        const size_t k = index_of(&c, "good.same");
        char *data = own_data(&c.tensors[k]);
        memcpy(data, &bad[i], sizeof bad[i]); // of the first image
        assert_refused(&c, "good.same");
        blmi_free(data);
    }
    blmi_safetensors_close(&c.file);
}

// Names come from file names, which may have any bytes: they are escaped.
static void names_are_printable(void **state)
{
    (void)state;
    craft c;
    blm_model *model = NULL, *again = NULL;
    save_good_model(&settings[0]);
    open_craft(&c);
    start(&c);
    const size_t k = index_of(&c, "good.names");
    char *data = own_data(&c.tensors[k]); // "image" six times
    memcpy(data, "a\x1b\xff\n\xc3", 5);
    memcpy(data + 6, "\xc3\xa4\x7f\xed\xa0", 5);
    write_craft(&c);
    assert_ok(blm_model_open(path, &model, &err), err);
    assert_string_equal(blm_model_image_name(model, 0), "a\\x1b\\xff\\x0a\\xc3");
    assert_string_equal(blm_model_image_name(model, 1), "\xc3\xa4\\x7f\\xed\\xa0");
    assert_string_equal(blm_model_image_name(model, 2), "image");
    assert_ok(blm_model_save(model, path, &err), err);
    assert_ok(blm_model_open(path, &again, &err), err);
    assert_string_equal(blm_model_image_name(again, 0), "a\\x1b\\xff\\x0a\\xc3");
    blm_model_free(model);
    blm_model_free(again);
    memset(data, 'x', (size_t)blmi_tensor_count(&c.tensors[k])); // not ended
    assert_refused(&c, "good.names");
    memset(data, 0, (size_t)blmi_tensor_count(&c.tensors[k])); // too many
    assert_refused(&c, "good.names");
    blmi_free(data);
    blmi_safetensors_close(&c.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_metadata_is_believed),
        cmocka_unit_test(metadata_must_fit_each_other),
        cmocka_unit_test(names_of_weights_are_checked),
        cmocka_unit_test(no_number_of_a_tensor_is_other_than_finite),
        cmocka_unit_test(no_tensor_may_be_missing_or_of_another_shape),
        cmocka_unit_test(values_must_make_sense),
        cmocka_unit_test(a_region_must_leave_something),
        cmocka_unit_test(a_reference_must_have_structure),
        cmocka_unit_test(copies_must_refer_to_the_first),
        cmocka_unit_test(names_are_printable),
    };
    if (mkdtemp(folder) == NULL &&
        mkdtemp(strcpy(folder, "/tmp/blemish-crafted-XXXXXX")) == NULL)
        return 1;
    snprintf(good_path, sizeof good_path, "%s/good.blm", folder);
    snprintf(path, sizeof path, "%s/crafted.blm", folder);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(good_path);
    remove(path);
    remove(folder);
    return failed;
}
