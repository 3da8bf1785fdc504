// describe.c: identifies and describes files of blemish.
#include <string.h>

#include "blemish/weights.h"
#include "src/backbone/onnx_file.h"
#include "src/backbone/weights_file.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/base/sized.h"
#include "src/format/safetensors.h"
#include "src/model/model.h"

blm_status blm_file_identify(const char *path, blm_file_kind *out, blm_error *err)
{
    BLMI_NEED(path, err);
    BLMI_NEED(out, err);
    if (blmi_onnx_is_path(path)) {
        *out = BLM_FILE_WEIGHTS;
        return BLM_OK;
    }
    blmi_safetensors file = {0};
    const char *understood[BLMI_MAX_UNDERSTOOD];
    blmi_model_understood(understood);
    BLMI_TRY(blmi_safetensors_open(path, understood, &file, err));
    const char *format = blmi_safetensors_meta(&file, "format");
    const int is_model = format != NULL && strcmp(format, "blemish-model") == 0;
    const int is_weights = format != NULL && strcmp(format, "blemish-weights") == 0;
    blmi_safetensors_close(&file);
    if (!is_model && !is_weights)
        return blmi_fail(err, BLM_EINPUT,
            "%s: a safetensors file, but neither a blemish model nor blemish weights",
            path);
    *out = is_model ? BLM_FILE_MODEL : BLM_FILE_WEIGHTS;
    return BLM_OK;
}

blm_status blm_weights_describe_sized(const char *path_or_name, const blm_recipe *recipe,
    blm_weights_info *given, size_t out_size, blm_error *err)
{
    blm_weights_info own;
    blm_weights_info *out = &own;
    BLMI_NEED(given, err);
    blmi_weights weights;
    BLMI_TRY(blmi_recipe_open_weights(path_or_name, recipe, &weights, err));
    const blmi_backbone *b = &weights.backbone;
    *out = (blm_weights_info){
        .unit = b->input.unit, .size = b->input.standard, .tap_count = b->taps};
    blmi_print(out->backbone, sizeof out->backbone, "%s", b->name);
    if (b->family->forms != NULL)
        blmi_print(out->form, sizeof out->form, "%s", b->family->forms[b->form].name);
    for (int i = 0; i < b->taps; i++) {
        blmi_print(out->taps[i].name, sizeof out->taps[i].name, "%s", b->tap[i].name);
        out->taps[i].channels = b->tap[i].channels;
        out->taps[i].stride = b->tap[i].stride;
    }
    blmi_print(out->hash, sizeof out->hash, "%s", weights.hash);
    for (size_t i = 0; i < weights.tensors.count; i++)
        out->numbers += blmi_tensor_count(&weights.tensors.items[i]);
    blmi_weights_close(&weights);
    blmi_sized_give(&own, sizeof own, given, out_size);
    return BLM_OK;
}
