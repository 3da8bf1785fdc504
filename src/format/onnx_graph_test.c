// Tests of onnx_graph.c and onnx_cut.c: names and links are read, parts are cut out, and
// damaged files are refused with a clear message.
#include "tests/check.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/file.h"
#include "src/format/onnx_graph.h"

#define CORPUS "tests/corpus/onnx/"

static blmi_file read_file(const char *path)
{
    blmi_file file;
    blm_error err;
    assert_ok(blmi_file_read(path, INT32_MAX, &file, &err), err);
    return file;
}

static blmi_onnx *read_graph(const char *path, const blmi_file *file)
{
    blmi_onnx *onnx;
    blm_error err;
    assert_ok(blmi_onnx_read(path, file->bytes, file->size, &onnx, &err), err);
    return onnx;
}

// Each line of expected.tsv: a file, and a part of the message if it must be refused.
static void corpus_is_judged_as_expected(void **state)
{
    (void)state;
    char line[256], path[256];
    FILE *list = fopen(CORPUS "expected.tsv", "r");
    assert_non_null(list);
    size_t good = 0, bad = 0;
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *name = strtok(line, "\t"), *message = strtok(NULL, "");
        snprintf(path, sizeof path, CORPUS "%s.onnx", name);
        blmi_file file = read_file(path);
        blmi_onnx *onnx = NULL;
        blm_error err = {""};
        const blm_status status =
            blmi_onnx_read(path, file.bytes, file.size, &onnx, &err);
        if (message == NULL && status != BLM_OK)
            fail_msg("%s", err.text);
        if (message != NULL &&
            (status != BLM_EINPUT || strstr(err.text, message) == NULL ||
                strstr(err.text, path) == NULL))
            fail_msg("%s: expected \"%s\", got status %d, \"%s\"", path, message,
                (int)status, err.text);
        (*(message == NULL ? &good : &bad))++;
        blmi_onnx_free(onnx);
        blmi_file_close(&file);
    }
    fclose(list);
    assert_true(good > 0 && bad > 0);
}

static void names_and_shapes_are_read(void **state)
{
    (void)state;
    blmi_file file = read_file(CORPUS "two.onnx");
    blmi_onnx *onnx = read_graph(CORPUS "two.onnx", &file);
    const blmi_onnx_input *in = blmi_onnx_input_of(onnx);
    char near[200];
    assert_string_equal(in->name, "image");
    assert_int_equal(in->type, BLMI_ONNX_FLOAT);
    assert_int_equal(in->rank, 4);
    assert_true(in->shape[0] == -1 && in->shape[1] == 3 && in->shape[3] == -1);
    assert_false(blmi_onnx_takes_pixels(in));
    assert_string_equal(blmi_onnx_output(onnx, 0), "deep");
    assert_null(blmi_onnx_output(onnx, 1));
    assert_string_equal(blmi_onnx_data_name(onnx), "");
    assert_int_equal(blmi_onnx_find(onnx, "fine"), 1);
    assert_int_equal(blmi_onnx_find(onnx, "deep"), 3);
    assert_int_equal(blmi_onnx_find(onnx, "w1"), -1); // a tensor
    assert_int_equal(blmi_onnx_find(onnx, "absent"), -1);
    blmi_onnx_near(onnx, "fines", near, sizeof near);
    assert_int_equal(strncmp(near, "fine, ", 6), 0);
    blmi_onnx_near(onnx, "c", near, 4); // is cut off, not overrun
    assert_string_equal(near, "c2,");
    blmi_onnx_free(onnx);
    blmi_file_close(&file);
}

// Whether the bytes have a text.
static int has(const uint8_t *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void a_cut_has_only_what_is_needed(void **state)
{
    (void)state;
    blmi_file file = read_file(CORPUS "metadata.onnx");
    blmi_onnx *onnx = read_graph(CORPUS "metadata.onnx", &file), *part;
    const char *const fine[] = {"fine"}, *const both[] = {"deep", "fine"};
    const char *const tensor[] = {"w1"};
    uint8_t *bytes;
    size_t size;
    blm_error err;
    assert_ok(blmi_onnx_cut(onnx, fine, 1, NULL, 0, &bytes, &size, &err), err);
    assert_true(size < file.size && has(bytes, size, "w1") && has(bytes, size, "b1"));
    assert_false(
        has(bytes, size, "w2") || has(bytes, size, "c2") || has(bytes, size, "key"));
    assert_ok(blmi_onnx_read("part", bytes, size, &part, &err), err);
    assert_string_equal(blmi_onnx_output(part, 0), "fine");
    assert_null(blmi_onnx_output(part, 1));
    assert_int_equal(blmi_onnx_find(part, "deep"), -1);
    blmi_onnx_free(part);
    blmi_free(bytes);
    assert_ok(blmi_onnx_cut(onnx, both, 2, NULL, 0, &bytes, &size, &err), err);
    assert_ok(blmi_onnx_read("part", bytes, size, &part, &err), err);
    assert_string_equal(blmi_onnx_output(part, 0), "deep");
    assert_string_equal(blmi_onnx_output(part, 1), "fine");
    blmi_onnx_free(part);
    blmi_free(bytes);
    assert_int_equal(
        blmi_onnx_cut(onnx, tensor, 1, NULL, 0, &bytes, &size, &err), BLM_EINPUT);
    blmi_onnx_free(onnx);
    blmi_file_close(&file);
}

// A cut from an old file keeps the tensors that are listed among the inputs, too, and the
// graphs inside of nodes keep what they take.
static void needs_of_inner_graphs_are_kept(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"listed_twice", "w1"}, {"branch", "inner"}};
    const char *const deep[] = {"deep"};
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, CORPUS "%s.onnx", rows[i][0]);
        blmi_file file = read_file(path);
        blmi_onnx *onnx = read_graph(path, &file), *part;
        uint8_t *bytes;
        size_t size;
        blm_error err;
        assert_string_equal(blmi_onnx_input_of(onnx)->name, "image");
        assert_ok(blmi_onnx_cut(onnx, deep, 1, NULL, 0, &bytes, &size, &err), err);
        assert_true(has(bytes, size, rows[i][1]));
        assert_ok(blmi_onnx_read("part", bytes, size, &part, &err), err);
        assert_string_equal(blmi_onnx_input_of(part)->name, "image");
        blmi_onnx_free(part);
        blmi_free(bytes);
        blmi_onnx_free(onnx);
        blmi_file_close(&file);
    }
}

static void numbers_of_another_file_are_taken_in(void **state)
{
    (void)state;
    blmi_file file = read_file(CORPUS "elsewhere.onnx");
    blmi_file data = read_file(CORPUS "elsewhere.onnx.data");
    blmi_onnx *onnx = read_graph(CORPUS "elsewhere.onnx", &file), *part;
    const char *const deep[] = {"deep"};
    uint8_t *bytes;
    size_t size;
    blm_error err;
    assert_string_equal(blmi_onnx_data_name(onnx), "elsewhere.onnx.data");
    assert_ok(
        blmi_onnx_cut(onnx, deep, 1, data.bytes, data.size, &bytes, &size, &err), err);
    assert_non_null(memmem(bytes, size, data.bytes, data.size));
    assert_ok(blmi_onnx_read("part", bytes, size, &part, &err), err);
    assert_string_equal(blmi_onnx_data_name(part), "");
    blmi_onnx_free(part);
    blmi_free(bytes);
    assert_int_equal(
        blmi_onnx_cut(onnx, deep, 1, data.bytes, data.size - 1, &bytes, &size, &err),
        BLM_EINPUT);
    assert_non_null(strstr(err.text, "too short"));
    assert_int_equal(
        blmi_onnx_cut(onnx, deep, 1, NULL, 0, &bytes, &size, &err), BLM_EINPUT);
    blmi_onnx_free(onnx);
    blmi_file_close(&data);
    blmi_file_close(&file);
}

// Any byte may be wrong, and the file may end anywhere.
static void damage_is_survived(void **state)
{
    (void)state;
    blmi_file file = read_file(CORPUS "elsewhere.onnx");
    uint8_t *copy = malloc(file.size);
    size_t refused = 0;
    for (size_t i = 0; i < 2 * file.size; i++) {
        const size_t at = i / 2, size = i % 2 ? at : file.size;
        blmi_onnx *onnx = NULL;
        memcpy(copy, file.bytes, file.size);
        copy[at] ^= 0xff;
        blm_error err;
        if (blmi_onnx_read("damaged", copy, size, &onnx, &err) == BLM_OK)
            blmi_onnx_free(onnx);
        else
            refused++;
    }
    assert_true(refused > file.size);
    free(copy);
    blmi_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus_is_judged_as_expected),
        cmocka_unit_test(names_and_shapes_are_read),
        cmocka_unit_test(a_cut_has_only_what_is_needed),
        cmocka_unit_test(needs_of_inner_graphs_are_kept),
        cmocka_unit_test(numbers_of_another_file_are_taken_in),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
