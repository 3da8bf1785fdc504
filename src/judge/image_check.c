#include "src/judge/image_check.h"

#include <math.h>
#include <stdbool.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/judge/plane.h"

static const blmi_check checks[] = {
    {"focus across", BLMI_LOOK_FOCUS_X, -1, BLM_REASON_OUT_OF_FOCUS, 0.1},
    {"focus down", BLMI_LOOK_FOCUS_Y, -1, BLM_REASON_OUT_OF_FOCUS, 0.1},
    {"detail", BLMI_LOOK_DETAIL, -1, BLM_REASON_OUT_OF_FOCUS, 0.2},
    {"coarse focus across", BLMI_LOOK_SMALL_FOCUS_X, -1, BLM_REASON_OUT_OF_FOCUS, 0.1},
    {"coarse focus down", BLMI_LOOK_SMALL_FOCUS_Y, -1, BLM_REASON_OUT_OF_FOCUS, 0.1},
    {"coarse detail", BLMI_LOOK_SMALL_DETAIL, -1, BLM_REASON_OUT_OF_FOCUS, 0.2},
    {"dark parts", BLMI_LOOK_DARK, 1, BLM_REASON_OVEREXPOSED, 0.15},
    {"brightness", BLMI_LOOK_MIDDLE, 1, BLM_REASON_OVEREXPOSED, 0.15},
    {"white pixels", BLMI_LOOK_WHITE, 1, BLM_REASON_OVEREXPOSED, 0.1},
    {"brightness", BLMI_LOOK_MIDDLE, -1, BLM_REASON_UNDEREXPOSED, 0.15},
    {"bright parts", BLMI_LOOK_BRIGHT, -1, BLM_REASON_UNDEREXPOSED, 0.15},
    {"black pixels", BLMI_LOOK_BLACK, 1, BLM_REASON_UNDEREXPOSED, 0.05},
    {"red", BLMI_LOOK_RED, 1, BLM_REASON_COLOUR, 6},
    {"red", BLMI_LOOK_RED, -1, BLM_REASON_COLOUR, 6},
    {"blue", BLMI_LOOK_BLUE, 1, BLM_REASON_COLOUR, 6},
    {"blue", BLMI_LOOK_BLUE, -1, BLM_REASON_COLOUR, 6},
    {"chroma", BLMI_LOOK_CHROMA, 1, BLM_REASON_COLOUR, 0.3},
    {"chroma", BLMI_LOOK_CHROMA, -1, BLM_REASON_COLOUR, 0.3},
    {"alternating rows", BLMI_LOOK_COMB, 1, BLM_REASON_TORN, 0.2},
    {"tear", BLMI_LOOK_TEAR, 1, BLM_REASON_TORN, 0.25},
    {"lost rows", BLMI_LOOK_LOST, 1, BLM_REASON_TORN, 0.05},
    {"rows 1 apart", BLMI_LOOK_ROWS, 1, BLM_REASON_TORN, 0.4},
    {"rows 2 apart", BLMI_LOOK_ROWS + 1, 1, BLM_REASON_TORN, 0.4},
    {"rows 4 apart", BLMI_LOOK_ROWS + 2, 1, BLM_REASON_TORN, 0.4},
    {"rows 8 apart", BLMI_LOOK_ROWS + 3, 1, BLM_REASON_TORN, 0.4},
    {"columns 1 apart", BLMI_LOOK_COLUMNS, 1, BLM_REASON_TORN, 0.4},
    {"columns 2 apart", BLMI_LOOK_COLUMNS + 1, 1, BLM_REASON_TORN, 0.4},
    {"columns 4 apart", BLMI_LOOK_COLUMNS + 2, 1, BLM_REASON_TORN, 0.4},
    {"columns 8 apart", BLMI_LOOK_COLUMNS + 3, 1, BLM_REASON_TORN, 0.4},
    {"uneven distance", BLMI_CHECK_UNEVEN, 1, BLM_REASON_OBSTRUCTED, 0.25},
    {"distance", BLMI_CHECK_TYPICAL, 1, BLM_REASON_WRONG_PART, 0.25},
    {"fit to the reference", BLMI_CHECK_FIT, -1, BLM_REASON_NOT_ALIGNED, 0.15},
    {"lead over other angles", BLMI_CHECK_LEAD, -1, BLM_REASON_NOT_ALIGNED, 0},
};
_Static_assert(sizeof checks / sizeof *checks == BLMI_ALL_CHECKS, "BLMI_ALL_CHECKS");

const blmi_check *blmi_check_at(int index)
{
    return &checks[index];
}

void blmi_check_distances(const float *distances, const uint8_t *use, int positions,
    float *scratch, float out[2])
{
    size_t n = 0;
    for (int p = 0; p < positions; p++)
        if (use == NULL || use[p])
            scratch[n++] = distances[p];
    blmi_numbers_sort(scratch, n);
    out[0] = n > 0 ? logf(1e-6f + blmi_at_share(scratch, n, 0.5)) : 0;
    out[1] = n > 0 ? logf(1e-6f + blmi_at_share(scratch, n, 0.85)) - out[0] : 0;
}

void blmi_check_alignment(double quality, double rival, float out[2])
{
    out[0] = (float)quality;
    out[1] = (float)(quality - rival);
}

// The point that a share p of a standard normal distribution is beyond, 0 < p <= 1/2,
// with an error below 4.5e-4 (Abramowitz & Stegun, 26.2.23).
static double normal_point(double p)
{
    const double t = sqrt(-2 * log(p));
    return t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                   (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

blm_status blmi_check_limit(const blmi_check *check, const float *numbers, size_t count,
    size_t stride, double rate, blmi_limit *limit, blm_error *err)
{
    *limit = (blmi_limit){check->side * (double)INFINITY, NAN};
    if (count < BLMI_MIN_CHECKED)
        return BLM_OK;
    float *sorted = blmi_alloc(count, sizeof *sorted);
    if (sorted == NULL)
        return blmi_no_memory(err, "numbers of checks", count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (float)check->side * numbers[i * stride];
    const double n = (double)count;
    blmi_numbers_sort(sorted, count);
    const double middle = (double)blmi_at_share(sorted, count, 0.5);
    const double most = (double)sorted[count - 1];
    const double factor = normal_point(rate / BLMI_CHECKS) / normal_point(1 / (n + 1));
    const double beyond = middle + (most - middle) * fmax(factor, 1) * (1 + 10 / n);
    limit->at = check->side * fmax(beyond, most + check->margin);
    limit->good = check->side * most;
    // Not by their spread: a defect of a part that is nearly symmetric takes some of it.
    if (check->number == BLMI_CHECK_LEAD)
        limit->at =
            limit->good > BLMI_CHECK_CLEAR_LEAD ? BLMI_CHECK_NO_LEAD : -(double)INFINITY;
    blmi_free(sorted);
    return BLM_OK;
}

// Keeps the reasons that explain the others: blur and exposure make the whole image
// unlike the good ones, as another part does; another part is more than an obstruction.
// An image that is not aligned is unlike the good ones.
static unsigned settle(unsigned reasons)
{
    if ((reasons & BLM_REASON_NOT_ALIGNED) != 0)
        reasons &= ~(unsigned)(BLM_REASON_WRONG_PART | BLM_REASON_OBSTRUCTED);
    const unsigned plain =
        BLM_REASON_OUT_OF_FOCUS | BLM_REASON_OVEREXPOSED | BLM_REASON_UNDEREXPOSED;
    if ((reasons & plain) != 0)
        return reasons & ~(unsigned)(BLM_REASON_WRONG_PART | BLM_REASON_OBSTRUCTED);
    if ((reasons & BLM_REASON_WRONG_PART) != 0)
        return reasons & ~(unsigned)BLM_REASON_OBSTRUCTED;
    return reasons;
}

// The number of an image; NAN: unknown.
static double number_of(const blmi_checked *image, int number)
{
    const float *from = image->look != NULL ? image->look->at : NULL;
    int first = 0;
    if (number >= BLMI_CHECK_FIT) {
        from = image->alignment;
        first = BLMI_CHECK_FIT;
    } else if (number >= BLMI_CHECK_TYPICAL) {
        from = image->distances;
        first = BLMI_CHECK_TYPICAL;
    }
    return from != NULL ? (double)from[number - first] : NAN;
}

unsigned blmi_check_image(
    const blmi_checked *image, const blmi_limit *limits, int count, double *numbers)
{
    unsigned reasons = 0;
    for (int i = 0; i < count; i++) {
        const blmi_check *c = &checks[i];
        numbers[i] = number_of(image, c->number);
        if (c->side * numbers[i] > c->side * limits[i].at)
            reasons |= c->reason;
    }
    return settle(reasons);
}
