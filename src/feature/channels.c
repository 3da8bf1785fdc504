// channels.c: reads and writes a number for each colour channel.
#include "src/feature/channels.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/number.h"

// Reads a number that fills the first `length` bytes.
static int read_one(const char *text, size_t length, double low, double high, double *out)
{
    char copy[64];
    if (length >= sizeof copy)
        return 0;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return blmi_scan_double(copy, out) && *out >= low && *out <= high;
}

blm_status blmi_channels_read(
    const char *name, const char *text, double out[3], blm_error *err)
{
    const double high = 1e4, low = strcmp(name, "std") == 0 ? 1e-4 : -high;
    const char *at = text;
    for (int c = 0; c < 3; c++) {
        const size_t length = strcspn(at, ",");
        if (!read_one(at, length, low, high, &out[c]) ||
            at[length] != (c < 2 ? ',' : '\0'))
            return blmi_fail(err, BLM_EUSAGE,
                "%s \"%s\": should be R,G,B, three numbers from %g to %g with commas "
                "between them, or auto",
                name, text, low, high);
        at += length + 1;
    }
    return BLM_OK;
}

void blmi_channels_print(const double value[3], char text[BLM_FIELD_TEXT])
{
    size_t at = 0;
    for (int c = 0; c < 3; c++) {
        size_t length = 0;
        double read = 0;
        if (c > 0)
            text[at++] = ',';
        for (int digits = 6; digits <= 17 && (digits == 6 || read != value[c]);
             digits++) {
            length = (size_t)blmi_print(
                text + at, BLM_FIELD_TEXT - at, "%.*g", digits, value[c]);
            blmi_scan_double(text + at, &read);
        }
        at += length;
    }
}
