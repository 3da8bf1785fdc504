// fuzz_onnx.c: reads any bytes as an ONNX network, and cuts it to its last values.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/format/onnx_graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// What is cut out can be read again, and has the outputs that were asked for.
static void cut(const blmi_onnx *onnx, const char *name, const uint8_t *data, size_t size)
{
    uint8_t *part;
    size_t part_size;
    blmi_onnx *again;
    blm_error err;
    if (blmi_onnx_cut(onnx, &name, 1, data, size, &part, &part_size, &err) != BLM_OK)
        return;
    if (blmi_onnx_read("part", part, part_size, &again, &err) == BLM_OK) {
        if (blmi_onnx_output(again, 0) == NULL ||
            strcmp(blmi_onnx_output(again, 0), name) != 0 ||
            *blmi_onnx_data_name(again) != '\0')
            abort();
        blmi_onnx_free(again);
    }
    blmi_free(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    blmi_onnx *onnx;
    blm_error err;
    char near[100];
    const char *name;
    if (blmi_onnx_read("input", bytes, size, &onnx, &err) != BLM_OK) {
        if (strncmp(err.text, "input", strlen("input")) != 0)
            abort();
        return 0;
    }
    blmi_onnx_near(onnx, "fine", near, sizeof near);
    if (strlen(near) >= sizeof near || strchr(blmi_onnx_data_name(onnx), '/') != NULL)
        abort();
    for (size_t i = 0; i < 3 && (name = blmi_onnx_output(onnx, i)) != NULL; i++) {
        cut(onnx, name, NULL, 0);
        cut(onnx, name, bytes, size);
    }
    blmi_onnx_free(onnx);
    return 0;
}
