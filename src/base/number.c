#include "src/base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Sets the locale "C" for this thread only.  Neither function allocates with glibc and
// musl, where the locale "C" is a constant.
typedef struct locales {
    locale_t plain, before;
} locales;

static locales enter_plain(void)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return (locales){plain, uselocale(plain)};
}

static void leave_plain(locales l)
{
    uselocale(l.before);
    if (l.plain != (locale_t)0)
        freelocale(l.plain);
}

int blmi_vprint(char *out, size_t size, const char *format, va_list arguments)
{
    const locales l = enter_plain();
    const int length = vsnprintf(out, size, format, arguments);
    leave_plain(l);
    return length;
}

int blmi_print(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = blmi_vprint(out, size, format, arguments);
    va_end(arguments);
    return length;
}

bool blmi_scan_double(const char *text, double *out)
{
    char *end;
    const locales l = enter_plain();
    const double value = strtod(text, &end);
    leave_plain(l);
    if (end == text || *end != '\0' || !isfinite(value))
        return false;
    *out = value;
    return true;
}

bool blmi_scan_int64(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno == ERANGE)
        return false;
    *out = value;
    return true;
}

const char *blmi_system_text(int number)
{
    const locales l = enter_plain();
    const char *text = strerror(number);
    leave_plain(l);
    return text;
}
