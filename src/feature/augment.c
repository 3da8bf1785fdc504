// augment.c: makes variations of good images.
#include "src/feature/augment.h"

#include <stddef.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/number.h"
#include "src/base/splitmix.h"
#include "src/image/affine.h"

// ---- the text -------------------------------------------------------------------------

enum { DEFAULT_VARIATIONS = 3, MAX_WORD = 64 };

// A word NAME or NAME:VALUE of the text.
typedef struct term {
    const char *name;
    const char *value; // what its value should be; NULL: it has none
    bool (*read)(const char *value, blmi_augment *out);
} term;

// "LOW-HIGH"
static bool read_light(const char *value, blmi_augment *out)
{
    char low[MAX_WORD];
    const size_t length = strcspn(value, "-");
    if (value[length] == '\0')
        return false;
    memcpy(low, value, length);
    low[length] = '\0';
    return blmi_scan_double(low, &out->light_low) &&
           blmi_scan_double(value + length + 1, &out->light_high) &&
           out->light_low >= 0.1 && out->light_low <= out->light_high &&
           out->light_high <= 10;
}

// "N%"
static bool read_shift(const char *value, blmi_augment *out)
{
    char number[MAX_WORD];
    const size_t length = strlen(value);
    double percent;
    if (length < 2 || value[length - 1] != '%')
        return false;
    memcpy(number, value, length - 1);
    number[length - 1] = '\0';
    if (!blmi_scan_double(number, &percent) || !(percent > 0 && percent <= 25))
        return false;
    out->shift = percent / 100;
    return true;
}

static bool read_turn(const char *value, blmi_augment *out)
{
    return blmi_scan_double(value, &out->turn) && out->turn > 0 && out->turn <= 180;
}

static bool read_flip(const char *value, blmi_augment *out)
{
    (void)value;
    return out->flip = true;
}

static bool read_variations(const char *value, blmi_augment *out)
{
    int64_t variations;
    if (!blmi_scan_int64(value, &variations) || variations < 1 ||
        variations > BLMI_MAX_VARIATIONS)
        return false;
    out->variations = (int)variations;
    return true;
}

static const term terms[] = {
    {"light", "LOW-HIGH, factors from 0.1 to 10, such as light:0.8-1.2", read_light},
    {"shift", "N%, above 0 and at most 25, such as shift:1%", read_shift},
    {"turn", "degrees above 0 and at most 180, such as turn:2", read_turn},
    {"flip", NULL, read_flip},
    {"variations", "a whole number from 1 to 15, such as variations:3", read_variations},
};
enum { TERMS = sizeof terms / sizeof *terms };

// The number of the term that a word names; TERMS: there is none.
static size_t find_term(const char *word)
{
    const size_t length = strcspn(word, ":");
    size_t i = 0;
    while (i < TERMS &&
           !(strlen(terms[i].name) == length && memcmp(terms[i].name, word, length) == 0))
        i++;
    return i;
}

// Reads one word; text: for the error.
static blm_status read_word(
    const char *word, const char *text, unsigned *seen, blmi_augment *out, blm_error *err)
{
    const size_t i = find_term(word);
    const char *value = strchr(word, ':');
    if (i == TERMS)
        return blmi_fail(err, BLM_EUSAGE,
            "augment \"%s\": \"%s\" is unknown, expected light:LOW-HIGH, shift:N%%, "
            "turn:DEGREES, flip or variations:N",
            text, word);
    if (*seen >> i & 1)
        return blmi_fail(
            err, BLM_EUSAGE, "augment \"%s\": %s is there twice", text, terms[i].name);
    *seen |= 1u << i;
    if (terms[i].value == NULL ? value != NULL
                               : value == NULL || !terms[i].read(value + 1, out))
        return blmi_fail(err, BLM_EUSAGE, "augment \"%s\": %s takes %s", text,
            terms[i].name, terms[i].value != NULL ? terms[i].value : "no value");
    if (terms[i].value == NULL)
        terms[i].read(NULL, out);
    return BLM_OK;
}

blm_status blmi_augment_parse(const char *text, blmi_augment *out, blm_error *err)
{
    blmi_augment own = {
        .variations = DEFAULT_VARIATIONS, .light_low = 1, .light_high = 1};
    char word[MAX_WORD];
    unsigned seen = 0;
    *out = (blmi_augment){0};
    if (*text == '\0')
        return BLM_OK;
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, ",");
        if (length >= sizeof word)
            return blmi_fail(err, BLM_EUSAGE,
                "augment \"%s\": a word of %zu characters, expected at most %d", text,
                length, MAX_WORD - 1);
        memcpy(word, at, length);
        word[length] = '\0';
        BLMI_TRY(read_word(word, text, &seen, &own, err));
        at += length;
        if (*at == '\0')
            break;
    }
    if (seen == 1u << find_term("variations"))
        return blmi_fail(err, BLM_EUSAGE,
            "augment \"%s\": expected light, shift, turn or flip too, or the variations "
            "would not differ",
            text);
    *out = own;
    return BLM_OK;
}

void blmi_augment_print(const blmi_augment *a, char text[BLM_FIELD_TEXT])
{
    size_t at = 0;
    text[0] = '\0';
    if (a->variations == 0)
        return;
    if (a->light_low < 1 || a->light_high > 1 || a->light_low > 1 || a->light_high < 1)
        at += (size_t)blmi_print(
            text, BLM_FIELD_TEXT, "light:%.10g-%.10g,", a->light_low, a->light_high);
    if (a->shift > 0)
        at += (size_t)blmi_print(
            text + at, BLM_FIELD_TEXT - at, "shift:%.10g%%,", 100 * a->shift);
    if (a->turn > 0)
        at += (size_t)blmi_print(text + at, BLM_FIELD_TEXT - at, "turn:%.10g,", a->turn);
    blmi_print(text + at, BLM_FIELD_TEXT - at, "%svariations:%d", a->flip ? "flip," : "",
        a->variations);
}

// ---- the variations -------------------------------------------------------------------

// A number that depends on all pixels.
static uint64_t digest(const blm_image *image)
{
    const size_t size = (size_t)image->width * (size_t)image->height * 3;
    uint64_t hash = (uint64_t)image->width, word = 0;
    for (size_t i = 0; i < size; i++) {
        word = word << 8 | image->rgb[i];
        if (i % 8 == 7 || i + 1 == size) {
            hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
            hash ^= hash >> 32;
            word = 0;
        }
    }
    return hash;
}

// Uniform from low to high.
static double draw(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(blmi_splitmix(state) >> 11) * 0x1p-53;
}

blm_status blmi_augment_image(const blmi_augment *a, int64_t seed, int number,
    const blm_image *image, blm_image **out, blm_error *err)
{
    const blm_buffer buffer = {.pixels = image->rgb,
        .width = image->width,
        .height = image->height,
        .layout = BLM_RGB8};
    uint64_t state = (uint64_t)seed;
    state = blmi_splitmix(&state) ^ digest(image);
    state = blmi_splitmix(&state) + (uint64_t)number;
    // Every variation draws all numbers, so that one variation does not change the
    // others.
    blmi_affine change = {.light = draw(&state, a->light_low, a->light_high)};
    change.shift_x = draw(&state, -a->shift, a->shift) * image->width;
    change.shift_y = draw(&state, -a->shift, a->shift) * image->height;
    change.turn = draw(&state, -a->turn, a->turn);
    change.mirror = a->flip && draw(&state, 0, 1) < 0.5;
    blm_image *varied;
    BLMI_TRY(blm_image_from_buffer(&buffer, &varied, err));
    varied->channels = image->channels;
    varied->bits = image->bits;
    blmi_affine_rgb(image->rgb, image->width, image->height, &change, varied->rgb);
    *out = varied;
    return BLM_OK;
}
