// onnx_import.c: makes a weights file of an ONNX network.
#include "blemish/weights.h"
#include "src/backbone/weights_file.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"
#include "src/format/safetensors.h"

blm_status blm_weights_import_onnx(
    const char *path, const char *out, const blm_recipe *recipe, blm_error *err)
{
    BLMI_NEED(path, err);
    BLMI_NEED(out, err);
    blmi_weights weights;
    BLMI_TRY(blmi_recipe_open_weights(path, recipe, &weights, err));
    blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS + 4] = {
        {"format", BLMI_WEIGHTS_FORMAT},
        {"format_version", BLMI_FORMAT_VERSION},
        {"program", "blemish " BLM_VERSION},
        {"source_hash", weights.hash},
    };
    blm_status status = BLM_OK;
    if (weights.onnx == NULL)
        status =
            blmi_fail(err, BLM_EUSAGE, "%s: expected the path of an .onnx file", path);
    const size_t config = blmi_backbone_describe(&weights.backbone, pairs + 4);
    if (status == BLM_OK)
        status = blmi_safetensors_write(
            out, weights.tensors.items, weights.tensors.count, pairs, config + 4, err);
    blmi_weights_close(&weights);
    return status;
}
