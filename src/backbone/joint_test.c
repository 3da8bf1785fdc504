// Tests of networks side by side: each gives what it gives alone.
#include "tests/check.h"

#include <string.h>
#include <unistd.h>

#include "src/backbone/weights_file.h"
#include "tests/formula.h"

enum { SIDE = 224, PIXELS = SIDE * SIDE };

static blmi_weights open_weights(const char *name)
{
    blmi_weights weights;
    blm_error err;
    assert_ok(blmi_weights_open(name, NULL, &weights, &err), err);
    return weights;
}

// Pixels as bytes, and as a network wants them.
static uint8_t bytes[PIXELS * 3];

static float *pixels(const blmi_input *input)
{
    float *x = malloc(sizeof *x * PIXELS * 3);
    for (int i = 0; i < PIXELS * 3; i++) {
        bytes[i] = (uint8_t)(128 + 127 * formula_noise("pixels", (uint64_t)i));
        x[i] = (float)((bytes[i] / 255.0 - input->mean[i % 3]) / input->deviation[i % 3]);
    }
    return x;
}

// The outputs of these taps, in memory of the caller's.
static void run(const blmi_backbone *backbone, const blmi_tensors *weights,
    const int *taps, int count, float **out)
{
    blmi_network_options options = {
        .width = SIDE, .height = SIDE, .batch = 1, .taps = count};
    blmi_network *network;
    blmi_workspace *workspace;
    blm_error err;
    for (int i = 0; i < count; i++) {
        int width, height;
        options.tap[i] = taps[i];
        blmi_backbone_grid(backbone, taps[i], SIDE, SIDE, &width, &height);
        out[i] = malloc(sizeof **out * (size_t)width * (size_t)height *
                        (size_t)backbone->tap[taps[i]].channels);
    }
    float *x = pixels(&backbone->input);
    assert_ok(blmi_network_new(backbone, weights, &options, &network, &err), err);
    assert_ok(blmi_workspace_new(network, NULL, &workspace, &err), err);
    assert_ok(blmi_network_run(network, workspace, x, 1, out, &err), err);
    blmi_workspace_free(workspace);
    blmi_network_free(network);
    free(x);
}

static void each_gives_what_it_gives_alone(void **state)
{
    (void)state;
    blmi_weights both = open_weights("ti,s"),
                 one[2] = {open_weights("ti"), open_weights("s")};
    const blmi_backbone *b = &both.backbone;
    float *joint[4], *alone[4];
    assert_string_equal(b->name, "ConTNet-Ti + ConTNet-S");
    assert_int_equal(b->taps, 6);
    assert_int_equal(blmi_backbone_tap_find(b, "contnet-s:layer1"), 3);
    assert_int_equal(b->usual, 1 | 2 | 8 | 16); // strides 8 and 16 of both
    run(b, &both.tensors, (int[]){0, 2, 3, 4}, 4, joint);
    run(&one[0].backbone, &one[0].tensors, (int[]){0, 2}, 2, alone);
    run(&one[1].backbone, &one[1].tensors, (int[]){0, 1}, 2, alone + 2);
    static const size_t count[] = {
        28 * 28 * 96, 7 * 7 * 384, 28 * 28 * 128, 14 * 14 * 256};
    for (int i = 0; i < 4; i++) {
        assert_memory_equal(joint[i], alone[i], count[i] * sizeof(float));
        free(joint[i]);
        free(alone[i]);
    }
    const double sum = blmi_backbone_gflop(&one[0].backbone, 4, SIDE, SIDE) +
                       blmi_backbone_gflop(&one[1].backbone, 2, SIDE, SIDE);
    const double both_gflop = blmi_backbone_gflop(b, 4 | 16, SIDE, SIDE);
    assert_true(both_gflop > sum * 0.9999 && both_gflop < sum * 1.0001);
    for (int i = 0; i < 2; i++) {
        assert_string_not_equal(both.hash, one[i].hash);
        blmi_weights_close(&one[i]);
    }
    blmi_weights_close(&both);
}

static void a_part_can_be_written_and_read(void **state)
{
    (void)state;
    char path[] = "/tmp/blemish-joint-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    blmi_weights both = open_weights("ti,ti");
    blmi_tensor *kept = malloc(both.tensors.count * sizeof *kept);
    blmi_backbone part, again;
    blmi_safetensors file;
    size_t count;
    blm_error err;
    assert_ok(blmi_backbone_cut(
                  &both.backbone, &both.tensors, 2 | 8, kept, &count, &part, &err),
        err);
    assert_int_equal(part.taps, 2 + 1); // layer1 and layer2, layer1
    assert_string_equal(part.tap[2].name, "contnet-ti#2:layer1");
    blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS];
    const size_t pair_count = blmi_backbone_describe(&part, pairs);
    assert_ok(blmi_safetensors_write(path, kept, count, pairs, pair_count, &err), err);
    assert_ok(blmi_safetensors_open(path, NULL, &file, &err), err);
    assert_ok(blmi_backbone_read(path, &file, &file.tensors, &again, &err), err);
    assert_memory_equal(&again, &part, sizeof again);
    blmi_safetensors_close(&file);

    static const char *const wrong[] = {"", "contnet/true", "contnet/true contnet/maybe",
        "contnet/true resnet", "contnet/true contnet/true contnet/true", "contnet/"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pairs[0].value = wrong[i];
        assert_ok(
            blmi_safetensors_write(path, kept, count, pairs, pair_count, &err), err);
        assert_ok(blmi_safetensors_open(path, NULL, &file, &err), err);
        assert_int_equal(
            blmi_backbone_read(path, &file, &file.tensors, &again, &err), BLM_EINPUT);
        blmi_safetensors_close(&file);
    }
    free(kept);
    blmi_weights_close(&both);
    assert_int_equal(unlink(path), 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {",", "ti,", ",ti", "ti,,s", "ti,ti,ti,ti,ti,ti,ti"};
    blmi_weights weights;
    blm_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(blmi_weights_open(bad[i], NULL, &weights, &err), BLM_EUSAGE);
    assert_int_equal(blmi_weights_open("ti,nothing", NULL, &weights, &err), BLM_EINPUT);
    weights = open_weights("ti,s");
    blmi_tensor *kept = malloc(weights.tensors.count * sizeof *kept);
    blmi_backbone part;
    size_t count;
    assert_int_equal(blmi_backbone_cut(&weights.backbone, &weights.tensors, 1 | 2, kept,
                         &count, &part, &err),
        BLM_EUSAGE);
    assert_non_null(strstr(err.text, "no output of ConTNet-S is taken"));
    free(kept);
    blmi_weights_close(&weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gives_what_it_gives_alone),
        cmocka_unit_test(a_part_can_be_written_and_read),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
