#include "apps/blemish/outputs.h"

#include <stdlib.h>

#include "apps/blemish/memory.h"
#include "apps/blemish/stems.h"
#include "apps/blemish/target.h"
#include "blemish/render.h"

// In the order of CLI_MAP_FORMATS.
static const struct {
    blm_map_format format;
    const char *suffix;
} map_formats[] = {
    {BLM_MAP_TIFF16, ".map.tiff"},
    {BLM_MAP_TIFF32, ".map.tiff"},
    {BLM_MAP_PNG16, ".map.png"},
    {BLM_MAP_NPY, ".map.npy"},
};

blm_status cli_outputs_new(const char *folder, int format, const cli_files *files,
    cli_outputs *out, blm_error *err)
{
    const blm_status status = cli_make_folder(folder, err);
    if (status != BLM_OK)
        return status;
    *out = (cli_outputs){.folder = folder,
        .format = format,
        .stems = cli_stems_new(files),
        .count = files->count};
    return BLM_OK;
}

void cli_outputs_free(cli_outputs *outputs)
{
    cli_stems_free(outputs->stems, outputs->count);
    *outputs = (cli_outputs){0};
}

// ---- images

// Writes encoded bytes and frees them.
static blm_status write_bytes(
    blm_bytes *bytes, const char *stem, const char *suffix, blm_error *err)
{
    char *path = cli_format("%s%s", stem, suffix);
    const blm_status status = blm_bytes_write(bytes, path, err);
    free(path);
    blm_bytes_free(bytes);
    return status;
}

static blm_status write_map(const cli_outputs *outputs, const char *stem,
    const blm_image *image, const float *map, double threshold, blm_error *err)
{
    blm_bytes bytes;
    const blm_status status = blm_map_encode(map, image->width, image->height,
        map_formats[outputs->format].format, 2 * threshold, &bytes, err);
    if (status != BLM_OK)
        return status;
    return write_bytes(&bytes, stem, map_formats[outputs->format].suffix, err);
}

static blm_status write_png(
    const blm_buffer *image, const char *stem, const char *suffix, blm_error *err)
{
    blm_bytes bytes;
    const blm_status status = blm_png_encode(image, &bytes, err);
    return status != BLM_OK ? status : write_bytes(&bytes, stem, suffix, err);
}

// Draws a line around NG regions, not around REVIEW.
static blm_status draw_contour(blm_image *image, const uint8_t *mask, blm_error *err)
{
    const int side = image->width < image->height ? image->width : image->height;
    const int thickness = side < 500 ? 1 : side < 16000 ? side / 250 : 64;
    const blm_colour white = {255, 255, 255};
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *ng = cli_alloc(pixels, sizeof *ng);
    for (size_t i = 0; i < pixels; i++)
        ng[i] = mask[i] == 255;
    const blm_status status = blm_image_draw_contour(image, ng, thickness, white, err);
    free(ng);
    return status;
}

// Writes the heat map on the image, with a line around NG regions.
static blm_status write_heat(blm_image *image, const char *stem, const float *map,
    const uint8_t *mask, double threshold, blm_error *err)
{
    blm_status status = blm_image_draw_heat(image, map, threshold, err);
    if (status == BLM_OK)
        status = draw_contour(image, mask, err);
    if (status != BLM_OK)
        return status;
    return write_png(&(blm_buffer){.pixels = image->rgb,
                         .width = image->width,
                         .height = image->height,
                         .layout = BLM_RGB8},
        stem, ".heat.png", err);
}

// map, mask (height, width) of the image.
static blm_status write_all(const cli_outputs *outputs, const char *stem,
    blm_image *image, const float *map, const uint8_t *mask, double threshold,
    blm_error *err)
{
    blm_status status = cli_make_parents(stem, err);
    if (status == BLM_OK)
        status = write_map(outputs, stem, image, map, threshold, err);
    if (status == BLM_OK)
        status = write_png(&(blm_buffer){.pixels = mask,
                               .width = image->width,
                               .height = image->height,
                               .layout = BLM_MONO8},
            stem, ".mask.png", err);
    if (status == BLM_OK)
        status = write_heat(image, stem, map, mask, threshold, err);
    return status;
}

blm_status cli_outputs_write(const cli_outputs *outputs, size_t index,
    const blm_scorer *scorer, blm_image *image, const blm_result *result, blm_error *err)
{
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    float *map = cli_alloc(pixels, sizeof *map);
    uint8_t *mask = cli_alloc(pixels, sizeof *mask);
    char *stem = cli_format("%s/%s", outputs->folder, outputs->stems[index]);
    blm_status status =
        blm_result_native_map(scorer, result, image->width, image->height, map, err);
    if (status == BLM_OK)
        status = blm_result_native_mask(
            scorer, result, image->width, image->height, mask, err);
    if (status == BLM_OK)
        status = write_all(outputs, stem, image, map, mask, result->threshold, err);
    free(stem);
    free(mask);
    free(map);
    return status;
}
