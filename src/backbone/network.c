// network.c: creates, shares and frees networks and their workspaces, for any engine.
#include <stdatomic.h>
#include <string.h>

#include "src/backbone/backbone.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/nn/kernels.h"

enum { MAX_IMAGES = 1024 }; // per run

struct blmi_network {
    atomic_int owners;
    const blmi_engine *engine;
    int batch;
    void *net; // owned by the engine
};

struct blmi_workspace {
    const blmi_network *network;
    void *of_engine;
};

static blm_status check_options(
    const blmi_backbone *backbone, const blmi_network_options *o, blm_error *err)
{
    if (o->width < 1 || o->height < 1 || o->width > BLMI_LARGEST_SIDE ||
        o->height > BLMI_LARGEST_SIDE)
        return blmi_fail(err, BLM_EUSAGE, "input of %d x %d pixels, expected 1 to %d",
            o->width, o->height, BLMI_LARGEST_SIDE);
    if (o->batch < 1 || o->batch > MAX_IMAGES)
        return blmi_fail(
            err, BLM_EUSAGE, "%d images per run, expected 1 to %d", o->batch, MAX_IMAGES);
    for (int i = 0; i < o->taps; i++)
        if (o->tap[i] < 0 || o->tap[i] >= backbone->taps ||
            (i > 0 && o->tap[i] <= o->tap[i - 1]))
            return blmi_fail(err, BLM_EBUG,
                "tap %d of %d does not exist, or is not in order", o->tap[i],
                backbone->taps);
    return o->taps > 0 ? BLM_OK : blmi_fail(err, BLM_EBUG, "no tap is requested");
}

blm_status blmi_network_new(const blmi_backbone *backbone, const blmi_tensors *weights,
    const blmi_network_options *options, blmi_network **out, blm_error *err)
{
    BLMI_TRY(check_options(backbone, options, err));
    blmi_network *network = blmi_alloc_zero(1, sizeof *network);
    if (network == NULL)
        return blmi_no_memory(err, "a network", 1, sizeof *network);
    atomic_init(&network->owners, 1);
    network->engine = backbone->family->engine;
    network->batch = options->batch;
    const blm_status status =
        network->engine->build(backbone, weights, options, &network->net, err);
    if (status == BLM_OK)
        *out = network;
    else
        blmi_network_free(network);
    return status;
}

blmi_network *blmi_network_share(blmi_network *network)
{
    atomic_fetch_add(&network->owners, 1);
    return network;
}

void blmi_network_free(blmi_network *network)
{
    if (network == NULL || atomic_fetch_sub(&network->owners, 1) > 1)
        return;
    if (network->net != NULL)
        network->engine->destroy(network->net);
    blmi_free(network);
}

blm_status blmi_workspace_new(
    const blmi_network *network, blmi_team *team, blmi_workspace **out, blm_error *err)
{
    blmi_workspace *workspace = blmi_alloc_zero(1, sizeof *workspace);
    if (workspace == NULL)
        return blmi_no_memory(err, "a workspace", 1, sizeof *workspace);
    workspace->network = network;
    const blm_status status =
        network->engine->open(network->net, team, &workspace->of_engine, err);
    if (status == BLM_OK)
        *out = workspace;
    else
        blmi_free(workspace);
    return status;
}

void blmi_workspace_free(blmi_workspace *workspace)
{
    if (workspace == NULL)
        return;
    workspace->network->engine->close(workspace->of_engine);
    blmi_free(workspace);
}

void blmi_workspace_watch(blmi_workspace *workspace, blmi_watch *watch, void *context)
{
    workspace->network->engine->watch(workspace->of_engine, watch, context);
}

blm_status blmi_network_run(const blmi_network *network, blmi_workspace *workspace,
    const float *x, int images, float *const *out, blm_error *err)
{
    if (workspace->network != network)
        return blmi_fail(err, BLM_EBUG, "a workspace of another network");
    if (images < 1 || images > network->batch)
        return blmi_fail(err, BLM_EUSAGE, "%d images in a run, expected 1 to %d", images,
            network->batch);
    return network->engine->run(network->net, workspace->of_engine, x, images, out, err);
}

const char *blmi_network_kernels(const blmi_network *network)
{
    return network->engine->kernels != NULL ? network->engine->kernels(network->net)
                                            : blmi_kernels_name();
}
