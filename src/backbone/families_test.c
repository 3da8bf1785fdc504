// Tests of the families of transformers: what is read off names and shapes, and what is
// refused.
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/backbone/backbone_table.h"
#include "src/backbone/joint.h"
#include "tests/published.h"

static blmi_backbone identify(const blmi_tensors *set)
{
    blmi_backbone backbone;
    blm_error err;
    assert_ok(blmi_backbone_identify(set, -1, &backbone, &err), err);
    return backbone;
}

static void networks_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *published, *name;
        int unit, taps;
        const char *usual[2];
    } rows[] = {
        {"dino_vits16", "DINO-S16", 16, 14, {"block5", "block8"}},
        {"dino_vits8", "DINO-S8", 8, 14, {"block5", "block8"}},
        {"dinov2_vits14", "DINOv2-S14", 14, 14, {"block5", "block8"}},
        {"dinov2_vits14_reg4", "DINOv2-S14-reg4", 14, 14, {"block5", "block8"}},
        {"convit_tiny", "ConViT-Ti", 16, 14, {"block5", "block8"}},
        {"cct_14_7x2_224", "CCT-14/7x2", 16, 16, {"block6", "block9"}},
        {"cvt13", "CvT-13", 16, 16, {"stage1", "stage2"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        formula_weights weights = published_weights(rows[i].published);
        const blmi_backbone b = identify(&weights.set);
        uint32_t usual = 0;
        for (int k = 0; k < 2; k++)
            usual |= 1u << blmi_backbone_tap_find(&b, rows[i].usual[k]);
        assert_string_equal(b.name, rows[i].name);
        assert_int_equal(b.input.unit, rows[i].unit);
        assert_int_equal(b.input.standard, 224);
        assert_int_equal(b.taps, rows[i].taps);
        assert_int_equal(b.usual, usual);
        formula_weights_free(&weights);
    }
}

static void sizes_are_checked(void **state)
{
    (void)state;
    formula_weights s14 = published_weights("dinov2_vits14");
    formula_weights ti = published_weights("convit_tiny");
    const blmi_backbone many = identify(&s14.set), one = identify(&ti.set);
    blm_error err;
    assert_ok(blmi_backbone_check_size(&many, 448, 182, &err), err);
    assert_ok(blmi_backbone_check_size(&one, 224, 224, &err), err);
    assert_int_equal(blmi_backbone_check_size(&many, 450, 182, &err), BLM_EUSAGE);
    assert_int_equal(blmi_backbone_check_size(&one, 448, 448, &err), BLM_EUSAGE);
    formula_weights_free(&s14);
    formula_weights_free(&ti);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const blmi_tensor *)a)->name, ((const blmi_tensor *)b)->name);
}

// Files say what a part does not show.
static void is_read_back(
    const blmi_backbone *part, const blmi_tensor *tensors, size_t count)
{
    char path[] = "/tmp/blemish_part_XXXXXX";
    blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS];
    blmi_safetensors file;
    blmi_backbone read;
    blm_error err;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    const size_t said = blmi_backbone_describe(part, pairs);
    assert_ok(blmi_safetensors_write(path, tensors, count, pairs, said, &err), err);
    assert_ok(blmi_safetensors_open(path, NULL, &file, &err), err);
    assert_ok(blmi_backbone_read(path, &file, &file.tensors, &read, &err), err);
    assert_string_equal(read.name, part->name);
    assert_ptr_equal(read.family, part->family);
    assert_int_equal(read.taps, part->taps);
    for (int k = 0; k < read.taps; k++)
        assert_string_equal(read.tap[k].name, part->tap[k].name);
    blmi_safetensors_close(&file);
    unlink(path);
}

// Part of several networks: also the names of their taps.
static void a_part_of_several_has_the_same_names(void **state)
{
    (void)state;
    static const char *const published[] = {"resnet101", "efficientnet_lite2"};
    formula_weights weights[2];
    blmi_backbone one[2], joint, part;
    blm_error err;
    size_t count = 0;
    for (int i = 0; i < 2; i++) {
        weights[i] = published_weights(published[i]);
        one[i] = identify(&weights[i].set);
        count += weights[i].set.count;
    }
    assert_ok(blmi_joint_make(one, 2, &joint, &err), err);
    blmi_tensor *all = malloc(count * sizeof *all), *kept = malloc(count * sizeof *kept);
    char(*name)[100] = malloc(count * sizeof *name);
    for (size_t i = 0, k = 0; i < 2; i++)
        for (size_t n = 0; n < weights[i].set.count; n++, k++) {
            all[k] = weights[i].set.items[n];
            snprintf(name[k], sizeof *name, "%zu.%s", i, all[k].name);
            all[k].name = name[k];
        }
    const uint32_t taps = 1u << blmi_backbone_tap_find(&joint, "resnet-101:layer1") |
                          1u << blmi_backbone_tap_find(&joint, "efficientnet-lite2:stem");
    assert_ok(blmi_backbone_cut(
                  &joint, &(blmi_tensors){all, count}, taps, kept, &count, &part, &err),
        err);
    assert_string_equal(part.name, "ResNet-101 + EfficientNet-Lite2");
    assert_true(blmi_backbone_tap_find(&part, "resnet-101:layer1") >= 0);
    is_read_back(&part, kept, count);
    free(name);
    free(kept);
    free(all);
    for (int i = 0; i < 2; i++)
        formula_weights_free(&weights[i]);
}

// A model keeps what its taps need: that is taken for the same network, whose tap has the
// same shape, if only its first tap is kept.
static void a_part_is_taken_for_the_same(void **state)
{
    (void)state;
    static const char *const published[] = {"resnet18", "resnet101", "wide_resnet50_2",
        "efficientnet_lite0", "efficientnet_b4", "dino_vits16", "dinov2_vits14_reg4",
        "convit_tiny", "cct_14_7x2_224", "cvt13"};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        formula_weights weights = published_weights(published[i]);
        blmi_tensor *kept = malloc(weights.set.count * sizeof *kept);
        blmi_backbone whole;
        blm_error err;
        assert_true(weights.set.count > 0);
        assert_ok(blmi_backbone_identify(&weights.set, 0, &whole, &err), err);
        for (int tap = 0; tap < whole.taps; tap++) {
            blmi_backbone part;
            size_t count;
            const blm_status status = blmi_backbone_cut(
                &whole, &weights.set, 1u << tap, kept, &count, &part, &err);
            if (status != BLM_OK)
                fail_msg("%s, %s: %s", published[i], whole.tap[tap].name, err.text);
            const int found = blmi_backbone_tap_find(&part, whole.tap[tap].name);
            assert_true(found >= 0);
            assert_ptr_equal(part.family, whole.family);
            assert_int_equal(part.tap[found].channels, whole.tap[tap].channels);
            assert_int_equal(part.tap[found].stride, whole.tap[tap].stride);
            assert_string_equal(part.name, whole.name);
            if (tap == 0)
                is_read_back(&part, kept, count);
        }
        free(kept);
        formula_weights_free(&weights);
    }
}

// Transformers of the same names that compute something else.
static void others_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *published, *tensor;
    } rows[] = {
        {"dino_vits16", "blocks.0.mlp.w12.weight"},
        {"dino_vits16", "reg_token"},
        {"dino_vits16", "dist_token"},
        {"dino_vits16", "norm_pre.weight"},
        {"cct_14_7x2_224", "classifier.class_emb"},
        {"cvt13", "stage3.patch_embed.proj.weight"},
        {"convit_tiny", "blocks.11.attn.qk.weight"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        formula_weights weights = published_weights(rows[i].published);
        const size_t count = weights.set.count;
        blmi_tensor *items = malloc((count + 1) * sizeof *items);
        blmi_backbone found;
        blm_error err;
        memcpy(items, weights.items, count * sizeof *items);
        items[count] = weights.items[0];
        items[count].name = rows[i].tensor;
        qsort(items, count + 1, sizeof *items, by_name);
        assert_int_equal(
            blmi_backbone_identify(&(blmi_tensors){items, count + 1}, -1, &found, &err),
            BLM_EINPUT);
        assert_non_null(strstr(err.text, rows[i].tensor));
        free(items);
        formula_weights_free(&weights);
    }
}

// A shape that is not what it should be is found before anything is computed of it.
static void odd_shapes_are_refused(void **state)
{
    (void)state;
    static const char *const published[] = {
        "dinov2_vits14_reg4", "convit_tiny", "cct_14_7x2_224", "cvt13"};
    static const int64_t odd[] = {0, -1, 5, INT32_MAX, INT64_MAX};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        formula_weights weights = published_weights(published[i]);
        const blmi_backbone whole = identify(&weights.set);
        const blmi_network_options options = {
            .width = 224, .height = 224, .batch = 1, .taps = 1, .tap = {whole.taps - 1}};
        for (size_t k = 0; k < weights.set.count; k += k < 8 ? 1 : 41) {
            blmi_tensor *t = &weights.items[k];
            const blmi_tensor kept = *t;
            for (size_t o = 0; o <= sizeof odd / sizeof *odd; o++) {
                blmi_backbone found;
                blmi_network *network;
                blm_error err;
                if (o < sizeof odd / sizeof *odd)
                    t->shape[o % (size_t)t->rank] = odd[o];
                else
                    t->rank = 0;
                blm_status status =
                    blmi_backbone_identify(&weights.set, -1, &found, &err);
                if (status == BLM_OK)
                    status =
                        blmi_network_new(&whole, &weights.set, &options, &network, &err);
                if (status != BLM_EINPUT)
                    fail_msg("%s, %s: status %d", published[i], t->name, (int)status);
                *t = kept;
            }
        }
        formula_weights_free(&weights);
    }
}

// Not computed in another type without a word.
static void int8_is_refused(void **state)
{
    (void)state;
    static const char *const published[] = {"resnet18", "efficientnet_lite0", "cvt13"};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        formula_weights weights = published_weights(published[i]);
        const blmi_backbone backbone = identify(&weights.set);
        const blmi_network_options options = {
            .width = 224, .height = 224, .batch = 1, .type = BLM_TYPE_INT8, .taps = 1};
        blmi_network *network;
        blm_error err;
        assert_int_equal(
            blmi_network_new(&backbone, &weights.set, &options, &network, &err),
            BLM_EUSAGE);
        assert_non_null(strstr(err.text, "expected f32 or bf16"));
        formula_weights_free(&weights);
    }
}

static void other_names_are_translated(void **state)
{
    (void)state;
    static const struct {
        const char *theirs, *ours;
    } vit[] =
        {
            {"classifier.weight", "classifier.weight"},
            {"embeddings.cls_token", "cls_token"},
            {"embeddings.patch_embeddings.projection.bias", "patch_embed.proj.bias"},
            {"embeddings.position_embeddings", "pos_embed"},
            {"encoder.layer.11.attention.attention.key.weight",
                "blocks.11.attn.k.weight"},
            {"encoder.layer.0.layer_scale2.lambda1", "blocks.0.ls2.gamma"},
            {"encoder.layer.x.norm1.weight", "encoder.layer.x.norm1.weight"},
            {"layernorm.bias", "norm.bias"},
            {"layernormal.bias", "layernormal.bias"},
        },
      cvt[] = {
          {"encoder.stages.0.embedding.convolution_embeddings.projection.weight",
              "stage0.patch_embed.proj.weight"},
          {"encoder.stages.2.cls_token", "stage2.cls_token"},
          {"encoder.stages.2.layers.9.attention.attention.convolution_projection_value."
           "convolution_projection.normalization.running_var",
              "stage2.blocks.9.attn.conv_proj_v.bn.running_var"},
          {"encoder.stages.1.layers.0.output.dense.bias", "stage1.blocks.0.mlp.fc2.bias"},
          {"encoder.stages.1.layers.0.attention.output.dense.bias",
              "stage1.blocks.0.attn.proj.bias"},
          {"layernorm.bias", "layernorm.bias"},
      };
    blmi_tensor items[9] = {{0}};
    char names[9][BLMI_LONGEST_ALIAS];
    for (int i = 0; i < 9; i++)
        items[i].name = vit[i].theirs;
    blmi_backbone_rename(items, 9, names);
    for (int i = 0; i < 9; i++)
        assert_string_equal(items[i].name, vit[i].ours);
    for (int i = 0; i < 6; i++)
        items[i].name = cvt[i].theirs;
    blmi_backbone_rename(items, 6, names);
    for (int i = 0; i < 6; i++)
        assert_string_equal(items[i].name, cvt[i].ours);
    items[0].name = "layernorm.bias"; // of no file that has such names
    blmi_backbone_rename(items, 1, names);
    assert_string_equal(items[0].name, "layernorm.bias");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_named),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(a_part_is_taken_for_the_same),
        cmocka_unit_test(a_part_of_several_has_the_same_names),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(odd_shapes_are_refused),
        cmocka_unit_test(int8_is_refused),
        cmocka_unit_test(other_names_are_translated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
