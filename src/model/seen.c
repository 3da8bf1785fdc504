#include "src/model/seen.h"

#include <math.h>

blmi_seen blmi_seen_of(const blm_image *image)
{
    const size_t samples = (size_t)image->width * (size_t)image->height * 3;
    uint64_t sum = 0;
    for (size_t i = 0; i < samples; i++)
        sum += image->rgb[i];
    const double brightness = (double)sum / (double)samples;
    const double aspect = (double)image->width / image->height;
    return (blmi_seen){.least_width = image->width,
        .most_width = image->width,
        .least_height = image->height,
        .most_height = image->height,
        .least_aspect = aspect,
        .most_aspect = aspect,
        .least_brightness = brightness,
        .most_brightness = brightness,
        .grey = image->channels == 1,
        .colour = image->channels != 1};
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

void blmi_seen_add(blmi_seen *seen, const blmi_seen *more)
{
    if (seen->most_width == 0) {
        *seen = *more;
        return;
    }
    seen->least_width = smaller(seen->least_width, more->least_width);
    seen->most_width = larger(seen->most_width, more->most_width);
    seen->least_height = smaller(seen->least_height, more->least_height);
    seen->most_height = larger(seen->most_height, more->most_height);
    seen->least_aspect = fmin(seen->least_aspect, more->least_aspect);
    seen->most_aspect = fmax(seen->most_aspect, more->most_aspect);
    seen->least_brightness = fmin(seen->least_brightness, more->least_brightness);
    seen->most_brightness = fmax(seen->most_brightness, more->most_brightness);
    seen->grey |= more->grey;
    seen->colour |= more->colour;
}

static int outside(double value, double least, double most, double margin)
{
    return value < least - margin || value > most + margin;
}

unsigned blmi_seen_compare(const blmi_seen *seen, const blmi_seen *image)
{
    const double range = seen->most_brightness - seen->least_brightness;
    unsigned unseen = 0;
    if (outside(image->least_width, seen->least_width / 1.1, seen->most_width * 1.1, 0) ||
        outside(
            image->least_height, seen->least_height / 1.1, seen->most_height * 1.1, 0))
        unseen |= BLM_UNSEEN_SIZE;
    if (outside(
            image->least_aspect, seen->least_aspect / 1.05, seen->most_aspect * 1.05, 0))
        unseen |= BLM_UNSEEN_ASPECT;
    if ((image->grey && !seen->grey) || (image->colour && !seen->colour))
        unseen |= BLM_UNSEEN_CHANNELS;
    if (outside(image->least_brightness, seen->least_brightness, seen->most_brightness,
            range / 2 + 8))
        unseen |= BLM_UNSEEN_BRIGHTNESS;
    return unseen;
}
