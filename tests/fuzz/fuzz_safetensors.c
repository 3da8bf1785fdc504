// fuzz_safetensors.c: reads any bytes as a safetensors file.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/format/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// Checks that the first and the last byte of every tensor can be read, and that every
// string has an end.
static void look_at(const blmi_safetensors *file)
{
    size_t sum = 0;
    for (size_t i = 0; i < file->tensors.count; i++) {
        const blmi_tensor *t = &file->tensors.items[i];
        const uint8_t *data = t->data;
        const size_t length = (size_t)blmi_tensor_count(t) * blmi_dtype_size(t->dtype);
        if (blmi_tensors_find(&file->tensors, t->name) != t)
            abort();
        sum += strlen(t->name) + (length > 0 ? (size_t)data[0] + data[length - 1] : 0);
    }
    for (size_t i = 0; i < file->metadata_count; i++)
        if (blmi_safetensors_meta(file, file->metadata[i].key) != file->metadata[i].value)
            abort();
    if (sum == SIZE_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[32];
    blmi_safetensors file;
    blm_error err;
    const int fd = memfd_create("input", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    const blm_status status = blmi_safetensors_open(path, NULL, &file, &err);
    if (status == BLM_OK) {
        look_at(&file);
        blmi_safetensors_close(&file);
    } else if (status != BLM_EINPUT || strncmp(err.text, path, strlen(path)) != 0)
        abort();
    close(fd);
    return 0;
}
