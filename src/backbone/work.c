#include "src/backbone/work.h"

#include "src/backbone/network.h"

// Multiply-adds of an encoder for each token of `channels` channels: qkv and proj, the
// MLP, q k' and p v.
static double encoder(double channels, double mlp, double window)
{
    return 4 * channels * channels + 2 * channels * mlp + 2 * window * channels;
}

double blmi_work_gflop(
    const blmi_contnet_config *config, int width, int height, int stage)
{
    const blmi_variant_shape *shape = &blmi_variant_shapes[config->variant];
    const double pixels = (double)width * height;
    if (stage == 0)
        return 2e-9 * pixels / 4 * (7 * 7 * 3) * shape->planes;
    // layer4, the last, does not halve the image, its windows are both of 7 x 7, and its
    // last convolution is of 1 x 1.
    const int last = stage == BLMI_STAGES, blocks = shape->blocks[stage - 1];
    const double channels = shape->planes << (stage - 1);
    const double mlp = shape->width[stage - 1];
    const double tokens = pixels / (16 << 2 * (stage - 1));
    const double encoders =
        encoder(channels, mlp, 7 * 7) + encoder(channels, mlp, last ? 7 * 7 : 14 * 14);
    const double widen = (last ? 1 + 1 : (9 + 1) / 4.0) * channels * 2 * channels;
    return 2e-9 * tokens *
           (blocks * encoders + (blocks - 1) * 9 * channels * channels + widen);
}
