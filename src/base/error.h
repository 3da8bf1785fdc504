// error.h: writes the one line that says what went wrong.
#ifndef BLMI_BASE_ERROR_H
#define BLMI_BASE_ERROR_H

#include "blemish/status.h"

// Writes the printf-style text into err (may be NULL) and returns status, so that a
// fault is one statement: return blmi_fail(err, BLM_EINPUT, "%s: ...", path).  Only the
// function that detects a fault calls this; all others pass the status on.
blm_status blmi_fail(blm_error *err, blm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Leaves the calling function if expr is not BLM_OK.  Only for functions that own
// nothing.
#define BLMI_TRY(expr)                                                                   \
    do {                                                                                 \
        const blm_status blmi_try_ = (expr);                                             \
        if (blmi_try_ != BLM_OK)                                                         \
            return blmi_try_;                                                            \
    } while (0)

// Leaves a public function with BLM_EUSAGE if a required argument is NULL.  Only before
// the function owns anything.
#define BLMI_NEED(argument, err)                                                         \
    do {                                                                                 \
        if ((argument) == NULL)                                                          \
            return blmi_fail(err, BLM_EUSAGE, "%s: %s is NULL", __func__, #argument);    \
    } while (0)

#endif
