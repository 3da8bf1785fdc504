// fine.c: Gauss-Newton steps on the pixels of the reference with the largest gradients.
#include "src/align/fine.h"

#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

enum {
    LIGHT = 4,            // gain, offset, and the change of light along x and y
    UNKNOWNS = LIGHT + 4, // and dx, dy, angle, logarithm of the scale
    BINS = 256,
    LEAST_POINTS = 32,
};

typedef struct point {
    float x, y;          // from the centre
    float value;         // of the reference
    float across, along; // its gradient along x and y
    float row[UNKNOWNS]; // factors of the unknowns
} point;

struct blmi_level {
    int width, height;
    int count;
    float contrast; // standard deviation of the points' values
    point *points;  // (count)
};

static void gradient(const blmi_grey *p, int x, int y, float *across, float *along)
{
    const float *at = p->at + (ptrdiff_t)y * p->width + x;
    *across = 0.5f * (at[1] - at[-1]);
    *along = 0.5f * (at[p->width] - at[-p->width]);
}

// The gradient that BLMI_FINE_POINTS pixels reach.
static float least_gradient(const blmi_grey *p)
{
    int bins[BINS] = {0};
    float most = 0, across, along;
    for (int pass = 0; pass < 2; pass++)
        for (int y = 1; y < p->height - 1; y++)
            for (int x = 1; x < p->width - 1; x++) {
                gradient(p, x, y, &across, &along);
                const float length = hypotf(across, along);
                if (pass == 0)
                    most = fmaxf(most, length);
                else if (most > 0)
                    bins[(int)(length / most * (BINS - 1))]++;
            }
    int bin = BINS - 1;
    for (int sum = bins[bin]; bin > 1 && sum + bins[bin - 1] <= BLMI_FINE_POINTS;)
        sum += bins[--bin];
    return most * (float)bin / (BINS - 1);
}

// A value of the image is a sum of these: the reference, 1, x and y, and the gradient as
// the part moves along x and y, turns and grows.
static void fill_row(const blmi_level *level, point *p)
{
    p->row[0] = p->value;
    p->row[1] = 1;
    p->row[2] = p->x / (float)level->width;
    p->row[3] = p->y / (float)level->height;
    p->row[4] = p->across;
    p->row[5] = p->along;
    p->row[6] = (p->along * p->x - p->across * p->y) / (float)level->width;
    p->row[7] = (p->across * p->x + p->along * p->y) / (float)level->width;
}

static float contrast_of(const blmi_level *level)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < level->count; i++) {
        const double value = (double)level->points[i].value;
        sum += value;
        squares += value * value;
    }
    const double mean = sum / level->count;
    return (float)sqrt(fmax(squares / level->count - mean * mean, 0));
}

blm_status blmi_level_new(const blmi_grey *picture, blmi_level **out, blm_error *err)
{
    blmi_level *level = blmi_alloc_zero(1, sizeof *level);
    point *points = blmi_alloc(BLMI_FINE_POINTS, sizeof *points);
    if (level == NULL || points == NULL) {
        blmi_free(level);
        blmi_free(points);
        return blmi_no_memory(err, "a reference", BLMI_FINE_POINTS, sizeof *points);
    }
    *level = (blmi_level){
        .width = picture->width, .height = picture->height, .points = points};
    const float least = least_gradient(picture);
    for (int y = 1; y < picture->height - 1; y++)
        for (int x = 1; x < picture->width - 1; x++) {
            point p = {.x = (float)x + 0.5f - 0.5f * (float)picture->width,
                .y = (float)y + 0.5f - 0.5f * (float)picture->height,
                .value = picture->at[(ptrdiff_t)y * picture->width + x]};
            gradient(picture, x, y, &p.across, &p.along);
            const float length = hypotf(p.across, p.along);
            if (length > 0 && length >= least && level->count < BLMI_FINE_POINTS) {
                fill_row(level, &p);
                points[level->count++] = p;
            }
        }
    if (level->count < LEAST_POINTS) {
        const int count = level->count;
        blmi_level_free(level);
        return blmi_fail(err, BLM_EINPUT,
            "the reference has a gradient at %d pixels: aligning needs %d", count,
            (int)LEAST_POINTS);
    }
    level->contrast = contrast_of(level);
    *out = level;
    return BLM_OK;
}

void blmi_level_free(blmi_level *level)
{
    if (level == NULL)
        return;
    blmi_free(level->points);
    blmi_free(level);
}

// Values of the picture at the moved points; NAN outside.  Returns how many are on it.
static int sample(const blmi_level *level, const blmi_grey *picture,
    const blmi_transform *t, float *out)
{
    const float c = (float)(t->scale * cos(t->angle));
    const float s = (float)(t->scale * sin(t->angle));
    const float x0 = (float)t->dx + 0.5f * (float)picture->width - 0.5f;
    const float y0 = (float)t->dy + 0.5f * (float)picture->height - 0.5f;
    int inside = 0;
    for (int i = 0; i < level->count; i++) {
        const point *p = &level->points[i];
        const float x = x0 + c * p->x - s * p->y, y = y0 + s * p->x + c * p->y;
        const int on = x >= 0 && y >= 0 && x <= (float)(picture->width - 1) &&
                       y <= (float)(picture->height - 1);
        out[i] = on ? blmi_grey_value(picture, x, y) : NAN;
        inside += on;
    }
    return inside;
}

// Correlation of the samples with the reference, both without what is linear in x and y:
// light that changes across the image does not turn with the part.
static double correlation(const blmi_level *level, const float *values)
{
    enum { ALL = 5 };
    double products[ALL][ALL] = {{0}};
    for (int i = 0; i < level->count; i++) {
        const point *p = &level->points[i];
        const double row[ALL] = {1, (double)p->x / level->width,
            (double)p->y / level->height, (double)p->value, (double)values[i]};
        if (isnan(values[i]))
            continue;
        for (int j = 0; j < ALL; j++)
            for (int k = 0; k <= j; k++)
                products[j][k] += row[j] * row[k];
    }
    for (int i = 0; i < ALL; i++) // Cholesky: each less what those before it explain
        for (int j = 0; j <= i; j++) {
            double sum = products[i][j];
            for (int k = 0; k < j; k++)
                sum -= products[i][k] * products[j][k];
            if (i == j && i < ALL - 1 && sum <= 1e-12 * products[i][i])
                return -1;
            // nothing is left of an image that equals the reference
            products[i][j] = i == j ? sqrt(fmax(sum, 0)) : sum / products[j][j];
        }
    const double length = hypot(products[ALL - 1][ALL - 2], products[ALL - 1][ALL - 1]);
    return length > 0 ? products[ALL - 1][ALL - 2] / length : -1;
}

// Solves the positive definite `matrix` (n, n; lower half) in place by Cholesky.
static int solve(int n, double matrix[UNKNOWNS][UNKNOWNS], double *right)
{
    for (int i = 0; i < n; i++) {
        const double before = matrix[i][i];
        for (int j = 0; j <= i; j++) {
            double sum = matrix[i][j];
            for (int k = 0; k < j; k++)
                sum -= matrix[i][k] * matrix[j][k];
            if (i != j)
                matrix[i][j] = sum / matrix[j][j];
            else if (sum <= 1e-9 * before)
                return 0;
            else
                matrix[i][i] = sqrt(sum);
        }
    }
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            right[i] -= matrix[i][k] * right[k];
        right[i] /= matrix[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            right[i] -= matrix[k][i] * right[k];
        right[i] /= matrix[i][i];
    }
    return 1;
}

// Mean of values with those further than `far` from `level` cut.
static float mean_near(const float *values, int count, float level, float far)
{
    double sum = 0;
    int n = 0;
    for (int i = 0; i < count; i++)
        if (!isnan(values[i])) {
            sum += (double)fminf(fmaxf(values[i], level - far), level + far);
            n++;
        }
    return n > 0 ? (float)(sum / n) : level;
}

// Cuts values that are much further from the mean than those of the reference: a stain on
// a dull part would count more than all of the part.
static void cut(const blmi_level *level, float *values)
{
    const float far = 2 * level->contrast;
    float middle = mean_near(values, level->count, 128, INFINITY);
    for (int pass = 0; pass < 2; pass++)
        middle = mean_near(values, level->count, middle, far);
    for (int i = 0; i < level->count; i++)
        if (!isnan(values[i]))
            values[i] = fminf(fmaxf(values[i], middle - far), middle + far);
}

// Adds the products of a block of points to the equations.
static void add_products(const point *points, const float *values, const float *off,
    float limit, int count, double matrix[UNKNOWNS][UNKNOWNS], double *right)
{
    float sums[UNKNOWNS][UNKNOWNS] = {{0}}, sides[UNKNOWNS] = {0};
    for (int i = 0; i < count; i++) {
        if (isnan(values[i]))
            continue;
        float weight = 1;
        if (off != NULL) {
            const float x = off[i] / limit;
            weight = x * x < 1 ? (1 - x * x) * (1 - x * x) : 0;
        }
        const float *row = points[i].row;
        for (int j = 0; j < UNKNOWNS; j++) {
            const float weighted = weight * row[j];
            for (int k = 0; k < UNKNOWNS; k++)
                sums[j][k] += weighted * row[k];
            sides[j] += weighted * values[i];
        }
    }
    for (int j = 0; j < UNKNOWNS; j++) {
        for (int k = 0; k < UNKNOWNS; k++)
            matrix[j][k] += (double)sums[j][k];
        right[j] += (double)sides[j];
    }
}

// Weighted least squares of the samples: n unknowns.  off: distances from the last
// solution, with Tukey's limit; NULL: all weigh 1.
static int fit(const blmi_level *level, const float *values, const float *off,
    float limit, int n, double solution[UNKNOWNS])
{
    enum { BLOCK = 64 }; // few enough for sums in float
    double matrix[UNKNOWNS][UNKNOWNS] = {{0}};
    memset(solution, 0, UNKNOWNS * sizeof *solution);
    for (int i = 0; i < level->count; i += BLOCK)
        add_products(level->points + i, values + i, off != NULL ? off + i : NULL, limit,
            level->count - i < BLOCK ? level->count - i : BLOCK, matrix, solution);
    return solve(n, matrix, solution);
}

// Distances of the samples from a solution of n unknowns, and Tukey's limit, from their
// mean with large ones cut.
static float find_off(const blmi_level *level, const float *values, int n,
    const double *solution, float *off)
{
    float factors[UNKNOWNS] = {0};
    double mean = 0, most = INFINITY;
    for (int k = 0; k < n; k++)
        factors[k] = (float)solution[k];
    for (int i = 0; i < level->count; i++) {
        const float *row = level->points[i].row;
        float sum = 0;
        for (int k = 0; k < UNKNOWNS; k++)
            sum += factors[k] * row[k];
        off[i] = fabsf(values[i] - sum);
    }
    for (int pass = 0; pass < 3; pass++) {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < level->count; i++)
            if (!isnan(off[i])) {
                sum += fmin((double)off[i], most);
                count++;
            }
        mean = count > 0 ? sum / count : 0;
        most = 2 * mean;
    }
    return (float)(4.685 * 1.2533 * mean + 1e-6);
}

// Puts the inverse of the small motion `d` (dx, dy, angle, log scale) before `t`.
static void compose(blmi_transform *t, const double d[4])
{
    const double scale = exp(-d[3]), angle = -d[2];
    const double c = scale * cos(angle), s = scale * sin(angle);
    const double x = -(c * d[0] - s * d[1]), y = -(s * d[0] + c * d[1]);
    const double tc = t->scale * cos(t->angle), ts = t->scale * sin(t->angle);
    t->dx += tc * x - ts * y;
    t->dy += ts * x + tc * y;
    t->angle = remainder(t->angle + angle, 2 * 3.14159265358979323846);
    t->scale *= scale;
}

double blmi_fine(const blmi_level *level, blm_align mode, const blmi_grey *picture,
    int steps, float *scratch, blmi_transform *transform)
{
    const int n = LIGHT + (mode == BLM_ALIGN_SHIFT ? 2 : mode == BLM_ALIGN_RIGID ? 3 : 4);
    float *off = scratch + BLMI_FINE_POINTS;
    double solution[UNKNOWNS];
    for (int step = 0; step < steps; step++) {
        if (sample(level, picture, transform, scratch) < LEAST_POINTS / 2)
            return -1;
        cut(level, scratch);
        // after the first step the light is known, and the movement is undone
        if (step == 0 && !fit(level, scratch, NULL, 0, n, solution))
            break;
        const float limit =
            find_off(level, scratch, step == 0 ? n : LIGHT, solution, off);
        if (!fit(level, scratch, off, limit, n, solution) || solution[0] <= 0)
            break;
        double d[4] = {0};
        for (int k = LIGHT; k < n; k++)
            d[k - LIGHT] = solution[k] / solution[0];
        d[2] /= level->width;
        d[3] /= level->width;
        const double length =
            fmax(hypot(d[0], d[1]), 0.5 * level->width * fmax(fabs(d[2]), fabs(d[3])));
        const double cut = length > 2 ? 2 / length : 1; // the gradients reach no further
        for (int k = 0; k < 4; k++)
            d[k] *= cut;
        compose(transform, d);
        if (length < 0.03)
            break;
    }
    const int inside = sample(level, picture, transform, scratch);
    if (inside < LEAST_POINTS / 2)
        return -1;
    cut(level, scratch);
    const double on = 2.0 * inside / level->count;
    return correlation(level, scratch) * fmin(on, 1);
}
