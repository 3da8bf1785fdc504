#include "blemish/render.h"

#include "src/base/alloc.h"
#include "src/base/file.h"

void blm_bytes_free(blm_bytes *bytes)
{
    if (bytes == NULL)
        return;
    blmi_free(bytes->data);
    *bytes = (blm_bytes){0};
}

blm_status blm_bytes_write(const blm_bytes *bytes, const char *path, blm_error *err)
{
    return blmi_file_write(path, bytes->data, bytes->size, err);
}
