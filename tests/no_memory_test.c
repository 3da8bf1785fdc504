// Tests that every allocation can fail: repeats each piece of work with its first
// allocation failing, then its second, until it succeeds.  Each failure gives BLM_ENOMEM
// with a text and leaks nothing.
//
// The linker replaces the functions of src/base/alloc.h by those below (--wrap), without
// changes to the library.
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "blemish/eval.h"
#include "blemish/features.h"
#include "blemish/render.h"
#include "blemish/weights.h"
#include "src/base/alloc.h"
#include "src/base/file.h"
#include "src/format/onnx_graph.h"
#include "tests/check.h"
#include "tests/npy.h"
#include "tests/random.h"

// ---- failing allocations

static atomic_int asked, fails_at; // from 1; 0: none
static atomic_int alive;           // blocks that were not freed

static int is_out(void)
{
    const int number = atomic_fetch_add(&asked, 1) + 1;
    return number == atomic_load(&fails_at);
}

static void *count(void *memory)
{
    if (memory != NULL)
        atomic_fetch_add(&alive, 1);
    return memory;
}

void *__real_blmi_alloc(size_t items, size_t size);
void *__real_blmi_alloc_zero(size_t items, size_t size);
void *__real_blmi_grow_zero(void *memory, size_t have, size_t items, size_t size);
char *__real_blmi_strdup(const char *text);
void __real_blmi_free(void *memory);
void *__wrap_blmi_alloc(size_t items, size_t size);
void *__wrap_blmi_alloc_zero(size_t items, size_t size);
void *__wrap_blmi_grow_zero(void *memory, size_t have, size_t items, size_t size);
char *__wrap_blmi_strdup(const char *text);
void __wrap_blmi_free(void *memory);

void *__wrap_blmi_alloc(size_t items, size_t size)
{
    return is_out() ? NULL : count(__real_blmi_alloc(items, size));
}

void *__wrap_blmi_alloc_zero(size_t items, size_t size)
{
    return is_out() ? NULL : count(__real_blmi_alloc_zero(items, size));
}

void *__wrap_blmi_grow_zero(void *memory, size_t have, size_t items, size_t size)
{
    void *grown = is_out() ? NULL : __real_blmi_grow_zero(memory, have, items, size);
    if (grown != NULL && memory == NULL)
        count(grown);
    return grown;
}

char *__wrap_blmi_strdup(const char *text)
{
    return is_out() ? NULL : count(__real_blmi_strdup(text));
}

void __wrap_blmi_free(void *memory)
{
    if (memory != NULL)
        atomic_fetch_sub(&alive, 1);
    __real_blmi_free(memory);
}

// ---- input of the work

enum { SIDE = 64, IMAGES = 4, THREADS = 2 };

static char folder[] = "/tmp/blemish-memory-XXXXXX";
static char model_path[64], saved_path[64], image_path[IMAGES][64];
static blm_image *image[IMAGES];
static blm_model *model;
static blm_error err;

static const char *path_in(char path[64], const char *name)
{
    snprintf(path, 64, "%s/%s", folder, name);
    return path;
}

static blm_image *make_image(uint64_t seed)
{
    uint8_t pixels[SIDE * SIDE * 3];
    blm_image *made = NULL;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i / 64 % 2 * 100 + (unsigned)random_below(&seed, 60));
    const blm_buffer buffer = {
        .pixels = pixels, .width = SIDE, .height = SIDE, .layout = BLM_RGB8};
    assert_ok(blm_image_from_buffer(&buffer, &made, &err), err);
    return made;
}

static void write_image(const blm_image *from, const char *path)
{
    blm_bytes bytes;
    const blm_buffer buffer = {.pixels = from->rgb,
        .width = from->width,
        .height = from->height,
        .layout = BLM_RGB8};
    assert_ok(blm_png_encode(&buffer, &bytes, &err), err);
    assert_ok(blm_bytes_write(&bytes, path, &err), err);
    blm_bytes_free(&bytes);
}

// ---- pieces of work: each frees everything, also after a failure

#define TRY(call)                                                                        \
    do {                                                                                 \
        if ((status = (call)) != BLM_OK)                                                 \
            goto done;                                                                   \
    } while (0)

static blm_status open_and_save(void)
{
    blm_model *opened = NULL;
    blm_status status = BLM_OK;
    TRY(blm_model_open(model_path, &opened, &err));
    TRY(blm_model_save(opened, saved_path, &err));
done:
    blm_model_free(opened);
    return status;
}

static void choose_recipe(blm_recipe *recipe)
{
    blm_recipe_init(recipe);
    strcpy(recipe->taps, "layer1");
}

static blm_status fit_with(const blm_recipe *recipe, const blm_mask *region)
{
    const char *paths[IMAGES];
    for (int i = 0; i < IMAGES; i++)
        paths[i] = image_path[i];
    const blm_fit_options options = {
        .recipe = recipe, .weights = "ti", .region = region, .threads = THREADS};
    const blm_calibration calibration = {.review = 0.2};
    blm_fitter *fitter = NULL;
    blm_model *fitted = NULL;
    blm_status status = BLM_OK;
    TRY(blm_fitter_new(&options, &fitter, &err));
    TRY(blm_fitter_add_files(fitter, paths, NULL, IMAGES, NULL, &err));
    TRY(blm_fitter_add_image(fitter, image[0], "one more", &err));
    TRY(blm_fitter_finish(fitter, &calibration, &fitted, &err));
done:
    blm_model_free(fitted);
    blm_fitter_free(fitter);
    return status;
}

static blm_status fit_few(void)
{
    static const uint8_t include[] = {1, 0, 1, 1};
    const blm_mask region = {2, 2, include};
    blm_recipe recipe;
    choose_recipe(&recipe);
    recipe.channels = 16;
    recipe.half = 1;
    return fit_with(&recipe, &region);
}

static blm_status fit_many(void)
{
    blm_recipe recipe;
    choose_recipe(&recipe);
    recipe.channels = 3;
    recipe.unit_variance = 1;
    return fit_with(&recipe, NULL);
}

static blm_status detect(void)
{
    static float map[SIDE * SIDE];
    static uint8_t mask[SIDE * SIDE];
    const blm_scorer_options options = {.threads = THREADS};
    blm_model *own = NULL; // keeps its packed weights for the next scorer
    blm_scorer *scorer = NULL, *clone = NULL;
    blm_image *picture = NULL;
    blm_result result;
    blm_status status = BLM_OK;
    TRY(blm_image_read(image_path[1], NULL, &picture, &err));
    TRY(blm_model_open(model_path, &own, &err));
    TRY(blm_scorer_new(own, &options, &scorer, &err));
    TRY(blm_scorer_clone(scorer, &clone, &err));
    TRY(blm_scorer_run(scorer, picture, &result, &err));
    TRY(blm_scorer_run(clone, picture, &result, &err));
    TRY(blm_result_native_map(clone, &result, SIDE, SIDE, map, &err));
    TRY(blm_result_native_mask(clone, &result, SIDE, SIDE, mask, &err));
done:
    blm_image_free(picture);
    blm_scorer_free(scorer);
    blm_scorer_free(clone);
    blm_model_free(own);
    return status;
}

static blm_status calibrate(void)
{
    const int32_t group[IMAGES + 1] = {0, 0, 1, 2, 3};
    const double held_out[] = {1, 2, 3, 4};
    const blm_calibration by_group = {.group = group, .threads = THREADS};
    const blm_calibration other = {.held_out = held_out, .held_out_count = 4};
    static float map[4096 * 64];
    blm_model *first = NULL, *second = NULL, *third = NULL;
    blm_recipe recipe;
    blm_model_info info;
    blm_status status = BLM_OK;
    blm_model_describe(model, &info);
    recipe = *info.recipe;
    recipe.epsilon *= 2;
    TRY(blm_model_calibrate(model, &by_group, &first, &err));
    TRY(blm_model_calibrate(first, &other, &second, &err));
    TRY(blm_model_adapt(first, &recipe, NULL, &third, &err));
    TRY(blm_model_good_map(third, 0, map, NULL, &err));
done:
    blm_model_free(first);
    blm_model_free(second);
    blm_model_free(third);
    return status;
}

static blm_status eval(void)
{
    double scores[IMAGES];
    uint8_t labels[IMAGES], mask[SIDE * SIDE];
    float map[SIDE * SIDE];
    blm_pixel_metrics *pixels = NULL;
    blm_metrics metrics;
    blm_intervals intervals;
    blm_cut cuts[32];
    size_t written;
    const blm_pixel_options options = {.threads = THREADS};
    const blm_bootstrap bootstrap = {.threads = THREADS, .draws = 8};
    blm_status status = BLM_OK;
    for (int i = 0; i < IMAGES; i++) {
        scores[i] = i * 3 % 5;
        labels[i] = i % 2 != 0;
    }
    for (int k = 0; k < SIDE * SIDE; k++) {
        map[k] = (float)(k % 101);
        mask[k] = map[k] > 60;
    }
    TRY(blm_image_metrics(scores, labels, IMAGES, &metrics, &err));
    TRY(blm_image_curve(scores, labels, IMAGES, cuts, 32, &written, &err));
    TRY(blm_image_intervals(scores, labels, IMAGES, &bootstrap, &intervals, &err));
    TRY(blm_pixel_metrics_new(&pixels, &err));
    for (int i = 0; i < IMAGES; i++)
        TRY(blm_pixel_metrics_add(
            pixels, map, labels[i] ? mask : NULL, SIDE, SIDE, labels[i], &err));
    TRY(blm_pixel_metrics_result(pixels, &options, &metrics, &err));
    TRY(blm_pixel_metrics_curve(pixels, &options, cuts, 32, &written, &err));
    TRY(blm_pixel_metrics_intervals(pixels, &options, &bootstrap, &intervals, &err));
done:
    blm_pixel_metrics_free(pixels);
    return status;
}

static blm_status render(void)
{
    float map[SIDE * SIDE] = {1, 2};
    uint8_t *mask = NULL; // of the tiled image
    const double scores[] = {1, 2, 3};
    const blm_sample_set set = {.name = "good", .values = scores, .count = 3};
    const blm_image *const both[] = {image[0], image[1]};
    blm_image *tiled = NULL;
    blm_bytes bytes = {0};
    blm_status status = BLM_OK;
    TRY(blm_image_tile(both, 2, 2, 1, (blm_colour){0, 0, 0}, &tiled, &err));
    mask = calloc((size_t)tiled->width, (size_t)tiled->height);
    assert_non_null(mask);
    mask[0] = 1;
    TRY(blm_image_draw_contour(tiled, mask, 2, (blm_colour){255, 0, 0}, &err));
    // libspng allocates the bytes of a PNG, which are not counted here.
    const blm_map_format formats[] = {BLM_MAP_TIFF32, BLM_MAP_TIFF16, BLM_MAP_NPY};
    for (int i = 0; i < 3; i++) {
        TRY(blm_map_encode(map, SIDE, SIDE, formats[i], 2, &bytes, &err));
        TRY(blm_bytes_write(&bytes, saved_path, &err));
        blm_bytes_free(&bytes);
    }
    TRY(blm_plot_histogram("t", "x", &set, 1, scores, 1, &bytes, &err));
done:
    free(mask);
    blm_bytes_free(&bytes);
    blm_image_free(tiled);
    return status;
}

// Transformers under two publishers' names, if ../shared is there.
static blm_status import(void)
{
    static const char *const files[] = {"backbones/checkpoints/convit.pth",
        "backbones/checkpoints/dinov2_reg4_hf_f16.safetensors"};
    blm_status status = BLM_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = golden_path(files[i]);
        if (path == NULL)
            skip();
        TRY(blm_weights_import(path, saved_path, NULL, &err));
    }
done:
    return status;
}

// An ONNX network with numbers in another file, read and cut; with $BLEMISH_ONNXRUNTIME
// made into weights and run, too.
static blm_status onnx(void)
{
    static const char path[] = "tests/corpus/onnx/elsewhere.onnx";
    static const char *const taps[] = {"deep"};
    const char *library = getenv("BLEMISH_ONNXRUNTIME");
    blmi_file file = {0}, data = {0};
    blmi_onnx *graph = NULL;
    uint8_t *part = NULL;
    size_t size;
    blm_status status = BLM_OK;
    TRY(blmi_file_read(path, 1 << 20, &file, &err));
    TRY(blmi_file_read("tests/corpus/onnx/elsewhere.onnx.data", 1 << 20, &data, &err));
    TRY(blmi_onnx_read(path, file.bytes, file.size, &graph, &err));
    TRY(blmi_onnx_cut(graph, taps, 1, data.bytes, data.size, &part, &size, &err));
    if (library != NULL && *library != '\0')
        TRY(blm_weights_import_onnx(path, saved_path, NULL, &err));
done:
    blmi_free(part);
    blmi_onnx_free(graph);
    blmi_file_close(&data);
    blmi_file_close(&file);
    return status;
}

// ---- the test

static void fail_each(const char *name, blm_status (*work)(void))
{
    const int before = atomic_load(&alive);
    int number = 1;
    for (;; number += 1 + (number > 400 ? number / 20 : 0)) { // of many, some
        err.text[0] = '\0';
        atomic_store(&asked, 0);
        atomic_store(&fails_at, number);
        const blm_status status = work();
        const int reached = atomic_load(&asked) >= number;
        atomic_store(&fails_at, 0);
        if (atomic_load(&alive) != before)
            fail_msg("%s: allocation %d failed: %d blocks are left", name, number,
                atomic_load(&alive) - before);
        if (!reached && status != BLM_OK)
            fail_msg("%s: %s", name, err.text);
        if (!reached)
            break;
        if (status != BLM_ENOMEM || strstr(err.text, "memory") == NULL)
            fail_msg("%s: allocation %d failed: status %d, \"%s\"", name, number,
                (int)status, err.text);
    }
    print_message("%s: %d allocations\n", name, atomic_load(&asked));
}

#define FAIL_EACH(work)                                                                  \
    static void work##_without_memory(void **state)                                      \
    {                                                                                    \
        (void)state;                                                                     \
        fail_each(#work, work);                                                          \
    }
FAIL_EACH(open_and_save)
FAIL_EACH(fit_few)
FAIL_EACH(fit_many)
FAIL_EACH(detect)
FAIL_EACH(calibrate)
FAIL_EACH(eval)
FAIL_EACH(render)
FAIL_EACH(import)
FAIL_EACH(onnx)

static int set_up(void **state)
{
    (void)state;
    blm_recipe recipe;
    blm_fitter *fitter = NULL;
    if (mkdtemp(folder) == NULL)
        return 1;
    path_in(model_path, "model");
    path_in(saved_path, "saved");
    choose_recipe(&recipe);
    recipe.channels = 16;
    const blm_fit_options options = {.recipe = &recipe, .weights = "ti"};
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    for (int i = 0; i < IMAGES; i++) {
        char name[] = "0.png";
        name[0] = (char)('0' + i);
        image[i] = make_image((uint64_t)i);
        write_image(image[i], path_in(image_path[i], name));
        assert_ok(blm_fitter_add_image(fitter, image[i], "image", &err), err);
    }
    assert_ok(blm_fitter_add_image(fitter, image[0], "again", &err), err);
    assert_ok(blm_fitter_finish(fitter, NULL, &model, &err), err);
    assert_ok(blm_model_save(model, model_path, &err), err);
    blm_fitter_free(fitter);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < IMAGES; i++) {
        blm_image_free(image[i]);
        unlink(image_path[i]);
    }
    blm_model_free(model);
    unlink(model_path);
    unlink(saved_path);
    return rmdir(folder); // nothing temporary was left behind
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_and_save_without_memory),
        cmocka_unit_test(fit_few_without_memory),
        cmocka_unit_test(fit_many_without_memory),
        cmocka_unit_test(detect_without_memory),
        cmocka_unit_test(calibrate_without_memory),
        cmocka_unit_test(eval_without_memory),
        cmocka_unit_test(render_without_memory),
        cmocka_unit_test(import_without_memory),
        cmocka_unit_test(onnx_without_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
