// graph.h: describes a network as a list of layers on numbered values, for one input
// size.
//
//     int x = blmi_graph_image(g);
//     x = blmi_conv(g, x, &(blmi_conv_layer){.name = "conv1", .channels = 64, ...});
//     blmi_graph_take(g, 0, x); // x is the network's output number 0
//
// Drawing a graph needs no weights: sizes, tensors and work are known without them.
// After packing, a graph is immutable, and is run by any number of rooms, one per thread.
#ifndef BLMI_NN_GRAPH_H
#define BLMI_NN_GRAPH_H

#include "src/base/team.h"
#include "src/nn/packer.h"

enum { BLMI_MAX_INPUTS = 4 };

// The shape of a value: for each image `extra` tokens (such as a class token), then the
// tokens of the grid, row by row.  A token is a row of `channels` numbers.
typedef struct blmi_shape {
    int height, width, channels;
    int extra;
} blmi_shape;

typedef struct blmi_graph blmi_graph;
typedef struct blmi_pass blmi_pass;
typedef struct blmi_layer blmi_layer;

// (times) products (rows, depth) by (depth, columns) of one image.
typedef void blmi_product_visit(
    void *context, double times, double rows, int depth, int columns);

// A kind of layer.  `layer` is complete except for `packed`.
typedef struct blmi_layer_kind {
    size_t packed_size; // bytes that pack fills in, zero at first
    // Packs the layer's tensors, by name; faults are kept in the packer.
    void (*pack)(const blmi_layer *layer, blmi_words words, blmi_packer *p, void *packed);
    size_t (*scratch)(const blmi_layer *layer); // floats per thread; NULL: none
    void (*run)(const blmi_pass *pass, const blmi_layer *layer);
    void (*work)(
        const blmi_layer *layer, blmi_product_visit *visit, void *context); // NULL
} blmi_layer_kind;

struct blmi_layer {
    const blmi_layer_kind *kind;
    const char *name;                           // of its tensors and of the step
    int inputs, input[BLMI_MAX_INPUTS], output; // values
    blmi_shape from[BLMI_MAX_INPUTS], to;
    const void *settings; // type depends on the kind
    const void *packed;   // type depends on the kind
};

// ---- drawing --------------------------------------------------------------------------

// NULL: no memory.
blmi_graph *blmi_graph_new(int height, int width);
void blmi_graph_free(blmi_graph *graph);
// The network's input (height, width, 3), which only a stem (blmi_conv of it) can use.
int blmi_graph_image(blmi_graph *graph);
blmi_shape blmi_graph_shape(const blmi_graph *graph, int value);
// Makes a text that lives as long as the graph.
const char *blmi_graph_name(blmi_graph *graph, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Adds a layer of that kind with a copy of its settings (size bytes).  Its output has the
// shape `to`.  Returns the number of the output.
int blmi_graph_add(blmi_graph *graph, const blmi_layer_kind *kind, const char *name,
    const void *settings, size_t size, const int *input, int inputs, blmi_shape to);
// Makes the grid of that value output number `output` of the network, 0 or more.
void blmi_graph_take(blmi_graph *graph, int output, int value);

// Ends the drawing at the last required output and drops what follows.  BLM_ENOMEM if
// memory was out during drawing.
blm_status blmi_graph_finish(blmi_graph *graph, int last_output, blm_error *err);

// ---- queries --------------------------------------------------------------------------

void blmi_graph_tensors(const blmi_graph *graph,
    void (*visit)(void *context, const char *name), void *context);
// Visits the products up to `output`, each with the first output that needs it.
typedef void blmi_graph_visit(
    void *context, int output, double times, double rows, int depth, int columns);
void blmi_graph_work(const blmi_graph *graph, blmi_graph_visit *visit, void *context);
// Bytes of a room.
size_t blmi_graph_room_size(const blmi_graph *graph, int batch, int threads);

// ---- packing and running --------------------------------------------------------------

// words: the operands of products, except those of the image.  BLM_EINPUT: a tensor is
// missing or has another shape.
blm_status blmi_graph_pack(blmi_graph *graph, const blmi_kernels *kernels,
    blmi_words words, const blmi_tensors *weights, int batch, blm_error *err);

typedef struct blmi_room blmi_room; // the memory of a run
blm_status blmi_room_new(
    const blmi_graph *graph, blmi_team *team, blmi_room **out, blm_error *err);
void blmi_room_free(blmi_room *room);
// Called after every layer: the first output of the network that needs it, and its
// values, dense (images, height, width, channels).
typedef void blmi_room_watch(void *context, int output, const char *name, const float *y,
    int images, int height, int width, int channels);
void blmi_room_set_watch(blmi_room *room, blmi_room_watch *watch, void *context);
// x (images, height, width, 3); out[i], if not NULL, receives output i (images, height,
// width, channels).
void blmi_room_run(blmi_room *room, const float *x, int images, float *const *out);

// ---- for layers -----------------------------------------------------------------------

// Floats from a token to the next one.
static inline size_t blmi_token_size(int channels)
{
    const int padded =
        blmi_pad(channels); // rows 1 KiB apart would share a set of the cache
    return (size_t)(padded % 256 == 0 ? padded + BLMI_APART : padded);
}

static inline int blmi_tokens(const blmi_shape *shape)
{
    return shape->extra + shape->height * shape->width;
}

// What layers can use during a run.
struct blmi_pass {
    const blmi_kernels *kernels;
    blmi_words words;
    blmi_team *team;
    int images;
    float *const *value; // by number: (images, tokens, token size)
    const float *image;  // (images, height, width, 3): value 0
    const float *zeros;  // as long as the longest token
    float *pairs;        // for the largest value, in pairs; NULL for floats
    float *scratch;      // (threads, scratch_size)
    size_t scratch_size;
};

// Calls task(pass, layer, first, count, scratch) for all `rows` rows, in parts of at most
// `most` (a multiple of 14), on all threads of the team.
typedef void blmi_rows_task(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch);
void blmi_pass_rows(const blmi_pass *pass, const blmi_layer *layer, int rows, int most,
    blmi_rows_task *task);

enum { BLMI_TASK_ROWS = 112 }; // most tokens per task

#endif
