// fuzz_model.c: opens crafted model files.
//
// Random bytes would not pass the checksum.  Each line of the input changes a valid
// model, and the file is written with a correct checksum.
//
//     many                     start from a model that keeps factors, not eigenpairs
//     text KEY VALUE           set a metadata entry
//     drop NAME                remove an entry or tensor
//     shape NAME DIMENSION N   change the header, but not the bytes
//     type NAME NUMBER         the same, a blmi_dtype
//     bytes NAME OFFSET HEX    change a tensor's data
//
// Other lines are ignored.  A model that opens must work or report bad input.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "src/base/alloc.h"
#include "src/base/number.h"
#include "src/format/safetensors.h"
#include "src/model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { SIDE = 64, IMAGES = 6, MOST = 512, MAX_INPUT = 4096 };

static blm_error err;
static char folder[] = "/tmp/blemish-fuzz-XXXXXX";
static char path[64], good_path[2][64];

static void must(int truth)
{
    if (truth)
        return;
    fprintf(stderr, "%s\n", err.text);
    abort();
}

// ---- good models ----------------------------------------------------------------------

static blm_image *make_image(uint32_t seed)
{
    static uint8_t pixels[SIDE * SIDE * 3];
    blm_image *image = NULL;
    for (size_t i = 0; i < sizeof pixels; i++) {
        seed = seed * 1664525 + 1013904223;
        pixels[i] = (uint8_t)(i / 64 % 2 * 100 + (seed >> 26));
    }
    const blm_buffer buffer = {
        .pixels = pixels, .width = SIDE, .height = SIDE, .layout = BLM_RGB8};
    must(blm_image_from_buffer(&buffer, &image, &err) == BLM_OK);
    return image;
}

static void save_good(int channels, int half, const char *where)
{
    blm_recipe recipe;
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    blm_recipe_init(&recipe);
    strcpy(recipe.taps, "layer1");
    recipe.channels = channels;
    recipe.half = half;
    const blm_fit_options options = {.recipe = &recipe, .weights = "ti", .threads = 1};
    must(blm_fitter_new(&options, &fitter, &err) == BLM_OK);
    for (uint32_t i = 0; i < IMAGES; i++) {
        blm_image *image = make_image(i);
        must(blm_fitter_add_image(fitter, image, "image", &err) == BLM_OK);
        blm_image_free(image);
    }
    must(blm_fitter_finish(fitter, NULL, &model, &err) == BLM_OK);
    must(blm_model_save(model, where, &err) == BLM_OK);
    blm_model_free(model);
    blm_fitter_free(fitter);
}

static void remove_folder(void)
{
    unlink(path);
    unlink(good_path[0]);
    unlink(good_path[1]);
    rmdir(folder);
}

static void make_good_models(void)
{
    if (path[0] != '\0')
        return;
    must(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
    snprintf(path, sizeof path, "%s/model", folder);
    for (int i = 0; i < 2; i++) {
        snprintf(good_path[i], sizeof good_path[i], "%s/good%d", folder, i);
        save_good(i == 0 ? 16 : 3, i, good_path[i]);
    }
}

// ---- what an input does to one --------------------------------------------------------

typedef struct craft {
    blmi_safetensors file;
    blmi_tensor tensors[MOST];
    blmi_pair pairs[MOST];
    size_t count, pair_count;
    void *owned[MOST]; // data of tensors that were changed, by number of change
    size_t owned_count;
} craft;

static void open_craft(craft *c, int which)
{
    const char *understood[BLMI_MAX_UNDERSTOOD];
    blmi_model_understood(understood);
    memset(c, 0, sizeof *c);
    must(blmi_safetensors_open(good_path[which], understood, &c->file, &err) == BLM_OK);
    must(c->file.tensors.count < MOST && c->file.metadata_count < MOST);
    c->count = c->file.tensors.count;
    memcpy(c->tensors, c->file.tensors.items, c->count * sizeof *c->tensors);
    for (size_t i = 0; i < c->file.metadata_count; i++)
        if (strcmp(c->file.metadata[i].key, "checksum") != 0)
            c->pairs[c->pair_count++] = c->file.metadata[i];
}

static blmi_tensor *tensor_named(craft *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->tensors[i].name, name) == 0)
            return &c->tensors[i];
    return NULL;
}

static size_t size_of(const blmi_tensor *t)
{
    return (size_t)blmi_tensor_count(t) * blmi_dtype_size(t->dtype);
}

static void set_text(craft *c, const char *key, const char *value)
{
    size_t i = 0;
    while (i < c->pair_count && strcmp(c->pairs[i].key, key) != 0)
        i++;
    if (i == MOST || strcmp(key, "checksum") == 0)
        return;
    c->pairs[i] = (blmi_pair){key, value};
    c->pair_count += i == c->pair_count;
}

static void drop(craft *c, const char *name)
{
    blmi_tensor *t = tensor_named(c, name);
    if (t != NULL)
        *t = c->tensors[--c->count];
    for (size_t i = 0; i < c->pair_count; i++)
        if (strcmp(c->pairs[i].key, name) == 0)
            c->pairs[i--] = c->pairs[--c->pair_count];
}

// A tensor with another shape or type keeps at most its bytes.
static void reshape(blmi_tensor *t, const blmi_tensor *wanted)
{
    if (size_of(wanted) <= size_of(t))
        *t = *wanted;
}

static void set_shape(blmi_tensor *t, const char *arguments)
{
    int dimension, length;
    blmi_tensor wanted = *t;
    if (sscanf(arguments, "%d %d", &dimension, &length) != 2 || dimension < 0 ||
        dimension >= t->rank || length < 0 || length > 1 << 20)
        return;
    wanted.shape[dimension] = length;
    reshape(t, &wanted);
}

static void set_type(blmi_tensor *t, const char *arguments)
{
    const int type = atoi(arguments);
    blmi_tensor wanted = *t;
    if (type < BLMI_F32 || type > BLMI_U8)
        return;
    wanted.dtype = (blmi_dtype)type;
    reshape(t, &wanted);
}

static void set_bytes(craft *c, blmi_tensor *t, const char *arguments)
{
    const size_t size = size_of(t);
    size_t at;
    int used;
    if (sscanf(arguments, "%zu %n", &at, &used) != 1 || c->owned_count == MOST)
        return;
    uint8_t *data = blmi_alloc(size, 1);
    must(data != NULL);
    memcpy(data, t->data, size);
    c->owned[c->owned_count++] = data;
    t->data = data;
    unsigned byte;
    for (const char *hex = arguments + used; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        if (at < size)
            data[at++] = (uint8_t)byte;
        if (hex[0] == '\0' || hex[1] == '\0')
            break;
    }
}

// line: changed, and kept until the file is written.
static void apply(craft *c, char *line)
{
    char *name = strchr(line, ' ');
    if (name == NULL)
        return;
    *name++ = '\0';
    char *rest = strchr(name, ' ');
    if (rest != NULL)
        *rest++ = '\0';
    else
        rest = name + strlen(name);
    blmi_tensor *t = tensor_named(c, name);
    if (strcmp(line, "text") == 0)
        set_text(c, name, rest);
    else if (strcmp(line, "drop") == 0)
        drop(c, name);
    else if (strcmp(line, "shape") == 0 && t != NULL)
        set_shape(t, rest);
    else if (strcmp(line, "type") == 0 && t != NULL)
        set_type(t, rest);
    else if (strcmp(line, "bytes") == 0 && t != NULL)
        set_bytes(c, t, rest);
}

// ---- what comes of it -----------------------------------------------------------------

static blm_status use(const blm_model *model)
{
    const blm_scorer_options options = {.threads = 1};
    blm_scorer *scorer = NULL;
    blm_model *again = NULL;
    blm_model_info info;
    blm_result result;
    blm_image *image = make_image(99);
    blm_model_describe(model, &info);
    for (size_t i = 0; blm_model_image_name(model, i) != NULL; i++)
        must(blm_model_image_same(model, i) <= i);
    blm_status status = blm_scorer_new(model, &options, &scorer, &err);
    if (status == BLM_OK)
        status = blm_scorer_run(scorer, image, &result, &err);
    if (status == BLM_OK && !(isfinite(result.score) && isfinite(result.calibrated)))
        must(0);
    if (status == BLM_OK)
        status =
            blm_model_calibrate(model, &(blm_calibration){.threads = 1}, &again, &err);
    blm_image_free(image);
    blm_scorer_free(scorer);
    blm_model_free(again);
    return status;
}

static void open_and_use(void)
{
    blm_model *model = NULL;
    err.text[0] = '\0';
    blm_status status = blm_model_open(path, &model, &err);
    if (status != BLM_OK)
        must(status == BLM_EINPUT && strncmp(err.text, path, strlen(path)) == 0);
    else
        status = use(model);
    must(status == BLM_OK || (status == BLM_EINPUT && err.text[0] != '\0'));
    blm_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static craft c;
    char input[MAX_INPUT + 1];
    if (size > MAX_INPUT)
        return 0;
    make_good_models();
    for (size_t i = 0; i < size; i++) // what JSON cannot hold is not to be tested here
        input[i] =
            (char)(bytes[i] == '\n' || (bytes[i] >= 32 && bytes[i] < 127) ? bytes[i]
                                                                          : '?');
    input[size] = '\0';
    open_craft(&c, strncmp(input, "many\n", 5) == 0);
    for (char *line = input, *end; *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        if (*end == '\n')
            *end++ = '\0';
        apply(&c, line);
    }
    must(blmi_safetensors_write(path, c.tensors, c.count, c.pairs, c.pair_count, &err) ==
         BLM_OK);
    open_and_use();
    for (size_t i = 0; i < c.owned_count; i++)
        blmi_free(c.owned[i]);
    blmi_safetensors_close(&c.file);
    return 0;
}
