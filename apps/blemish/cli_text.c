#include "apps/blemish/cli_text.h"

#include <stddef.h>
#include <string.h>

#include "apps/base/app_utf8.h"
#include "apps/blemish/memory.h"

void cli_print_safe(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
}

char *cli_utf8(const char *text)
{
    char *copy = cli_alloc(strlen(text) * 3 + 1, 1);
    char *to = copy;
    while (*text != '\0') {
        const size_t length = app_utf8_length(text);
        if (length == 0) {
            memcpy(to, "\xef\xbf\xbd", 3);
            to += 3;
            text++;
        } else {
            memcpy(to, text, length);
            to += length;
            text += length;
        }
    }
    return copy;
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

int cli_compare_natural(const char *a, const char *b)
{
    const char *const whole_a = a, *const whole_b = b;
    while (*a != '\0' && *b != '\0') {
        if (count_digits(a) > 0 && count_digits(b) > 0) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            const size_t digits_a = count_digits(a), digits_b = count_digits(b);
            if (digits_a != digits_b)
                return digits_a < digits_b ? -1 : 1;
            const int order = memcmp(a, b, digits_a);
            if (order != 0)
                return order;
            a += digits_a;
            b += digits_b;
        } else if (*a != *b)
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        else {
            a++;
            b++;
        }
    }
    if (*a != *b)
        return *a == '\0' ? -1 : 1;
    return strcmp(whole_a, whole_b);
}
