// Writes numbers and bytes, independent of the locale.
#include <math.h>
#include <string.h>

#include "apps/report/report_parts.h"

static const char *const no_number = "\xe2\x80\x93"; // an en dash

void report_put_fixed(html_text *html, double value, int decimals)
{
    static const long long powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    const long long scale = powers[decimals];
    if (!isfinite(value) || fabs(value) > 1e12) {
        html_put(html, "%s", no_number);
        return;
    }
    const long long parts = llround(value * (double)scale);
    const long long size = parts < 0 ? -parts : parts;
    html_put(html, "%s%lld", parts < 0 ? "-" : "", size / scale);
    if (decimals > 0)
        html_put(html, ".%0*lld", decimals, size % scale);
}

void report_put_short(html_text *html, double value, int most)
{
    int decimals = 0;
    double scale = 1;
    while (decimals < most && fabs(value * scale - round(value * scale)) > 1e-9) {
        decimals++;
        scale *= 10;
    }
    while (decimals > 0 && llround(value * scale) % 10 == 0) {
        decimals--;
        scale /= 10;
    }
    report_put_fixed(html, value, decimals);
}

void report_put_score(html_text *html, double value)
{
    const double size = fabs(value);
    if (size != 0 && isfinite(size) && (size < 1e-3 || size >= 1e9)) {
        const int exponent = (int)floor(log10(size));
        report_put_fixed(html, value / pow(10, exponent), 3);
        html_put(html, "e%d", exponent);
    } else
        report_put_fixed(html, value,
            size >= 1000  ? 1
            : size >= 100 ? 2
            : size >= 1   ? 3
                          : 5);
}

void report_put_percent(html_text *html, double share)
{
    report_put_short(html, 100 * share, share < 0.001 ? 4 : 1);
    html_put(html, "\xc2\xa0%%"); // a space that does not break
}

void report_put_base64(html_text *html, const blm_bytes *bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { GROUPS = 1024 }; // per call, since a call for each would be slow
    char chunk[4 * GROUPS];
    int filled = 0;
    for (size_t i = 0; i < bytes->size; i += 3) {
        const size_t left = bytes->size - i;
        const uint8_t *at = bytes->data + i;
        const uint32_t bits = (uint32_t)at[0] << 16 |
                              (uint32_t)(left > 1 ? at[1] : 0) << 8 |
                              (uint32_t)(left > 2 ? at[2] : 0);
        chunk[filled++] = letters[bits >> 18];
        chunk[filled++] = letters[bits >> 12 & 63];
        chunk[filled++] = left > 1 ? letters[bits >> 6 & 63] : '=';
        chunk[filled++] = left > 2 ? letters[bits & 63] : '=';
        if (filled == sizeof chunk || left <= 3) {
            html_put(html, "%.*s", filled, chunk);
            filled = 0;
        }
    }
}
