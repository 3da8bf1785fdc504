// Tests of weights files: importing, opening, finding them by name.
#include "tests/check.h"

#include <string.h>
#include <unistd.h>

#include "blemish/weights.h"
#include "src/backbone/weights.h"
#include "src/format/checkpoint.h"
#include "tests/npy.h"

#define SHIPPED "weights/contnet-ti.safetensors"

static char folder[] = "/tmp/blemish-weights-XXXXXX";
static char made[64]; // a weights file in it

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(made, sizeof made, "%s/contnet-made.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return unlink(made) | rmdir(folder); // fails if something else was left behind
}

static bool same_tensor(const blmi_tensor *a, const blmi_tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0 &&
           memcmp(a->data, b->data,
               (size_t)blmi_tensor_count(a) * blmi_dtype_size(a->dtype)) == 0;
}

// ---- importing ------------------------------------------------------------------------

// Imports a golden checkpoint and holds what can be opened then against it.
static void import_golden(
    const char *name, blm_norm norm, const blmi_contnet_config *want)
{
    blm_error err;
    blmi_checkpoint checkpoint;
    blmi_weights weights;
    const char *path = golden_path(name);
    if (path == NULL)
        skip();
    assert_ok(blm_weights_import(path, made, norm, &err), err);
    assert_ok(blmi_weights_open(made, &weights, &err), err);
    assert_ok(blmi_checkpoint_read(path, &checkpoint, &err), err);
    assert_int_equal(weights.config.variant, want->variant);
    assert_int_equal(weights.config.relative, want->relative);
    assert_int_equal(weights.config.qkv_bias, want->qkv_bias);
    assert_int_equal(weights.config.pre_norm, want->pre_norm);
    assert_int_equal(weights.config.avgdown, want->avgdown);
    assert_int_equal(weights.config.stages, want->stages);
    assert_true(weights.file.checked);
    size_t left_out = 0;
    for (size_t i = 0; i < checkpoint.tensors.count; i++) {
        const blmi_tensor *t = &checkpoint.tensors.items[i];
        const blmi_tensor *got = blmi_tensors_find(&weights.tensors, t->name);
        if (got != NULL)
            assert_true(same_tensor(t, got));
        else {
            assert_true(t->dtype == BLMI_I64 || strncmp(t->name, "fc.", 3) == 0);
            left_out++;
        }
    }
    assert_int_equal(weights.tensors.count + left_out, checkpoint.tensors.count);
    assert_null(blmi_tensors_find(&weights.tensors, "fc.weight"));
    blmi_checkpoint_close(&checkpoint);
    blmi_weights_close(&weights);
}

static void golden_checkpoints_are_imported(void **state)
{
    (void)state;
    import_golden("backbone/contnet_ti_rel_pre.pth", BLM_NORM_PRE,
        &(blmi_contnet_config){BLMI_TI, true, true, true, true, 4});
    import_golden("backbone/contnet_ti_abs_post.pth", BLM_NORM_POST,
        &(blmi_contnet_config){BLMI_TI, false, true, false, false, 4});
}

static void norm_is_asked_for_or_recorded(void **state)
{
    (void)state;
    blm_error err;
    blmi_weights first, second;
    assert_ok(blm_weights_import(SHIPPED, made, BLM_NORM_UNKNOWN, &err), err);
    assert_ok(blm_weights_import(SHIPPED, made, BLM_NORM_PRE, &err), err);
    assert_int_equal(blm_weights_import(SHIPPED, made, BLM_NORM_POST, &err), BLM_EUSAGE);
    assert_string_equal(
        err.text, SHIPPED ": records pre-norm, but post-norm was asked for");
    assert_ok(blmi_weights_open(SHIPPED, &first, &err), err);
    assert_ok(blmi_weights_open(made, &second, &err), err);
    assert_int_equal(first.tensors.count, second.tensors.count);
    for (size_t i = 0; i < first.tensors.count; i++)
        assert_true(same_tensor(&first.tensors.items[i], &second.tensors.items[i]));
    blmi_weights_close(&second);

    // The same tensors as another program would write them.
    assert_ok(blmi_safetensors_write(
                  made, first.tensors.items, first.tensors.count, NULL, 0, &err),
        err);
    assert_int_equal(blm_weights_import(made, made, BLM_NORM_UNKNOWN, &err), BLM_EUSAGE);
    assert_non_null(strstr(err.text,
        ": cannot tell pre-norm from post-norm: say --pre-norm or --post-norm"));
    assert_int_equal(blm_weights_import(made, made, (blm_norm)3, &err), BLM_EUSAGE);
    assert_ok(blm_weights_import(made, made, BLM_NORM_POST, &err), err);
    assert_ok(blmi_weights_open(made, &second, &err), err);
    assert_false(second.config.pre_norm);
    blmi_weights_close(&second);
    blmi_weights_close(&first);
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    blm_error err;
    assert_int_equal(
        blm_weights_import("tests/corpus/checkpoint/views.pt", made, BLM_NORM_PRE, &err),
        BLM_EINPUT);
    assert_non_null(strstr(err.text, "tests/corpus/checkpoint/views.pt: "));
    assert_int_equal(
        blm_weights_import("tests/corpus/checkpoint/system.pt", made, BLM_NORM_PRE, &err),
        BLM_EINPUT);
    assert_non_null(strstr(err.text, "refuses the global os.system"));
    assert_int_equal(blm_weights_import("tests/corpus/safetensors/overlap.safetensors",
                         made, BLM_NORM_PRE, &err),
        BLM_EINPUT);
    assert_int_equal(
        blm_weights_import(SHIPPED, "/dev/full", BLM_NORM_PRE, &err), BLM_ESYSTEM);
}

// ---- opening --------------------------------------------------------------------------

static void shipped_weights_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        blmi_variant variant;
    } shipped[] = {{NULL, BLMI_B}, {"b", BLMI_B}, {"s", BLMI_S}, {"ti", BLMI_TI}};
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        blm_error err;
        blmi_weights weights;
        assert_ok(blmi_weights_open(shipped[i].name, &weights, &err), err);
        assert_int_equal(weights.config.variant, shipped[i].variant);
        assert_true(weights.config.relative && weights.config.qkv_bias &&
                    weights.config.pre_norm && !weights.config.avgdown);
        assert_int_equal(weights.config.stages, 3);
        assert_int_equal(weights.tensors.items[0].dtype, BLMI_F16);
        blmi_weights_close(&weights);
    }
}

static void the_environment_comes_first(void **state)
{
    (void)state;
    blm_error err;
    blmi_weights weights;
    assert_ok(blm_weights_import(SHIPPED, made, BLM_NORM_PRE, &err), err);
    assert_int_equal(setenv("BLEMISH_WEIGHTS", folder, 1), 0);
    assert_ok(blmi_weights_open("made", &weights, &err), err);
    blmi_weights_close(&weights);
    assert_ok(blmi_weights_open("ti", &weights, &err), err); // not there: looks further
    blmi_weights_close(&weights);
    assert_int_equal(unsetenv("BLEMISH_WEIGHTS"), 0);
    assert_int_equal(blmi_weights_open("made", &weights, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "weights \"made\": no contnet-made.safetensors"));
}

static void other_files_are_refused(void **state)
{
    (void)state;
    blm_error err;
    blmi_weights weights;
    assert_int_equal(blmi_weights_open("./absent", &weights, &err), BLM_EINPUT);
    assert_int_equal(
        blmi_weights_open("tests/corpus/safetensors/two.safetensors", &weights, &err),
        BLM_EINPUT);
    assert_non_null(strstr(err.text, "no weights file"));
}

// Opens what is left after one metadata entry of a weights file was changed.
static void open_changed(const char *key, const char *value, const char *message)
{
    blm_error err;
    blmi_weights weights, other;
    blmi_pair pairs[16];
    size_t count = 0;
    assert_ok(blmi_weights_open(SHIPPED, &weights, &err), err);
    for (size_t i = 0; i < weights.file.metadata_count; i++) {
        const blmi_pair *pair = &weights.file.metadata[i];
        if (strcmp(pair->key, key) == 0)
            pairs[count++] = (blmi_pair){key, value};
        else if (strcmp(pair->key, "checksum") != 0)
            pairs[count++] = *pair;
    }
    assert_ok(blmi_safetensors_write(
                  made, weights.tensors.items, weights.tensors.count, pairs, count, &err),
        err);
    assert_int_equal(blmi_weights_open(made, &other, &err), BLM_EINPUT);
    if (strstr(err.text, message) == NULL)
        fail_msg("expected \"%s\", got \"%s\"", message, err.text);
    blmi_weights_close(&weights);
}

static void metadata_must_fit_the_tensors(void **state)
{
    (void)state;
    open_changed("backbone.variant", "B", "backbone.variant is \"B\", but the tensors");
    open_changed("backbone.variant", "b", "backbone.variant is \"b\", expected Ti to B");
    open_changed("backbone.relative", "false", "but the tensors show \"true\"");
    open_changed("backbone.qkv_bias", "false", "but the tensors show \"true\"");
    open_changed("backbone.avgdown", "true", "but the tensors show \"false\"");
    open_changed("backbone.pre_norm", "", "is \"\", expected false to true");
    open_changed("backbone.stages", "4", "is \"4\", but the tensors show \"3\"");
    open_changed("backbone.stages", "0", "is \"0\", expected 1 to 4");
    open_changed("format", "blemish-model", "no weights file");
    open_changed("format_version", "2.0", "format_version 2.0 of blemish-weights");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_checkpoints_are_imported),
        cmocka_unit_test(norm_is_asked_for_or_recorded),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(shipped_weights_are_found_by_name),
        cmocka_unit_test(the_environment_comes_first),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(metadata_must_fit_the_tensors),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
