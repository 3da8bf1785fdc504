// Decodes tests/corpus/image: complete files, files truncated at every length, and files
// with changed bytes.
#include "tests/check.h"

#include <malloc.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "blemish/image.h"
#include "src/base/alloc.h"
#include "src/base/file.h"
#include "src/base/sanitizer.h"
#include "tests/crc32.h"
#include "tests/random.h"

#define FOLDER "tests/corpus/image/"

// A line of manifest.txt: the expected result for a file, written by make.py.
typedef struct entry {
    char name[64];
    bool good; // width, height and crc are set
    int width, height;
    unsigned crc;
    blm_decode_options options; // for a file in memory
    bool page;                  // a page of a file, not a file
} entry;

enum { MAX_ENTRIES = 500 };

typedef struct corpus {
    entry entries[MAX_ENTRIES];
    size_t count;
} corpus;

static int read_manifest(void **state)
{
    static corpus all;
    char line[128], path[128];
    FILE *const file = fopen(FOLDER "manifest.txt", "r");
    if (file == NULL)
        return -1;
    while (fgets(line, sizeof line, file) != NULL && all.count < MAX_ENTRIES) {
        entry *const e = &all.entries[all.count++];
        e->options.max_pixels = 1 << 13;
        const int fields = sscanf(line, "%63s %d %d %x range %lf %lf", e->name, &e->width,
            &e->height, &e->crc, &e->options.range_low, &e->options.range_high);
        snprintf(path, sizeof path, "%s%s", FOLDER, e->name);
        e->page = access(path, F_OK) != 0;
        e->good = fields == 4 || fields == 6;
        if (!e->good && strstr(line, " error\n") == NULL)
            return -1;
    }
    fclose(file);
    *state = &all;
    return all.count > 100 && all.count < MAX_ENTRIES ? 0 : -1;
}

static uint32_t crc_of(const blm_image *image)
{
    return crc32_of(image->rgb, (size_t)image->width * (size_t)image->height * 3);
}

// Decodes into fresh memory filled with one byte, then with another.  The results differ
// if a pixel is not written, or is computed from unwritten bytes.
static blm_status decode_twice(const void *bytes, size_t size, const char *name,
    const blm_decode_options *options, blm_image **out, blm_error *err)
{
    blm_image *other = NULL;
    mallopt(M_PERTURB, 0x55);
    const blm_status status = blm_image_decode(bytes, size, name, options, out, err);
    mallopt(M_PERTURB, 0xaa);
    const blm_status again = blm_image_decode(bytes, size, name, options, &other, NULL);
    mallopt(M_PERTURB, 0);
    assert_int_equal(status, again);
    if (status == BLM_OK && crc_of(*out) != crc_of(other))
        fail_msg("%s: has pixels that were not written", name);
    blm_image_free(other);
    return status;
}

// A failure must be BLM_EINPUT, with a text of one line that begins with the name.
static void assert_refused(blm_status status, const blm_error *err, const char *name)
{
    if (status != BLM_EINPUT || strncmp(err->text, name, strlen(name)) != 0 ||
        strncmp(err->text + strlen(name), ": ", 2) != 0 ||
        strchr(err->text, '\n') != NULL)
        fail_msg("%s: status %s: %s", name, blm_status_name(status), err->text);
}

// Whether a file was refused because its format is not built in.
static bool is_left_out(const blm_error *err)
{
    int built_in = 1;
    for (int i = 0; built_in && blm_image_format(i, &built_in) != NULL; i++)
        ;
    return !built_in &&
           strstr(err->text, " image, which this build of blemish cannot decode") != NULL;
}

static void files_become_what_the_manifest_says(void **state)
{
    const corpus *const all = *state;
    for (size_t i = 0; i < all->count; i++) {
        const entry *const e = &all->entries[i];
        char path[128];
        snprintf(path, sizeof path, "%s%s", FOLDER, e->name);
        blm_image *image = NULL;
        blm_error err;
        const blm_status status = blm_image_read(path, &e->options, &image, &err);
        if (!e->good) {
            if (status == BLM_OK)
                fail_msg("%s: accepted", path);
            assert_refused(status, &err, path);
            continue;
        }
        if (status == BLM_EINPUT && is_left_out(&err))
            continue;
        if (status != BLM_OK)
            fail_msg("refused: %s", err.text);
        if (image->width != e->width || image->height != e->height ||
            crc_of(image) != e->crc)
            fail_msg("%s: %d x %d, CRC %08x, expected %d x %d, CRC %08x", path,
                image->width, image->height, (unsigned)crc_of(image), e->width, e->height,
                e->crc);
        assert_true(image->channels == 1 || image->channels == 3);
        assert_true(image->bits >= 8 && image->bits <= 64);
        assert_true(image->range_low < image->range_high);
        assert_true(image->sample_min <= image->sample_max);
        blm_image_free(image);
    }
}

// A copy in memory of the exact size, so that a sanitizer detects a read beyond it.
static uint8_t *copy_of(const blmi_file *file, size_t size)
{
    uint8_t *const copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, file->bytes, size);
    return copy;
}

// The last number of a decimal raster may lose digits without being noticed.
static bool ends_in_a_number(const uint8_t *bytes, size_t size)
{
    return bytes[0] == 'P' && bytes[1] >= '2' && bytes[1] <= '3' &&
           bytes[size - 1] >= '0' && bytes[size - 1] <= '9';
}

// The first `size` bytes are refused, or still contain the whole image.
static void check_cut(const entry *e, const blmi_file *file, size_t size)
{
    blm_image *image = NULL;
    blm_error err;
    uint8_t *const bytes = copy_of(file, size);
    const blm_status status =
        decode_twice(bytes, size, e->name, &e->options, &image, &err);
    if (status != BLM_OK)
        assert_refused(status, &err, e->name);
    else if (e->good && crc_of(image) != e->crc && !ends_in_a_number(bytes, size))
        fail_msg("%s: a truncated file was accepted: the first %zu bytes", e->name, size);
    blm_image_free(image);
    free(bytes);
}

static void files_cut_short_are_refused(void **state)
{
    const corpus *const all = *state;
    for (size_t i = 0; i < all->count; i++) {
        const entry *const e = &all->entries[i];
        char path[128];
        blmi_file file;
        blm_error err;
        if (e->page)
            continue;
        snprintf(path, sizeof path, "%s%s", FOLDER, e->name);
        assert_ok(blmi_file_read(path, 0, &file, &err), err);
        const size_t step = file.size < 4096 ? 1 : file.size / 53;
        for (size_t size = 0; size <= file.size; size += step)
            check_cut(e, &file, size);
        blmi_file_close(&file);
    }
}

static void changed_files_do_no_harm(void **state)
{
    const corpus *const all = *state;
    uint64_t random = 1;
    for (size_t i = 0; i < all->count; i++) {
        const entry *const e = &all->entries[i];
        char path[128];
        blmi_file file;
        blm_error err;
        if (e->page)
            continue;
        snprintf(path, sizeof path, "%s%s", FOLDER, e->name);
        assert_ok(blmi_file_read(path, 0, &file, &err), err);
        for (int round = 0; round < 200 && file.size > 0; round++) {
            uint8_t *const bytes = copy_of(&file, file.size);
            const int last = file.size > 1000 ? 1000 : (int)file.size;
            for (int change = random_below(&random, 3); change >= 0; change--)
                bytes[random_below(&random, last)] = (uint8_t)random_next(&random);
            blm_image *image = NULL;
            const blm_status status =
                decode_twice(bytes, file.size, e->name, &e->options, &image, &err);
            if (status != BLM_OK)
                assert_refused(status, &err, e->name);
            blm_image_free(image);
            free(bytes);
        }
        blmi_file_close(&file);
    }
}

// The memory sanitizer knows which bytes of our memory are written (no-op in other
// builds).
static void fresh_memory_counts_as_not_written(void **state)
{
    (void)state;
#ifdef BLMI_MEMORY_SANITIZER
    uint8_t *const memory = blmi_alloc(100, 1);
    assert_int_equal(__msan_test_shadow(memory, 100), 0);
    memory[0] = 1;
    assert_int_equal(__msan_test_shadow(memory, 100), 1);
    blmi_note_written(memory, 100);
    assert_int_equal(__msan_test_shadow(memory, 100), -1);
    blmi_free(memory);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_memory_counts_as_not_written),
        cmocka_unit_test(files_become_what_the_manifest_says),
        cmocka_unit_test(files_cut_short_are_refused),
        cmocka_unit_test(changed_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, read_manifest, NULL);
}
