#include "blemish/render.h"

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/writer.h"

void blm_bytes_free(blm_bytes *bytes)
{
    if (bytes == NULL)
        return;
    blmi_free(bytes->data);
    *bytes = (blm_bytes){0};
}

blm_status blm_bytes_write(const blm_bytes *bytes, const char *path, blm_error *err)
{
    BLMI_NEED(bytes, err);
    BLMI_NEED(path, err);
    if (bytes->size > 0)
        BLMI_NEED(bytes->data, err);
    return blmi_file_write(path, bytes->data, bytes->size, err);
}
