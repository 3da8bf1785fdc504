// contnet_identify.c: which network a set of weights is.

#include "src/backbone/contnet_network.h"
#include "src/base/error.h"
#include "src/base/number.h"

const blmi_variant_shape blmi_variant_shapes[4] = {
    [BLMI_TI] = {"Ti", 48, {1, 1, 1, 1}, {196, 392, 768, 768}},
    [BLMI_S] = {"S", 64, {1, 1, 1, 1}, {256, 512, 1024, 1024}},
    [BLMI_M] = {"M", 64, {2, 2, 2, 2}, {256, 512, 1024, 1024}},
    [BLMI_B] = {"B", 64, {3, 4, 6, 3}, {256, 512, 1024, 1024}},
};

const char *blmi_variant_name(blmi_variant variant)
{
    return blmi_variant_shapes[variant].name;
}

int blmi_contnet_channels(blmi_variant variant, int stage)
{
    return blmi_variant_shapes[variant].planes << stage;
}

// The tensor layer<stage>.ConTBlock<block>.<leaf>, or NULL.
static const blmi_tensor *find(
    const blmi_tensors *weights, int stage, int block, const char *leaf)
{
    char name[128];
    blmi_print(name, sizeof name, "layer%d.ConTBlock%d.%s", stage, block, leaf);
    return blmi_tensors_find(weights, name);
}

static int count_blocks(const blmi_tensors *weights, int stage)
{
    int count = 0;
    while (find(weights, stage, count, "bn.weight"))
        count++;
    return count;
}

// Ti has a narrower stem, S, M and B differ in the number of blocks of layer1.
static blm_status find_variant(
    const blmi_tensors *weights, blmi_variant *variant, blm_error *err)
{
    const blmi_tensor *stem = blmi_tensors_find(weights, "layer0.conv.conv.weight");
    if (stem == NULL)
        return blmi_fail(err, BLM_EINPUT,
            "no tensor layer0.conv.conv.weight: not the weights of a ConTNet");
    const int blocks = count_blocks(weights, 1);
    for (blmi_variant v = BLMI_TI; v <= BLMI_B; v++) {
        if (stem->rank == 4 && stem->shape[0] == blmi_variant_shapes[v].planes &&
            blocks == blmi_variant_shapes[v].blocks[0]) {
            *variant = v;
            return BLM_OK;
        }
    }
    return blmi_fail(err, BLM_EINPUT,
        "layer0.conv.conv.weight has %lld channels and layer1 %d blocks, expected 48 and "
        "1 (Ti), 64 and 1 (S), 2 (M) or 3 (B)",
        stem->rank == 4 ? (long long)stem->shape[0] : 0, blocks);
}

blm_status blmi_contnet_identify(
    const blmi_tensors *weights, blmi_contnet_config *config, blm_error *err)
{
    blmi_contnet_config found = *config;
    BLMI_TRY(find_variant(weights, &found.variant, err));
    const blmi_variant_shape *shape = &blmi_variant_shapes[found.variant];
    found.relative =
        find(weights, 1, 0, "ste1.attn.relative_position_bias_table") != NULL;
    found.qkv_bias = find(weights, 1, 0, "ste1.attn.qkv.bias") != NULL;
    found.avgdown =
        find(weights, 1, shape->blocks[0] - 1, "downsample.conv.conv.weight") != NULL;
    for (found.stages = 0; found.stages < BLMI_STAGES; found.stages++) {
        const int stage = found.stages + 1, blocks = count_blocks(weights, stage);
        if (blocks == 0)
            break;
        if (blocks != shape->blocks[found.stages])
            return blmi_fail(err, BLM_EINPUT,
                "layer%d has %d blocks (tensors layer%d.ConTBlock*.bn.weight); "
                "ConTNet-%s "
                "has %d",
                stage, blocks, stage, shape->name, shape->blocks[found.stages]);
    }
    *config = found;
    return BLM_OK;
}
