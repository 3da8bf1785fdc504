// number.h: prints and reads numbers, the same in every locale: the decimal sign is a
// point.
//
// All text that the library makes or reads goes through these functions.  They change
// nothing that other threads see.
#ifndef BLMI_BASE_NUMBER_H
#define BLMI_BASE_NUMBER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// As snprintf and vsnprintf do in the locale "C".
int blmi_print(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int blmi_vprint(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

// Reads a number that fills the whole text, as strtod and strtoll (base 10) do in the
// locale "C".  Returns false and leaves *out alone if the text is not a number, or the
// number is not finite or out of range of its type.
bool blmi_scan_double(const char *text, double *out);
bool blmi_scan_int64(const char *text, int64_t *out);

// The text of an errno value, in English.
const char *blmi_system_text(int number);

#endif
