// Tests of safetensors.c: files are read as they were written, also by a second reader;
// invalid ones are refused with a clear message.
#include "tests/check.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/format/safetensors.h"

#define CORPUS "tests/corpus/safetensors/"

static char folder[] = "/tmp/blemish-format-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[96];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); // fails if a test or a writer left a file
}

// ---- an example with every type, lengths that are no multiples of anything, a scalar
// and an empty tensor -------------------------------------------------------------------

static const float floats[37] = {0.5f, -1.25f, 3e38f, [36] = 7.0f};
static const double doubles[3] = {1e300, -0.0, 0.1};
static const int64_t longs[1] = {5000000000};
static const int32_t ints[16] = {-1, [15] = 9};
static const uint16_t halves[5] = {0x3c00, [4] = 0x7bff};
static const uint8_t bytes[192] = {1, 2, 3, [191] = 255};

static const blmi_tensor example[] = {
    {.name = "odd", .dtype = BLMI_U8, .rank = 1, .shape = {7}, .data = bytes},
    {.name = "half", .dtype = BLMI_F16, .rank = 1, .shape = {5}, .data = halves},
    {.name = "brain", .dtype = BLMI_BF16, .rank = 2, .shape = {1, 3}, .data = halves},
    {.name = "float", .dtype = BLMI_F32, .rank = 1, .shape = {37}, .data = floats},
    {.name = "empty", .dtype = BLMI_F32, .rank = 2, .shape = {0, 3}, .data = floats},
    {.name = "double", .dtype = BLMI_F64, .rank = 1, .shape = {3}, .data = doubles},
    {.name = "scalar", .dtype = BLMI_I64, .rank = 0, .data = longs},
    {.name = "int", .dtype = BLMI_I32, .rank = 2, .shape = {4, 4}, .data = ints},
    {.name = "bytes", .dtype = BLMI_U8, .rank = 3, .shape = {2, 3, 32}, .data = bytes},
};
enum { EXAMPLE = sizeof example / sizeof *example };

static const blmi_pair example_pairs[] = {
    {"note", "gr\xc3\xbc\xc3\x9f \"dich\"\n"}, {"format", "example"}, {"empty", ""}};
enum { PAIRS = sizeof example_pairs / sizeof *example_pairs };

static void write_example(const char *path)
{
    blm_error err;
    assert_ok(
        blmi_safetensors_write(path, example, EXAMPLE, example_pairs, PAIRS, &err), err);
}

// The published values of XXH3-128 with seed 0, as xxhsum prints them.
static void hash_is_xxh3_128(void **state)
{
    (void)state;
    char text[BLMI_HASH_DIGITS + 1];
    blmi_hash *hash = blmi_hash_new();
    assert_non_null(hash);
    blmi_hash_text(hash, text);
    assert_string_equal(text, "99aa06d3014798d86001c324468d497f");
    blmi_hash_add(hash, "blem", 4);
    blmi_hash_add(hash, NULL, 0);
    blmi_hash_add(hash, "ish", 3);
    blmi_hash_text(hash, text);
    assert_string_equal(text, "1f5e312bcce1f67b9f6d0b5b954ddb56");
    blmi_hash_free(hash);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    blm_error err;
    blmi_safetensors file;
    const char *path = in_folder("example");
    write_example(path);
    assert_ok(blmi_safetensors_open(path, NULL, &file, &err), err);
    unlink(path);
    assert_true(file.checked);
    assert_int_equal(strlen(file.checksum), 32);
    assert_string_equal(blmi_safetensors_meta(&file, "checksum"), file.checksum);
    assert_int_equal(file.metadata_count, PAIRS + 1);
    for (size_t i = 0; i < PAIRS; i++)
        assert_string_equal(
            blmi_safetensors_meta(&file, example_pairs[i].key), example_pairs[i].value);
    assert_null(blmi_safetensors_meta(&file, "absent"));
    assert_int_equal(file.tensors.count, EXAMPLE);
    for (size_t i = 0; i < EXAMPLE; i++) {
        const blmi_tensor *want = &example[i];
        const blmi_tensor *got = blmi_tensors_find(&file.tensors, want->name);
        assert_non_null(got);
        assert_int_equal(got->dtype, want->dtype);
        assert_int_equal(got->rank, want->rank);
        assert_memory_equal(got->shape, want->shape, sizeof want->shape);
        const size_t size =
            (size_t)blmi_tensor_count(want) * blmi_dtype_size(want->dtype);
        if (size > 0)
            assert_memory_equal(got->data, want->data, size);
        if (size % 64 == 0)
            assert_int_equal((uintptr_t)got->data % 64, 0);
        assert_int_equal((uintptr_t)got->data % blmi_dtype_size(want->dtype), 0);
    }
    blmi_safetensors_close(&file);
    blmi_safetensors_close(&file); // harmless
}

static void equal_input_gives_equal_bytes(void **state)
{
    (void)state;
    blm_error err;
    blmi_tensor turned[EXAMPLE];
    blmi_pair turned_pairs[PAIRS];
    for (size_t i = 0; i < EXAMPLE; i++)
        turned[i] = example[EXAMPLE - 1 - i];
    for (size_t i = 0; i < PAIRS; i++)
        turned_pairs[i] = example_pairs[PAIRS - 1 - i];
    blmi_file first, second;
    const char *path = in_folder("example");
    write_example(path);
    assert_ok(blmi_file_read(path, 0, &first, &err), err);
    assert_ok(
        blmi_safetensors_write(path, turned, EXAMPLE, turned_pairs, PAIRS, &err), err);
    assert_ok(blmi_file_read(path, 0, &second, &err), err);
    unlink(path);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    blmi_file_close(&first);
    blmi_file_close(&second);
}

// tests/tools/read_safetensors.py was written from doc/format.md, not from our code.
static void a_second_reader_agrees(void **state)
{
    (void)state;
    static const char want[] = "empty: \n"
                               "format: example\n"
                               "note: gr\xc3\xbc\xc3\x9f \"dich\"\n\n"
                               "bytes U8 [2, 3, 32] 704 307a86f2\n"
                               "empty F32 [0, 3] 896 00000000\n"
                               "int I32 [4, 4] 896 82f7b075\n"
                               "double F64 [3] 960 d35873ec\n"
                               "scalar I64 [] 984 f5c335ea\n"
                               "float F32 [37] 992 cf182e54\n"
                               "brain BF16 [1, 3] 1140 d513f424\n"
                               "half F16 [5] 1146 7f7c0e76\n"
                               "odd U8 [7] 1156 31730f11\n";
    if (system("python3 -c 'import json, zlib' >/dev/null 2>&1") != 0) {
        puts("no python3: the second reader was not tried");
        skip();
    }
    char command[256], got[2048];
    const char *path = in_folder("example");
    write_example(path);
    snprintf(command, sizeof command,
        "PYTHONIOENCODING=utf-8 python3 tests/tools/read_safetensors.py %s", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    const size_t size = fread(got, 1, sizeof got - 1, pipe);
    got[size] = '\0';
    assert_int_equal(pclose(pipe), 0);
    unlink(path);
    assert_string_equal(got, want);
}

// ---- faults ---------------------------------------------------------------------------

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
        snprintf(path, sizeof path, CORPUS "%s.safetensors", name);
        blmi_safetensors file;
        blm_error err = {""};
        const blm_status status = blmi_safetensors_open(path, NULL, &file, &err);
        if (message == NULL) {
            if (status != BLM_OK)
                fail_msg("%s", err.text);
            assert_false(file.checked);
            assert_int_equal(strlen(file.checksum), 32);
            blmi_safetensors_close(&file);
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

static void what_must_be_understood_is_asked(void **state)
{
    (void)state;
    static const char *const other[] = {"!other", NULL};
    static const char *const known[] = {"!other", "!mirror", NULL};
    const char *path = CORPUS "must_understand.safetensors";
    blmi_safetensors file;
    blm_error err;
    assert_int_equal(blmi_safetensors_open(path, other, &file, &err), BLM_EINPUT);
    assert_ok(blmi_safetensors_open(path, known, &file, &err), err);
    assert_string_equal(blmi_safetensors_meta(&file, "!mirror"), "yes");
    blmi_safetensors_close(&file);
}

static void write_bytes(const char *path, const void *content, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, content, size), size);
    close(fd);
}

// The checksum detects every changed bit and every truncation of a blemish file.
static void damage_is_found(void **state)
{
    (void)state;
    static const blmi_pair pairs[] = {
        {"format", "blemish-example"}, {"format_version", BLMI_FORMAT_VERSION}};
    blm_error err;
    blmi_file whole;
    blmi_safetensors file;
    const char *path = in_folder("example");
    assert_ok(blmi_safetensors_write(path, example, 3, pairs, 2, &err), err);
    assert_ok(blmi_file_read(path, 0, &whole, &err), err);
    uint8_t *copy = malloc(whole.size);
    for (size_t at = 0; at < whole.size; at++) {
        memcpy(copy, whole.bytes, whole.size);
        copy[at] ^= (uint8_t)(1 << at % 8);
        write_bytes(in_folder("damaged"), copy, whole.size);
        const blm_status status =
            blmi_safetensors_open(in_folder("damaged"), NULL, &file, &err);
        if (status != BLM_EINPUT)
            fail_msg("a bit of byte %zu changed: status %d", at, (int)status);
        write_bytes(in_folder("damaged"), whole.bytes, at);
        assert_int_equal(
            blmi_safetensors_open(in_folder("damaged"), NULL, &file, &err), BLM_EINPUT);
    }
    free(copy);
    blmi_file_close(&whole);
    unlink(in_folder("damaged"));
    unlink(in_folder("example"));
}

static void writing_fails_calmly(void **state)
{
    (void)state;
    blm_error err;
    assert_int_equal(blmi_safetensors_write("/dev/full", example, EXAMPLE, NULL, 0, &err),
        BLM_ESYSTEM);
    assert_non_null(strstr(err.text, "/dev/full: cannot write"));
    assert_int_equal(
        blmi_safetensors_write(in_folder("absent/file"), example, EXAMPLE, NULL, 0, &err),
        BLM_ESYSTEM);
    assert_int_equal(
        blmi_safetensors_write(folder, example, EXAMPLE, NULL, 0, &err), BLM_ESYSTEM);
    if (geteuid() != 0) { // root can write everywhere
        assert_int_equal(chmod(folder, 0500), 0);
        assert_int_equal(
            blmi_safetensors_write(in_folder("file"), example, EXAMPLE, NULL, 0, &err),
            BLM_ESYSTEM);
        assert_int_equal(chmod(folder, 0700), 0);
    }
}

static void what_no_reader_would_take_is_not_written(void **state)
{
    (void)state;
    blm_error err;
    const char *path = in_folder("file");
    const blmi_tensor twice[] = {example[0], example[1], example[0]};
    assert_int_equal(blmi_safetensors_write(path, twice, 3, NULL, 0, &err), BLM_EBUG);
    const blmi_tensor reserved = {
        .name = "__metadata__", .dtype = BLMI_U8, .data = bytes};
    assert_int_equal(blmi_safetensors_write(path, &reserved, 1, NULL, 0, &err), BLM_EBUG);
    const blmi_pair checksum = {"checksum", "0"};
    assert_int_equal(
        blmi_safetensors_write(path, example, 1, &checksum, 1, &err), BLM_EBUG);
    const blmi_pair latin1 = {"name", "Gr\xfc\xdf"};
    assert_int_equal(
        blmi_safetensors_write(path, example, 1, &latin1, 1, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "not UTF-8"));
    static char flood[1 << 20];
    memset(flood, 'x', sizeof flood - 1);
    const blmi_pair lengthy = {"text", flood};
    assert_int_equal(
        blmi_safetensors_write(path, example, 1, &lengthy, 1, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "expected at most 1048576"));
    assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_is_xxh3_128),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(equal_input_gives_equal_bytes),
        cmocka_unit_test(a_second_reader_agrees),
        cmocka_unit_test(corpus_is_judged_as_expected),
        cmocka_unit_test(what_must_be_understood_is_asked),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(writing_fails_calmly),
        cmocka_unit_test(what_no_reader_would_take_is_not_written),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
