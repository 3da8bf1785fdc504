// recipe.c: defaults and limits of recipes, and the preparation of images.
#include "src/feature/recipe.h"

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/image/resize.h"

enum { MOST_CHANNELS = 1 << 14 };
static const int64_t LARGEST_SEED = (int64_t)1 << 53; // metadata pass through doubles

static int int_or(int value, int otherwise)
{
    return value != 0 ? value : otherwise;
}

static double double_or(double value, double otherwise)
{
    return value != 0 ? value : otherwise;
}

static blm_recipe with_defaults(const blm_recipe *recipe, const blmi_backbone *backbone)
{
    blm_recipe r = *recipe;
    r.width = int_or(r.width, backbone->input.standard);
    r.height = int_or(r.height, backbone->input.standard);
    r.resize_width = int_or(r.resize_width, r.width);
    r.resize_height = int_or(r.resize_height, r.height);
    r.filter = r.filter != BLM_FILTER_DEFAULT ? r.filter
               : backbone->input.bicubic      ? BLM_FILTER_BICUBIC
                                              : BLM_FILTER_BILINEAR;
    r.bits = int_or(r.bits, 16);
    r.stages = r.stages != 0 ? r.stages : backbone->usual;
    r.epsilon = double_or(r.epsilon, 0.01);
    r.sigma = double_or(r.sigma, 4);
    r.min_area = r.min_area != 0 ? r.min_area : 1;
    return r;
}

static int has_crop(const blm_recipe *r)
{
    return (r->crop.x | r->crop.y | r->crop.width | r->crop.height) != 0;
}

static blm_status check_statistics(const blm_recipe *r, blm_error *err)
{
    if (!(r->epsilon >= 1e-9 && r->epsilon <= 1e9))
        return blmi_fail(err, BLM_EUSAGE, "epsilon %g: must be 1e-9 to 1e9", r->epsilon);
    if (r->channels < 0 || r->channels > MOST_CHANNELS)
        return blmi_fail(err, BLM_EUSAGE, "channels %d: must be 1 to %d, or 0 for all",
            r->channels, MOST_CHANNELS);
    if (r->seed < 0 || r->seed > LARGEST_SEED)
        return blmi_fail(
            err, BLM_EUSAGE, "seed %lld: must be 0 to 2^53", (long long)r->seed);
    if (r->unit_variance != 0 && r->unit_variance != 1)
        return blmi_fail(
            err, BLM_EUSAGE, "unit_variance %d: must be 0 or 1", r->unit_variance);
    if (r->half != 0 && r->half != 1)
        return blmi_fail(err, BLM_EUSAGE, "half %d: must be 0 or 1", r->half);
    if (!(r->shrinkage >= 0 && r->shrinkage <= 0.999))
        return blmi_fail(
            err, BLM_EUSAGE, "shrinkage %g: must be 0 to 0.999", r->shrinkage);
    return BLM_OK;
}

blm_status blmi_recipe_complete(const blm_recipe *recipe, const blmi_backbone *backbone,
    blm_recipe *out, blm_error *err)
{
    const blm_recipe r = with_defaults(recipe, backbone);
    BLMI_TRY(blmi_backbone_check_size(backbone, r.width, r.height, err));
    if (r.resize_width < r.width || r.resize_height < r.height ||
        r.resize_width > BLMI_LARGEST_SIDE || r.resize_height > BLMI_LARGEST_SIDE)
        return blmi_fail(err, BLM_EUSAGE,
            "resize to %d x %d: must hold the size %d x %d and be at most %d",
            r.resize_width, r.resize_height, r.width, r.height, BLMI_LARGEST_SIDE);
    if (has_crop(&r) &&
        (r.crop.x < 0 || r.crop.y < 0 || r.crop.width < 1 || r.crop.height < 1))
        return blmi_fail(err, BLM_EUSAGE,
            "crop %d,%d,%d,%d: expected x, y >= 0, width, height >= 1", r.crop.x,
            r.crop.y, r.crop.width, r.crop.height);
    if (r.filter != BLM_FILTER_BILINEAR && r.filter != BLM_FILTER_BICUBIC)
        return blmi_fail(
            err, BLM_EUSAGE, "filter %d: expected bilinear or bicubic", (int)r.filter);
    if (r.bits < 9 || r.bits > 16)
        return blmi_fail(err, BLM_EUSAGE, "bits %d: must be 9 to 16", r.bits);
    if (r.type != BLM_TYPE_F32 && r.type != BLM_TYPE_BF16 && r.type != BLM_TYPE_INT8)
        return blmi_fail(
            err, BLM_EUSAGE, "type %d: expected f32, bf16 or int8", (int)r.type);
    if (!(r.sigma > 0 && r.sigma <= 256))
        return blmi_fail(
            err, BLM_EUSAGE, "sigma %g: must be above 0 and at most 256", r.sigma);
    if (r.min_area < 1 || r.min_area > (int64_t)r.width * r.height)
        return blmi_fail(err, BLM_EUSAGE, "min_area %lld: must be 1 to %lld",
            (long long)r.min_area, (long long)r.width * r.height);
    BLMI_TRY(check_statistics(&r, err));
    *out = r;
    return BLM_OK;
}

blmi_detector_rule blmi_recipe_rule(const blm_recipe *recipe)
{
    return (blmi_detector_rule){.epsilon = recipe->epsilon,
        .shrinkage = recipe->shrinkage,
        .unit_variance = recipe->unit_variance,
        .half = recipe->half};
}

blm_rect blmi_recipe_crop(const blm_recipe *recipe, int width, int height)
{
    return has_crop(recipe) ? recipe->crop : (blm_rect){0, 0, width, height};
}

void blmi_recipe_normalise(
    const blm_recipe *r, const blmi_input *input, const uint8_t *resized, float *x)
{
    float table[256][3];
    for (int v = 0; v < 256; v++)
        for (int c = 0; c < 3; c++)
            table[v][c] = (float)((v / 255.0 - input->mean[c]) / input->deviation[c]);
    const int left = (r->resize_width - r->width) / 2;
    const int top = (r->resize_height - r->height) / 2;
    for (int row = 0; row < r->height; row++) {
        const uint8_t *in =
            resized + ((size_t)(top + row) * (size_t)r->resize_width + (size_t)left) * 3;
        float *out = x + (size_t)row * (size_t)r->width * 3;
        for (int i = 0; i < r->width * 3; i += 3)
            for (int c = 0; c < 3; c++)
                out[i + c] = table[in[i + c]][c];
    }
}

blm_status blmi_recipe_resize(
    const blm_recipe *recipe, const blm_image *image, uint8_t *resized, blm_error *err)
{
    const blm_rect crop = blmi_recipe_crop(recipe, image->width, image->height);
    if (crop.x > image->width - crop.width || crop.y > image->height - crop.height)
        return blmi_fail(err, BLM_EINPUT,
            "%d x %d pixels: the crop rectangle %d,%d,%d,%d leaves it", image->width,
            image->height, crop.x, crop.y, crop.width, crop.height);
    const ptrdiff_t stride = (ptrdiff_t)image->width * 3;
    const uint8_t *origin = image->rgb + crop.y * stride + (ptrdiff_t)crop.x * 3;
    return blmi_resize_rgb(origin, crop.width, crop.height, stride,
        recipe->filter == BLM_FILTER_BICUBIC ? BLMI_BICUBIC : BLMI_BILINEAR, resized,
        recipe->resize_width, recipe->resize_height, err);
}

blmi_frame blmi_recipe_frame(const blm_recipe *recipe, int image_width, int image_height)
{
    const blm_rect crop = blmi_recipe_crop(recipe, image_width, image_height);
    const double step_x = (double)crop.width / recipe->resize_width;
    const double step_y = (double)crop.height / recipe->resize_height;
    const int left = (recipe->resize_width - recipe->width) / 2;
    const int top = (recipe->resize_height - recipe->height) / 2;
    return (blmi_frame){crop.x + left * step_x, crop.y + top * step_y, step_x, step_y};
}

// Pixels of the mask, of `length` from origin on, that each of `input` cells of the grid
// touches, be it with a part: first (inclusive) and end (exclusive) in turns.
static void find_spans(int origin, int length, int resized, int input, int *spans)
{
    const int64_t cut = (resized - input) / 2;
    for (int64_t i = cut; i < cut + input; i++) {
        *spans++ = origin + (int)(i * length / resized);
        *spans++ = origin + (int)(((i + 1) * length + resized - 1) / resized);
    }
}

static uint8_t is_inside(const blm_mask *mask, const int *columns, const int *rows)
{
    for (int y = rows[0]; y < rows[1]; y++)
        for (int x = columns[0]; x < columns[1]; x++)
            if (x < 0 || y < 0 || x >= mask->width || y >= mask->height ||
                mask->include[(size_t)y * (size_t)mask->width + (size_t)x] == 0)
                return 0;
    return 1;
}

blm_status blmi_recipe_region(
    const blm_recipe *recipe, const blm_mask *region, uint8_t *include, blm_error *err)
{
    if (region->width < 1 || region->height < 1 || region->include == NULL)
        return blmi_fail(err, BLM_EUSAGE,
            "region of interest: %d x %d pixels, expected a picture", region->width,
            region->height);
    const blm_recipe *r = recipe;
    const blm_rect crop = blmi_recipe_crop(r, region->width, region->height);
    const size_t count = 2 * ((size_t)r->width + (size_t)r->height);
    int *columns = blmi_alloc(count, sizeof *columns);
    if (columns == NULL)
        return blmi_no_memory(err, "the region of interest", count, sizeof *columns);
    int *rows = columns + 2 * (ptrdiff_t)r->width;
    size_t inside = 0;
    find_spans(crop.x, crop.width, r->resize_width, r->width, columns);
    find_spans(crop.y, crop.height, r->resize_height, r->height, rows);
    for (int y = 0; y < r->height; y++)
        for (int x = 0; x < r->width; x++, include++) {
            *include =
                is_inside(region, columns + 2 * (ptrdiff_t)x, rows + 2 * (ptrdiff_t)y);
            inside += *include;
        }
    blmi_free(columns);
    if (inside == 0)
        return blmi_fail(err, BLM_EUSAGE,
            "region of interest: it leaves nothing to inspect: no pixel of the input "
            "lies "
            "wholly inside");
    return BLM_OK;
}
