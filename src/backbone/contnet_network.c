// contnet_network.c: the life of a network.
#include "src/backbone/contnet_network.h"

#include "src/base/alloc.h"
#include "src/base/error.h"

blmi_grid blmi_stage_grid(const blmi_contnet *net, int stage)
{
    // layer4 alone does not halve the image.
    const int shrunk = stage < BLMI_STAGES ? stage : BLMI_STAGES - 1;
    return (blmi_grid){net->options.height / 4 >> shrunk,
        net->options.width / 4 >> shrunk,
        blmi_variant_shapes[net->config.variant].planes << stage};
}

static blm_status check_options(const blmi_contnet_config *config,
    const blmi_contnet_options *options, blm_error *err)
{
    const int unit = BLMI_CONTNET_UNIT, most = BLMI_LARGEST_SIDE;
    if (options->width < unit || options->width > most || options->width % unit != 0 ||
        options->height < unit || options->height > most || options->height % unit != 0)
        return blmi_fail(err, BLM_EUSAGE,
            "input of %d x %d pixels, expected multiples of %d up to %d", options->width,
            options->height, unit, most);
    if (options->stages < 1 || options->stages > config->stages)
        return blmi_fail(err, BLM_EUSAGE,
            "stages up to layer%d requested, but these weights have layer1 to layer%d",
            options->stages, config->stages);
    if (options->batch < 1 || options->batch > 1024)
        return blmi_fail(
            err, BLM_EUSAGE, "%d images per run, expected 1 to 1024", options->batch);
    return BLM_OK;
}

blm_status blmi_contnet_new_with(const blmi_kernels *kernels, const blmi_tensors *weights,
    const blmi_contnet_config *config, const blmi_contnet_options *options,
    blmi_contnet **out, blm_error *err)
{
    blm_status status = check_options(config, options, err);
    if (status != BLM_OK)
        return status;
    blmi_contnet *net = blmi_alloc_zero(1, sizeof *net);
    if (net == NULL)
        return blmi_no_memory(err, "a network", 1, sizeof *net);
    net->config = *config;
    net->options = *options;
    net->kernels = kernels;
    net->words = options->type >= BLM_TYPE_BF16 ? BLMI_PAIRS : BLMI_FLOATS;
    status = blmi_contnet_pack(net, weights, err);
    if (status == BLM_OK)
        *out = net;
    else
        blmi_contnet_free(net);
    return status;
}

blm_status blmi_contnet_new(const blmi_tensors *weights,
    const blmi_contnet_config *config, const blmi_contnet_options *options,
    blmi_contnet **out, blm_error *err)
{
    return blmi_contnet_new_with(blmi_kernels_best(), weights, config, options, out, err);
}

void blmi_contnet_free(blmi_contnet *net)
{
    if (net == NULL)
        return;
    blmi_arena_free(&net->arena);
    blmi_free(net);
}
