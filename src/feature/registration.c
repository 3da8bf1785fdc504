// registration.c: aligns images with a reference, and samples them there.
#include "src/feature/registration.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/image/sample.h"

struct blmi_registration {
    atomic_int owners;
    blmi_recipe recipe;
    int width, height; // of the picture that is aligned, whose pixels are square
    double aspect;
    blmi_reference *reference;
    uint8_t *grey; // (recipe height, recipe width)
    char *name;
};

struct blmi_registering {
    blmi_registration *registration; // one of its owners
    blmi_aligner *aligner;
    uint8_t *grey;    // (recipe height, recipe width)
    float *square;    // (height, width) the picture that is aligned
    float *samples;   // (resize_height, resize_width, 4)
    uint8_t *aligned; // (recipe height, recipe width, 3)
};

// ---- the reference --------------------------------------------------------------------

// Resamples a grey input (bilinear) so that its pixels become square.
static void make_square(const blmi_registration *r, const uint8_t *grey, float *out)
{
    const int width = r->recipe.fields.width, height = r->recipe.fields.height;
    for (int y = 0; y < r->height; y++) {
        const double row = fmax((y + 0.5) * height / r->height - 0.5, 0);
        const int top = row < height - 1 ? (int)row : height - 2;
        const float v = (float)fmin(row - top, 1);
        const uint8_t *a = grey + (ptrdiff_t)top * width, *b = a + width;
        for (int x = 0; x < r->width; x++) {
            const double column = fmax((x + 0.5) * width / r->width - 0.5, 0);
            const int left = column < width - 1 ? (int)column : width - 2;
            const float u = (float)fmin(column - left, 1);
            const float upper = (float)a[left] + u * (float)(a[left + 1] - a[left]);
            const float lower = (float)b[left] + u * (float)(b[left + 1] - b[left]);
            *out++ = upper + v * (lower - upper);
        }
    }
}

static blm_status fill(
    blmi_registration *r, const uint8_t *grey, const char *name, blm_error *err)
{
    const blm_recipe *f = &r->recipe.fields;
    const size_t pixels = (size_t)f->width * (size_t)f->height;
    const size_t square = (size_t)r->width * (size_t)r->height;
    float *picture = blmi_alloc(square, sizeof *picture);
    r->grey = blmi_alloc(pixels, 1);
    r->name = blmi_strdup(name);
    if (picture == NULL || r->grey == NULL || r->name == NULL) {
        blmi_free(picture);
        return blmi_no_memory(err, "the reference", square, sizeof *picture);
    }
    memcpy(r->grey, grey, pixels);
    make_square(r, grey, picture);
    const blm_status status =
        blmi_reference_new(f->align, picture, r->width, r->height, &r->reference, err);
    blmi_free(picture);
    return status;
}

blm_status blmi_registration_new(const blmi_recipe *recipe, const uint8_t *grey,
    double aspect, const char *name, blmi_registration **out, blm_error *err)
{
    const double root = sqrt(aspect);
    blmi_registration *r = blmi_alloc_zero(1, sizeof *r);
    if (r == NULL)
        return blmi_no_memory(err, "the reference", 1, sizeof *r);
    atomic_init(&r->owners, 1);
    r->recipe = *recipe;
    r->aspect = aspect;
    r->width = (int)lround(recipe->fields.width / root);
    r->height = (int)lround(recipe->fields.height * root);
    const blm_status status = fill(r, grey, name, err);
    if (status == BLM_OK)
        *out = r;
    else
        blmi_registration_free(r);
    return status;
}

blmi_registration *blmi_registration_share(blmi_registration *r)
{
    atomic_fetch_add(&r->owners, 1);
    return r;
}

void blmi_registration_free(blmi_registration *r)
{
    if (r == NULL || atomic_fetch_sub(&r->owners, 1) > 1)
        return;
    blmi_reference_free(r->reference);
    blmi_free(r->grey);
    blmi_free(r->name);
    blmi_free(r);
}

const uint8_t *blmi_registration_grey(const blmi_registration *r)
{
    return r->grey;
}

double blmi_registration_aspect(const blmi_registration *r)
{
    return r->aspect;
}

const char *blmi_registration_name(const blmi_registration *r)
{
    return r->name;
}

bool blmi_registration_equal(const blmi_registration *a, const blmi_registration *b)
{
    if (a == b || a == NULL || b == NULL)
        return a == b;
    const blm_recipe *f = &a->recipe.fields, *g = &b->recipe.fields;
    return f->width == g->width && f->height == g->height && f->align == g->align &&
           a->aspect == b->aspect &&
           memcmp(a->grey, b->grey, (size_t)f->width * (size_t)f->height) == 0;
}

// ---- warps ----------------------------------------------------------------------------

blmi_warp blmi_registration_warp(
    const blmi_registration *r, const blmi_alignment *alignment)
{
    const blmi_transform *t = &alignment->transform;
    const double width = r->recipe.fields.width, height = r->recipe.fields.height;
    const double kx = r->width / width, ky = r->height / height;
    const double c = t->scale * cos(t->angle), s = t->scale * sin(t->angle);
    blmi_warp w = {.xx = c, .xy = -s * ky / kx, .yx = s * kx / ky, .yy = c};
    w.x0 = 0.5 * width + t->dx / kx - 0.5 * (w.xx * width + w.xy * height);
    w.y0 = 0.5 * height + t->dy / ky - 0.5 * (w.yx * width + w.yy * height);
    return w;
}

blmi_warp blmi_warp_inverse(const blmi_warp *w)
{
    const double d = w->xx * w->yy - w->xy * w->yx;
    blmi_warp out = {
        .xx = w->yy / d, .xy = -w->xy / d, .yx = -w->yx / d, .yy = w->xx / d};
    out.x0 = -(out.xx * w->x0 + out.xy * w->y0);
    out.y0 = -(out.yx * w->x0 + out.yy * w->y0);
    return out;
}

void blmi_registration_seen(const blmi_recipe *recipe, const blmi_warp *warp,
    int grid_width, int grid_height, uint8_t *seen)
{
    const blm_recipe *r = &recipe->fields;
    const double left = -(r->resize_width - r->width) / 2; // rounded as the centre is cut
    const double top = -(r->resize_height - r->height) / 2;
    for (int j = 0; j < grid_height; j++)
        for (int i = 0; i < grid_width; i++, seen++) {
            const double u = (i + 0.5) * r->width / grid_width;
            const double v = (j + 0.5) * r->height / grid_height;
            const double x = warp->xx * u + warp->xy * v + warp->x0 - left;
            const double y = warp->yx * u + warp->yy * v + warp->y0 - top;
            if (x < 0 || y < 0 || x > r->resize_width || y > r->resize_height)
                *seen = 0;
        }
}

// ---- images ---------------------------------------------------------------------------

void blmi_registration_grey_of(
    const blmi_recipe *recipe, const uint8_t *resized, uint8_t *grey)
{
    const blm_recipe *r = &recipe->fields;
    const uint8_t *rgb = resized + 3 * blmi_recipe_centre(recipe);
    for (int y = 0; y < r->height; y++, rgb += 3 * (ptrdiff_t)r->resize_width)
        for (int x = 0; x < r->width; x++) {
            const uint8_t *p = rgb + 3 * (ptrdiff_t)x;
            *grey++ = (uint8_t)((p[0] + 2 * p[1] + p[2] + 2) / 4);
        }
}

double blmi_registration_aspect_of(const blmi_recipe *recipe, int width, int height)
{
    const blmi_frame frame = blmi_recipe_frame(recipe, width, height);
    return frame.step_y / frame.step_x;
}

blm_status blmi_registering_new(
    blmi_registration *r, blmi_registering **out, blm_error *err)
{
    const blm_recipe *f = &r->recipe.fields;
    const size_t pixels = (size_t)f->width * (size_t)f->height;
    const size_t samples = (size_t)f->resize_width * (size_t)f->resize_height * 4;
    blmi_registering *w = blmi_alloc_zero(1, sizeof *w);
    if (w == NULL)
        return blmi_no_memory(err, "an alignment", 1, sizeof *w);
    w->registration = blmi_registration_share(r);
    w->grey = blmi_alloc(pixels, 1);
    w->aligned = blmi_alloc(pixels, 3);
    w->square = blmi_alloc((size_t)r->width * (size_t)r->height, sizeof(float));
    w->samples = blmi_alloc(samples, sizeof(float));
    blm_status status = BLM_OK;
    if (w->grey == NULL || w->aligned == NULL || w->square == NULL || w->samples == NULL)
        status = blmi_no_memory(err, "an alignment", samples, sizeof(float));
    if (status == BLM_OK)
        status = blmi_aligner_new(r->reference, &w->aligner, err);
    if (status == BLM_OK)
        *out = w;
    else
        blmi_registering_free(w);
    return status;
}

void blmi_registering_free(blmi_registering *w)
{
    if (w == NULL)
        return;
    blmi_aligner_free(w->aligner);
    blmi_free(w->grey);
    blmi_free(w->square);
    blmi_free(w->samples);
    blmi_free(w->aligned);
    blmi_registration_free(w->registration);
    blmi_free(w);
}

void blmi_registering_find(blmi_registering *w, const uint8_t *grey, blmi_alignment *out)
{
    make_square(w->registration, grey, w->square);
    blmi_align(w->aligner, w->square, out);
}

uint8_t *blmi_registering_run(
    blmi_registering *w, const uint8_t *resized, blmi_alignment *out)
{
    const blmi_registration *r = w->registration;
    const blm_recipe *f = &r->recipe.fields;
    blmi_registration_grey_of(&r->recipe, resized, w->grey);
    blmi_registering_find(w, w->grey, out);
    const blmi_warp warp = blmi_registration_warp(r, out);
    const ptrdiff_t centre = blmi_recipe_centre(&r->recipe);
    const blmi_sampling sampling = {.xx = warp.xx,
        .xy = warp.xy,
        .x0 = warp.x0 + (double)(centre % f->resize_width),
        .yx = warp.yx,
        .yy = warp.yy,
        .y0 = warp.y0 + (double)(centre / f->resize_width)};
    blmi_sample_rgb(resized, f->resize_width, f->resize_height, &sampling, w->samples,
        w->aligned, f->width, f->height);
    return w->aligned;
}
