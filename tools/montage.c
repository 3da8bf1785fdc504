// montage: puts images side by side.
//
//     montage OUT.png COLUMNS IMAGE...
#include <blemish/image.h>
#include <blemish/render.h>
#include <stdio.h>
#include <stdlib.h>

enum { GAP = 6 }; // pixels

static blm_status write_png(const blm_image *image, const char *path, blm_error *err)
{
    const blm_buffer picture = {.pixels = image->rgb,
        .width = image->width,
        .height = image->height,
        .layout = BLM_RGB8};
    blm_bytes bytes;
    blm_status status = blm_png_encode(&picture, &bytes, err);
    if (status != BLM_OK)
        return status;
    status = blm_bytes_write(&bytes, path, err);
    blm_bytes_free(&bytes);
    return status;
}

static blm_status tile(
    blm_image **images, size_t count, int columns, const char *path, blm_error *err)
{
    const blm_colour white = {255, 255, 255};
    blm_image *all;
    blm_status status = blm_image_tile(
        (const blm_image *const *)images, count, columns, GAP, white, &all, err);
    if (status != BLM_OK)
        return status;
    status = write_png(all, path, err);
    blm_image_free(all);
    return status;
}

int main(int argc, char **argv)
{
    const int columns = argc < 4 ? 0 : atoi(argv[2]);
    const size_t count = argc < 4 ? 0 : (size_t)argc - 3;
    if (columns < 1) {
        fprintf(stderr, "usage: montage OUT.png COLUMNS IMAGE...\n");
        return 2;
    }
    blm_image **images = calloc(count, sizeof(blm_image *));
    blm_error err = {"out of memory"};
    blm_status status = images == NULL ? BLM_ENOMEM : BLM_OK;
    for (size_t i = 0; status == BLM_OK && i < count; i++)
        status = blm_image_read(argv[i + 3], NULL, &images[i], &err);
    if (status == BLM_OK)
        status = tile(images, count, columns, argv[1], &err);
    if (status != BLM_OK)
        fprintf(stderr, "montage: %s\n", err.text);
    for (size_t i = 0; images != NULL && i < count; i++)
        blm_image_free(images[i]);
    free(images);
    return status != BLM_OK;
}
