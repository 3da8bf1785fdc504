// fuzz_checkpoint.c: reads any bytes as a file of torch.save, and as a bare pickle, which
// a fuzzer could hardly make inside a zip archive with its checksums.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/format/checkpoint.h"
#include "src/format/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_refusal(blm_status status, const blm_error *err, const char *path)
{
    if (status != BLM_EINPUT || strncmp(err->text, path, strlen(path)) != 0)
        abort();
}

static void read_file(const uint8_t *bytes, size_t size)
{
    char path[32];
    blmi_checkpoint checkpoint;
    blm_error err;
    const int fd = memfd_create("input", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    const blm_status status = blmi_checkpoint_read(path, &checkpoint, &err);
    if (status == BLM_OK) {
        for (size_t i = 0; i < checkpoint.tensors.count; i++) {
            const blmi_tensor *t = &checkpoint.tensors.items[i];
            if (blmi_tensors_find(&checkpoint.tensors, t->name) != t)
                abort();
        }
        blmi_checkpoint_close(&checkpoint);
    } else
        check_refusal(status, &err, path);
    close(fd);
}

static void read_pickle(const uint8_t *bytes, size_t size)
{
    blmi_pickle *pickle;
    blm_error err;
    const blm_status status = blmi_pickle_read("input", bytes, size, &pickle, &err);
    if (status != BLM_OK) {
        check_refusal(status, &err, "input");
        return;
    }
    const blmi_value *root = blmi_pickle_root(pickle);
    if (root->kind == BLMI_DICT)
        for (const blmi_entry *e = root->as.dict.first; e != NULL; e = e->next)
            if (e->value == NULL ||
                (e->key.size > 0 && e->key.bytes < (const char *)bytes))
                abort();
    blmi_pickle_free(pickle);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    read_file(bytes, size);
    read_pickle(bytes, size);
    return 0;
}
