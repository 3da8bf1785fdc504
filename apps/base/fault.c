#include "apps/base/fault.h"

#include <stdarg.h>
#include <stdio.h>

blm_status app_fail(blm_error *err, blm_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

blm_status app_no_memory(blm_error *err, const char *what, size_t count, size_t size)
{
    return app_fail(
        err, BLM_ENOMEM, "out of memory for %s (%zu x %zu bytes)", what, count, size);
}
