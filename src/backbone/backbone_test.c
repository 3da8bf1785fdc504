// Tests of the table of backbones: what it says of the networks in it.
#include "tests/check.h"

#include <string.h>

#include "src/backbone/contnet.h"
#include "tests/formula.h"

static blmi_backbone identify(blmi_contnet_config config)
{
    formula_weights weights = formula_weights_new(&config);
    blmi_backbone backbone;
    blm_error err;
    assert_ok(
        blmi_backbone_identify(&weights.set, config.pre_norm, &backbone, &err), err);
    formula_weights_free(&weights);
    return backbone;
}

static const blmi_contnet_config b = {
    BLMI_B, .relative = true, .qkv_bias = true, .pre_norm = true, .stages = 4};

static void operations_are_counted(void **state)
{
    (void)state;
    const blmi_backbone net = identify(b);
    // 6.11 GMAC up to layer3, 7.03 with layer4.
    const double third = blmi_backbone_gflop(&net, 1u << 2, 224, 224) / 2;
    const double fourth = blmi_backbone_gflop(&net, 1u << 3, 224, 224) / 2;
    assert_true(third > 6.105 && third < 6.115);
    assert_true(fourth > 7.025 && fourth < 7.035);
    assert_true(blmi_backbone_gflop(&net, 1u << 1, 448, 224) ==
                2 * blmi_backbone_gflop(&net, 1u << 1, 224, 224));
}

static void taps_have_names_and_grids(void **state)
{
    (void)state;
    const blmi_backbone net = identify(b);
    static const int channels[] = {128, 256, 512, 1024}, side[] = {28, 14, 7, 7};
    assert_string_equal(net.name, "ConTNet-B");
    assert_int_equal(net.taps, 4);
    for (int tap = 0; tap < net.taps; tap++) {
        char name[16];
        int width, height;
        snprintf(name, sizeof name, "layer%d", tap + 1);
        assert_int_equal(blmi_backbone_tap_find(&net, name), tap);
        assert_int_equal(net.tap[tap].channels, channels[tap]);
        blmi_backbone_grid(&net, tap, 448, 224, &width, &height);
        assert_true(width == 2 * side[tap] && height == side[tap]);
    }
    assert_int_equal(blmi_backbone_tap_find(&net, "layer0"), -1);
}

// One limit for all: a size that a network cannot take is refused before it is built.
static void sizes_are_refused_at_the_door(void **state)
{
    (void)state;
    const blmi_backbone net = identify(b);
    blm_error err;
    assert_ok(
        blmi_backbone_check_size(&net, BLMI_LARGEST_SIDE, BLMI_LARGEST_SIDE, &err), err);
    static const int bad[][2] = {{0, 224}, {224, -224}, {225, 224}, {224, 112},
        {BLMI_LARGEST_SIDE + 224, 224}, {224, 2 * BLMI_LARGEST_SIDE}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            blmi_backbone_check_size(&net, bad[i][0], bad[i][1], &err), BLM_EUSAGE);
}

static void a_part_is_a_backbone_too(void **state)
{
    (void)state;
    formula_weights weights = formula_weights_new(&b);
    blmi_tensor *kept = malloc(weights.set.count * sizeof *kept);
    const blmi_backbone net = identify(b);
    for (int tap = 0; tap < net.taps; tap++) {
        blmi_backbone part;
        size_t count;
        blm_error err;
        assert_ok(
            blmi_backbone_cut(&net, &weights.set, 1u << tap, kept, &count, &part, &err),
            err);
        assert_int_equal(part.taps, tap + 1);
        assert_true(tap < 3 ? count < weights.set.count : count == weights.set.count);
        assert_int_equal(part.form, net.form);
    }
    free(kept);
    formula_weights_free(&weights);
}

static void what_is_not_known_is_named(void **state)
{
    (void)state;
    const blmi_tensor item = {.name = "encoder.weight", .rank = 1, .shape = {1}};
    blmi_backbone net;
    blm_error err;
    assert_int_equal(
        blmi_backbone_identify(&(blmi_tensors){&item, 1}, -1, &net, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "encoder.weight"));
    assert_non_null(strstr(err.text, "ConTNet"));
    assert_int_equal(
        blmi_backbone_identify(&(blmi_tensors){NULL, 0}, -1, &net, &err), BLM_EINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_counted),
        cmocka_unit_test(taps_have_names_and_grids),
        cmocka_unit_test(sizes_are_refused_at_the_door),
        cmocka_unit_test(a_part_is_a_backbone_too),
        cmocka_unit_test(what_is_not_known_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
