#include <stdbool.h>
#include <string.h>

#include "src/image/codec.h"

size_t blmi_page_suffix(const char *name, int *page)
{
    const size_t length = strlen(name);
    const char *const mark = strrchr(name, '#');
    *page = 0;
    if (mark == NULL || mark == name || mark[1] < '1' || mark[1] > '9')
        return length;
    const size_t digits = strspn(mark + 1, "0123456789");
    if (digits > 9 || mark[1 + digits] != '\0')
        return length;
    for (size_t i = 1; i <= digits; i++)
        *page = *page * 10 + (mark[i] - '0');
    return (size_t)(mark - name);
}

// Whether `length` letters of a text equal those of `lower`; the case of A to Z is
// ignored, in every locale.
static bool same_letters(const char *text, const char *lower, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != lower[i])
            return false;
    }
    return true;
}

int blm_image_is_name(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif",
        ".jif", ".tif", ".tiff", ".btf", ".tf8", ".bmp", ".dib", ".webp", ".pnm", ".pbm",
        ".pgm", ".ppm", ".apng", ".jpg_large", ".jpeg_large", ".png_large"};
    int page;
    const size_t length = name == NULL ? 0 : blmi_page_suffix(name, &page);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t size = strlen(endings[i]);
        if (length >= size && same_letters(name + length - size, endings[i], size))
            return 1;
    }
    return 0;
}
