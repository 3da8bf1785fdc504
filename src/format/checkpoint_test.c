// Tests of checkpoint.c: files of torch.save are read as PyTorch reads them; damaged or
// harmful ones are refused with a clear message.
#include "tests/check.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/format/checkpoint.h"
#include "tests/npy.h"

#define CORPUS "tests/corpus/checkpoint/"

// ---- against PyTorch ------------------------------------------------------------------

static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
    uint32_t table[256], crc = 0xffffffff;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
    }
    for (size_t i = 0; i < size; i++)
        crc = table[(crc ^ bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

// Formats a tensor like a line of tests/tools/list_checkpoint.py.
static void describe(const blmi_tensor *t, char *line, size_t size)
{
    const size_t bytes = (size_t)blmi_tensor_count(t) * blmi_dtype_size(t->dtype);
    int at = snprintf(line, size, "%s\t%s\t[", t->name, blmi_dtype_name(t->dtype));
    for (int i = 0; i < t->rank; i++)
        at += snprintf(line + at, size - (size_t)at, "%s%lld", i > 0 ? "," : "",
            (long long)t->shape[i]);
    snprintf(line + at, size - (size_t)at, "]\t%08x\n", crc32_of(t->data, bytes));
}

static void compare_with_list(const char *path, const char *list)
{
    blm_error err;
    blmi_checkpoint checkpoint;
    char want[256], got[256];
    FILE *file = fopen(list, "r");
    assert_non_null(file);
    assert_ok(blmi_checkpoint_read(path, &checkpoint, &err), err);
    for (size_t i = 0; i < checkpoint.tensors.count; i++) {
        assert_non_null(fgets(want, sizeof want, file));
        describe(&checkpoint.tensors.items[i], got, sizeof got);
        assert_string_equal(got, want);
    }
    assert_null(fgets(want, sizeof want, file));
    fclose(file);
    blmi_checkpoint_close(&checkpoint);
}

static void golden_checkpoints_are_read_as_by_torch(void **state)
{
    (void)state;
    const char *path = golden_path("backbone/contnet_ti_rel_pre.pth");
    if (path == NULL)
        skip();
    compare_with_list(path, "tests/golden/checkpoint/contnet_ti_rel_pre.tsv");
    path = golden_path("backbone/contnet_ti_abs_post.pth");
    assert_non_null(path);
    compare_with_list(path, "tests/golden/checkpoint/contnet_ti_abs_post.tsv");
}

static void distilled_weights_are_read_as_by_torch(void **state)
{
    (void)state;
    const char *path = golden_path("../weights/contnet_s_distilled.pt");
    if (path == NULL)
        skip();
    compare_with_list(path, "tests/golden/checkpoint/contnet_s_distilled.tsv");
    path = golden_path("../weights/contnet_ti_distilled.pt");
    assert_non_null(path);
    compare_with_list(path, "tests/golden/checkpoint/contnet_ti_distilled.tsv");
}

// ---- the corpus -----------------------------------------------------------------------

// The tensors of every good file of the corpus.
static void check_tensors(const char *path, const blmi_tensors *tensors)
{
    static const float values[6] = {0, 1, 2, 3, 4, 5};
    static const int64_t number = 5000000000;
    const blmi_tensor *w = blmi_tensors_find(tensors, "w");
    const blmi_tensor *n = blmi_tensors_find(tensors, "n");
    if (tensors->count != 2 || w == NULL || n == NULL || w->dtype != BLMI_F32 ||
        w->rank != 2 || w->shape[0] != 2 || w->shape[1] != 3 ||
        memcmp(w->data, values, sizeof values) != 0 || n->dtype != BLMI_I64 ||
        n->rank != 0 || memcmp(n->data, &number, sizeof number) != 0)
        fail_msg("%s: tensors differ from w and n as written", path);
}

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
        snprintf(path, sizeof path, CORPUS "%s.pt", name);
        blmi_checkpoint checkpoint;
        blm_error err = {""};
        const blm_status status = blmi_checkpoint_read(path, &checkpoint, &err);
        if (message == NULL) {
            if (status != BLM_OK)
                fail_msg("%s", err.text);
            check_tensors(path, &checkpoint.tensors);
            blmi_checkpoint_close(&checkpoint);
            good++;
        } else {
            if (status != BLM_EINPUT || strstr(err.text, message) == NULL ||
                strstr(err.text, path) == NULL)
                fail_msg("%s: expected \"%s\", got status %d, \"%s\"", path, message,
                    (int)status, err.text);
            bad++;
        }
    }
    fclose(list);
    assert_true(good > 0 && bad > 0);
}

// Whatever the damage, the reader returns tensors or a message.
static void damage_is_survived(void **state)
{
    (void)state;
    char path[] = "/tmp/blemish-checkpoint-XXXXXX";
    blm_error err;
    blmi_file whole;
    blmi_checkpoint checkpoint;
    assert_ok(blmi_file_read(CORPUS "views.pt", 0, &whole, &err), err);
    uint8_t *copy = malloc(whole.size);
    const int fd = mkostemp(path, O_CLOEXEC);
    size_t refused = 0;
    for (size_t at = 0; at < whole.size; at++)
        for (int bit = 0; bit < 8; bit += 3) {
            memcpy(copy, whole.bytes, whole.size);
            copy[at] ^= (uint8_t)(1 << bit);
            assert_int_equal(pwrite(fd, copy, whole.size, 0), whole.size);
            const blm_status status = blmi_checkpoint_read(path, &checkpoint, &err);
            if (status == BLM_OK)
                blmi_checkpoint_close(&checkpoint);
            else
                assert_int_equal(status, BLM_EINPUT);
            refused += status != BLM_OK;
        }
    assert_true(refused > 0);
    for (size_t size = whole.size; size-- > 0;) {
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        assert_int_equal(blmi_checkpoint_read(path, &checkpoint, &err), BLM_EINPUT);
    }
    close(fd);
    unlink(path);
    free(copy);
    blmi_file_close(&whole);
}

static void absent_files_are_named(void **state)
{
    (void)state;
    blm_error err;
    blmi_checkpoint checkpoint;
    assert_int_equal(
        blmi_checkpoint_read("tests/absent.pt", &checkpoint, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "tests/absent.pt"));
    assert_int_equal(blmi_checkpoint_read("tests", &checkpoint, &err), BLM_EINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_checkpoints_are_read_as_by_torch),
        cmocka_unit_test(distilled_weights_are_read_as_by_torch),
        cmocka_unit_test(corpus_is_judged_as_expected),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(absent_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
