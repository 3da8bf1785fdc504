// camera_buffer: scores an image in a camera's buffer and prints its defects (example 3
// of 3).
//
//     camera_buffer MODEL
//
// A grey ramp with a bright spot replaces the camera.  With a real camera, create model
// and scorer once, and call `inspect` for each image.
#include <blemish/blemish.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 240, STRIDE = 384 }; // many cameras pad their rows

static void fill_buffer(uint8_t *pixels)
{
    memset(pixels, 0, (size_t)HEIGHT * STRIDE);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const int spot = x > 100 && x < 120 && y > 80 && y < 100;
            pixels[y * STRIDE + x] = (uint8_t)(spot ? 255 : x / 2);
        }
    }
}

static blm_status inspect(blm_scorer *scorer, const uint8_t *pixels, blm_error *err)
{
    const blm_buffer buffer = {.pixels = pixels,
        .width = WIDTH,
        .height = HEIGHT,
        .stride = STRIDE,
        .layout = BLM_MONO8};
    blm_image *image;
    blm_result result;
    blm_status status = blm_image_from_buffer(&buffer, &image, err);
    if (status != BLM_OK)
        return status;
    status = blm_scorer_run(scorer, image, &result, err);
    blm_image_free(image);
    if (status != BLM_OK)
        return status;

    // Regions are in pixels of the image, highest peak first.
    printf("score %.2f, threshold %.2f\n", result.score, result.threshold);
    for (size_t i = 0; i < result.region_count; i++) {
        const blm_region *r = blm_result_region(&result, i);
        printf("defect from (%.0f, %.0f) to (%.0f, %.0f), peak %.2f\n", r->left, r->top,
            r->right, r->bottom, r->peak);
    }
    return BLM_OK;
}

int main(int argc, char **argv)
{
    static uint8_t pixels[HEIGHT * STRIDE];
    blm_model *model = NULL;
    blm_scorer *scorer = NULL;
    blm_error err;
    if (argc != 2)
        return 2;

    blm_status status = blm_model_open(argv[1], &model, &err);
    if (status == BLM_OK)
        status = blm_scorer_new(model, NULL, &scorer, &err);
    if (status == BLM_OK) {
        fill_buffer(pixels);
        status = inspect(scorer, pixels, &err);
    }
    if (status != BLM_OK)
        fprintf(stderr, "%s\n", err.text);
    blm_scorer_free(scorer);
    blm_model_free(model);
    return status != BLM_OK;
}
