// fault.h: errors of the applications, as in the library: a status, and one line of text
// from the function that found the fault.
#ifndef BLEMISH_APPS_FAULT_H
#define BLEMISH_APPS_FAULT_H

#include <stddef.h>

#include "blemish/status.h"

// Writes the printf-style text into err (NULL allowed) and returns status.
blm_status app_fail(blm_error *err, blm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// "out of memory for WHAT (BYTES bytes)", BLM_ENOMEM.
blm_status app_no_memory(blm_error *err, const char *what, size_t count, size_t size);

// Returns from the calling function if expr is not BLM_OK.  Only for functions that own
// nothing.
#define APP_TRY(expr)                                                                    \
    do {                                                                                 \
        const blm_status app_try_ = (expr);                                              \
        if (app_try_ != BLM_OK)                                                          \
            return app_try_;                                                             \
    } while (0)

#endif
