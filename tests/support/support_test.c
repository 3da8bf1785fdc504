// Tests the test support: the check values of the formula.
#include "tests/check.h"

#include <string.h>

#include "tests/formula.h"
#include "tests/npy.h"

static uint32_t bits_of(const formula_weights *w, const char *name, size_t i)
{
    for (size_t k = 0; k < w->set.count; k++) {
        if (strcmp(w->items[k].name, name) == 0) {
            uint32_t bits;
            memcpy(&bits, (const float *)w->items[k].data + i, sizeof bits);
            return bits;
        }
    }
    fail_msg("no tensor %s", name);
    return 0;
}

static void formula_has_its_check_values(void **state)
{
    (void)state;
    formula_weights w = formula_weights_new(&(blmi_contnet_config){
        BLMI_B, .relative = true, .qkv_bias = true, .pre_norm = true, .stages = 4});
    assert_int_equal(bits_of(&w, "layer0.conv.conv.weight", 0), 0x3c3c5337);
    assert_int_equal(bits_of(&w, "layer1.ConTBlock0.bn.running_var", 63), 0x3f2bd887);
    assert_int_equal(
        bits_of(&w, "layer2.ConTBlock1.ste2.attn.relative_position_bias_table", 1457),
        0xbecdae60);
    assert_int_equal(
        bits_of(&w, "layer3.ConTBlock5.ste1.mlp.fc2.weight", 100000), 0xbbe12830);
    assert_int_equal(
        bits_of(&w, "layer4.ConTBlock2.out_conv.conv.weight", 524287), 0xbcb9f6c3);
    formula_weights_free(&w);
}

static void npy_reads_shape_and_data(void **state)
{
    (void)state;
    const char *path = "/tmp/blemish_support_test.npy";
    static const char header[] = "{'descr': '<f8', 'fortran_order': False, "
                                 "'shape': (2, 1), }\n";
    const double data[] = {1.5, -2};
    FILE *file = fopen(path, "wb");
    fwrite("\x93NUMPY\x01\x00", 1, 8, file);
    fputc(sizeof header - 1, file);
    fputc(0, file);
    fwrite(header, 1, sizeof header - 1, file);
    fwrite(data, sizeof *data, 2, file);
    fclose(file);
    npy array = npy_load(path, "f8");
    assert_true(npy_is(&array, 2, (size_t[]){2, 1}));
    assert_false(npy_is(&array, 1, (size_t[]){2}));
    assert_int_equal(array.count, 2);
    assert_memory_equal(array.f8, data, sizeof data);
    assert_null(array.f4);
    npy_free(&array);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formula_has_its_check_values),
        cmocka_unit_test(npy_reads_shape_and_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
