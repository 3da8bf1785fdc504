// Tests of weights files: importing, opening, finding them by name.
#include "tests/check.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blemish/weights.h"
#include "src/backbone/contnet.h"
#include "src/backbone/weights_file.h"
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

// What a backbone says under a metadata key.
static const char *said(const blmi_backbone *backbone, const char *key)
{
    blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS];
    const size_t count = blmi_backbone_describe(backbone, pairs);
    for (size_t i = 0; i < count; i++)
        if (strcmp(pairs[i].key, key) == 0)
            return pairs[i].value;
    return "";
}

// Imports a golden checkpoint and holds what can be opened then against it.
static void import_golden(
    const char *name, const char *form, const char *relative, const char *avgdown)
{
    blm_error err;
    blmi_checkpoint checkpoint;
    blmi_weights weights;
    const char *path = golden_path(name);
    if (path == NULL)
        skip();
    assert_ok(blm_weights_import(path, made, form, &err), err);
    assert_ok(blmi_weights_open(made, NULL, &weights, &err), err);
    assert_ok(blmi_checkpoint_read(path, &checkpoint, &err), err);
    const blmi_backbone *b = &weights.backbone;
    assert_string_equal(b->name, "ConTNet-Ti");
    assert_string_equal(b->family->forms[b->form].name, form);
    assert_string_equal(said(b, "backbone.relative"), relative);
    assert_string_equal(said(b, "backbone.avgdown"), avgdown);
    assert_string_equal(said(b, "backbone.qkv_bias"), "true");
    assert_int_equal(b->taps, 4);
    assert_true(weights.file[0].checked);
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
    import_golden("backbone/contnet_ti_rel_pre.pth", "pre-norm", "true", "true");
    import_golden("backbone/contnet_ti_abs_post.pth", "post-norm", "false", "false");
}

static void norm_is_asked_for_or_recorded(void **state)
{
    (void)state;
    blm_error err;
    blmi_weights first, second;
    assert_ok(blm_weights_import(SHIPPED, made, NULL, &err), err);
    assert_ok(blm_weights_import(SHIPPED, made, "pre-norm", &err), err);
    assert_int_equal(blm_weights_import(SHIPPED, made, "post-norm", &err), BLM_EUSAGE);
    assert_string_equal(
        err.text, SHIPPED ": records pre-norm, but post-norm was asked for");
    assert_ok(blmi_weights_open(SHIPPED, NULL, &first, &err), err);
    assert_ok(blmi_weights_open(made, NULL, &second, &err), err);
    assert_int_equal(first.tensors.count, second.tensors.count);
    for (size_t i = 0; i < first.tensors.count; i++)
        assert_true(same_tensor(&first.tensors.items[i], &second.tensors.items[i]));
    blmi_weights_close(&second);

    // The same tensors as another program would write them.
    assert_ok(blmi_safetensors_write(
                  made, first.tensors.items, first.tensors.count, NULL, 0, &err),
        err);
    assert_int_equal(blm_weights_import(made, made, NULL, &err), BLM_EUSAGE);
    assert_non_null(strstr(err.text, ": the tensors do not show the form of this "
                                     "ConTNet: say --form post-norm or --form "
                                     "pre-norm"));
    assert_int_equal(blm_weights_import(made, made, "norm", &err), BLM_EUSAGE);
    assert_ok(blm_weights_import(made, made, "post-norm", &err), err);
    assert_ok(blmi_weights_open(made, NULL, &second, &err), err);
    assert_string_equal(said(&second.backbone, "backbone.pre_norm"), "false");
    blmi_weights_close(&second);
    blmi_weights_close(&first);
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    blm_error err;
    assert_int_equal(
        blm_weights_import("tests/corpus/checkpoint/views.pt", made, "pre-norm", &err),
        BLM_EINPUT);
    assert_non_null(strstr(err.text, "tests/corpus/checkpoint/views.pt: "));
    assert_int_equal(
        blm_weights_import("tests/corpus/checkpoint/system.pt", made, "pre-norm", &err),
        BLM_EINPUT);
    assert_non_null(strstr(err.text, "global os.system"));
    assert_int_equal(blm_weights_import("tests/corpus/safetensors/overlap.safetensors",
                         made, "pre-norm", &err),
        BLM_EINPUT);
    assert_int_equal(
        blm_weights_import(SHIPPED, "/dev/full", "pre-norm", &err), BLM_ESYSTEM);
}

// ---- opening --------------------------------------------------------------------------

static void shipped_weights_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *backbone;
    } shipped[] = {{NULL, "ConTNet-B"}, {"b", "ConTNet-B"}, {"contnet-b", "ConTNet-B"},
        {"s", "ConTNet-S"}, {"ti", "ConTNet-Ti"}};
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        blm_error err;
        blmi_weights weights;
        assert_ok(blmi_weights_open(shipped[i].name, NULL, &weights, &err), err);
        const blmi_backbone *b = &weights.backbone;
        assert_string_equal(b->name, shipped[i].backbone);
        assert_string_equal(said(b, "backbone.relative"), "true");
        assert_string_equal(said(b, "backbone.qkv_bias"), "true");
        assert_string_equal(said(b, "backbone.pre_norm"), "true");
        assert_string_equal(said(b, "backbone.avgdown"), "false");
        assert_int_equal(b->taps, 3);
        assert_int_equal(weights.tensors.items[0].dtype, BLMI_F16);
        blmi_weights_close(&weights);
    }
}

static void the_environment_comes_first(void **state)
{
    (void)state;
    blm_error err;
    blmi_weights weights;
    char before[1000], link[100];
    snprintf(before, sizeof before, "%s", getenv("BLEMISH_WEIGHTS"));
    assert_ok(blm_weights_import(SHIPPED, made, "pre-norm", &err), err);
    assert_int_equal(setenv("BLEMISH_WEIGHTS", folder, 1), 0);
    assert_ok(blmi_weights_open("made", NULL, &weights, &err), err);
    blmi_weights_close(&weights);

    // Not there: looks further, in the user's own folder.
    assert_int_equal(blmi_weights_open("ti", NULL, &weights, &err), BLM_EINPUT);
    assert_int_equal(setenv("XDG_DATA_HOME", folder, 1), 0);
    snprintf(link, sizeof link, "%s/blemish", folder);
    assert_int_equal(mkdir(link, 0700), 0);
    snprintf(link, sizeof link, "%s/blemish/weights", folder);
    assert_int_equal(symlink(before, link), 0);
    assert_ok(blmi_weights_open("ti", NULL, &weights, &err), err);
    blmi_weights_close(&weights);
    assert_int_equal(unlink(link), 0);
    snprintf(link, sizeof link, "%s/blemish", folder);
    assert_int_equal(rmdir(link), 0);

    assert_int_equal(setenv("BLEMISH_WEIGHTS", before, 1), 0);
    assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
    assert_int_equal(blmi_weights_open("made", NULL, &weights, &err), BLM_EINPUT);
    assert_non_null(strstr(
        err.text, "weights \"made\": no made.safetensors or contnet-made.safetensors"));
}

static void other_files_are_refused(void **state)
{
    (void)state;
    blm_error err;
    blmi_weights weights;
    assert_int_equal(blmi_weights_open("./absent", NULL, &weights, &err), BLM_EINPUT);
    assert_int_equal(blmi_weights_open("tests/corpus/safetensors/two.safetensors", NULL,
                         &weights, &err),
        BLM_EINPUT);
    assert_non_null(strstr(err.text, "not a weights file"));
}

// Opens what is left after one metadata entry of a weights file was changed.
static void open_changed(const char *key, const char *value, const char *message)
{
    blm_error err;
    blmi_weights weights, other;
    blmi_pair pairs[16];
    size_t count = 0;
    assert_ok(blmi_weights_open(SHIPPED, NULL, &weights, &err), err);
    for (size_t i = 0; i < weights.file[0].metadata_count; i++) {
        const blmi_pair *pair = &weights.file[0].metadata[i];
        if (strcmp(pair->key, key) == 0)
            pairs[count++] = (blmi_pair){key, value};
        else if (strcmp(pair->key, "checksum") != 0)
            pairs[count++] = *pair;
    }
    assert_ok(blmi_safetensors_write(
                  made, weights.tensors.items, weights.tensors.count, pairs, count, &err),
        err);
    assert_int_equal(blmi_weights_open(made, NULL, &other, &err), BLM_EINPUT);
    if (strstr(err.text, message) == NULL)
        fail_msg("expected \"%s\", got \"%s\"", message, err.text);
    blmi_weights_close(&weights);
}

static void metadata_must_fit_the_tensors(void **state)
{
    (void)state;
    open_changed("backbone.variant", "B", "backbone.variant is \"B\", but the tensors");
    open_changed("backbone.variant", "b", "backbone.variant is \"b\", but the tensors");
    open_changed("backbone.relative", "false", "but the tensors show \"true\"");
    open_changed("backbone.qkv_bias", "false", "but the tensors show \"true\"");
    open_changed("backbone.avgdown", "true", "but the tensors show \"false\"");
    open_changed("backbone.pre_norm", "", "is \"\", expected \"false\" or");
    open_changed("backbone.stages", "4", "is \"4\", but the tensors show \"3\"");
    open_changed("backbone.stages", "0", "is \"0\", but the tensors show \"3\"");
    open_changed("format", "blemish-model", "not a weights file");
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
