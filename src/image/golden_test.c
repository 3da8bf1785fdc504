// Decodes and resizes the images of golden/pipeline.
#include "tests/check.h"

#include <stdbool.h>
#include <string.h>

#include "blemish/image.h"
#include "src/base/file.h"
#include "src/image/resize.h"
#include "tests/crc32.h"
#include "tests/npy.h"

enum { SIDE = 224, BYTES = SIDE * SIDE * 3, MAX_FOLDER = 1100 };

// The next value of "key": "..." at *at, which moves to the end of it; false at the end
// of text.
static bool next_value(const char **at, const char *key, char *value, size_t size)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\": \"", key);
    const char *found = strstr(*at, pattern);
    if (found == NULL)
        return false;
    found += strlen(pattern);
    const size_t length = strcspn(found, "\"");
    assert_true(length < size);
    memcpy(value, found, length);
    value[length] = '\0';
    *at = found + length;
    return true;
}

static int largest_difference(const uint8_t *a, const uint8_t *b, size_t count)
{
    int largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = abs(a[i] - b[i]) > largest ? abs(a[i] - b[i]) : largest;
    return largest;
}

// JPEG decoders may differ by 1; everything else is equal.
static void check_image(
    const char *folder, const char *path, uint32_t decoded_crc, const uint8_t *resized)
{
    char full[MAX_FOLDER + 300];
    blm_image *image;
    blm_error err;
    const bool jpeg = strstr(path, ".jpg") != NULL;
    static uint8_t out[BYTES];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    assert_ok(blm_image_read(full, NULL, &image, &err), err);
    const size_t size = (size_t)image->width * (size_t)image->height * 3;
    if (!jpeg && crc32_of(image->rgb, size) != decoded_crc)
        fail_msg("%s: decoded pixels differ", path);
    assert_ok(blmi_resize_rgb(image->rgb, image->width, image->height, 3 * image->width,
                  BLMI_BILINEAR, out, SIDE, SIDE, &err),
        err);
    const int difference = largest_difference(out, resized, BYTES);
    if (difference > (jpeg ? 1 : 0))
        fail_msg("%s: resized pixels differ by %d", path, difference);
    blm_image_free(image);
}

static void pipeline_images_equal_pillow(void **state)
{
    (void)state;
    const char *found = golden_path("pipeline/expected.json");
    if (found == NULL)
        skip();
    char folder[MAX_FOLDER], path[256], crc[16];
    snprintf(folder, sizeof folder, "%.*simages",
        (int)(strlen(found) - strlen("expected.json")), found);
    blmi_file file;
    blm_error err;
    assert_ok(blmi_file_read(found, 0, &file, &err), err);
    char *const json = strndup((const char *)file.bytes, file.size);
    assert_non_null(json);
    blmi_file_close(&file);
    npy resized = npy_load(golden_path("pipeline/resized_rgb.npy"), "u1");
    assert_true(npy_is(&resized, 4, (size_t[]){14, SIDE, SIDE, 3}));
    const char *at = strstr(json, "\"images\"");
    assert_non_null(at);
    for (size_t i = 0; i < 14; i++) {
        assert_true(next_value(&at, "path", path, sizeof path));
        assert_true(next_value(&at, "decoded_rgb_crc32", crc, sizeof crc));
        check_image(
            folder, path, (uint32_t)strtoul(crc, NULL, 16), resized.u1 + i * BYTES);
    }
    npy_free(&resized);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pipeline_images_equal_pillow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
