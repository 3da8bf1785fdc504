// graph.h: a network as a list of layers on numbered values, drawn for one size of input.
//
//     int x = blmi_graph_image(g);
//     x = blmi_conv(g, x, &(blmi_conv_layer){.name = "conv1", .channels = 64, ...});
//     blmi_graph_take(g, 0, x); // x is the network's output number 0
//
// Drawing needs no weights: sizes, tensors and work can be asked for before.  Packed with
// weights it is immutable, and is run by any number of rooms, one per thread.
#ifndef BLMI_NN_GRAPH_H
#define BLMI_NN_GRAPH_H

#include "src/base/team.h"
#include "src/nn/packer.h"

enum { BLMI_MOST_INPUTS = 4 };

// A value: for each image `extra` tokens (as a class token is), then those of the grid,
// row by row; a token is a row of `channels` numbers.
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

// What can be a layer.  `layer` is complete but for `packed`.
typedef struct blmi_layer_kind {
    size_t packed_size; // bytes of what pack fills in, which begins as zeros
    // Packs the layer's tensors, by names; faults stay in the packer.
    void (*pack)(const blmi_layer *layer, blmi_words words, blmi_packer *p, void *packed);
    size_t (*scratch)(const blmi_layer *layer); // floats a thread; NULL: none
    void (*run)(const blmi_pass *pass, const blmi_layer *layer);
    void (*work)(
        const blmi_layer *layer, blmi_product_visit *visit, void *context); // NULL
} blmi_layer_kind;

struct blmi_layer {
    const blmi_layer_kind *kind;
    const char *name;                            // of its tensors, and of the step
    int inputs, input[BLMI_MOST_INPUTS], output; // values
    blmi_shape from[BLMI_MOST_INPUTS], to;
    const void *settings; // of the kind
    const void *packed;   // of the kind
};

// ---- drawing --------------------------------------------------------------------------

// NULL: no memory.
blmi_graph *blmi_graph_new(int height, int width);
void blmi_graph_free(blmi_graph *graph);
// The network's input (height, width, 3), which only a stem (blmi_conv of it) takes.
int blmi_graph_image(blmi_graph *graph);
blmi_shape blmi_graph_shape(const blmi_graph *graph, int value);
// A text that lives as long as the graph.
const char *blmi_graph_name(blmi_graph *graph, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// A layer of that kind with a copy of its settings (size bytes); its output has the
// shape `to`, its number is returned.
int blmi_graph_add(blmi_graph *graph, const blmi_layer_kind *kind, const char *name,
    const void *settings, size_t size, const int *input, int inputs, blmi_shape to);
// Output number `output` of the network, from 0 on, is that value's grid.
void blmi_graph_take(blmi_graph *graph, int output, int value);

// Ends the drawing at the last output that is wanted: what comes after it is left out.
// BLM_ENOMEM if memory was out while drawing.
blm_status blmi_graph_finish(blmi_graph *graph, int last_output, blm_error *err);

// ---- asking ---------------------------------------------------------------------------

void blmi_graph_tensors(const blmi_graph *graph,
    void (*visit)(void *context, const char *name), void *context);
// Products up to `output`, each with the first output that needs it.
typedef void blmi_graph_visit(
    void *context, int output, double times, double rows, int depth, int columns);
void blmi_graph_work(const blmi_graph *graph, blmi_graph_visit *visit, void *context);
// Bytes of a room.
size_t blmi_graph_room_size(const blmi_graph *graph, int batch, int threads);

// ---- packing and running --------------------------------------------------------------

// words: of what products multiply, but for those of the image.  BLM_EINPUT: a tensor is
// missing or of another shape.
blm_status blmi_graph_pack(blmi_graph *graph, const blmi_kernels *kernels,
    blmi_words words, const blmi_tensors *weights, int batch, blm_error *err);

typedef struct blmi_room blmi_room; // the memory of a run
blm_status blmi_room_new(
    const blmi_graph *graph, blmi_team *team, blmi_room **out, blm_error *err);
void blmi_room_free(blmi_room *room);
// After every layer: the first output of the network that needs it, and what it gives,
// dense (images, height, width, channels).
typedef void blmi_room_watch(void *context, int output, const char *name, const float *y,
    int images, int height, int width, int channels);
void blmi_room_set_watch(blmi_room *room, blmi_room_watch *watch, void *context);
// x (images, height, width, 3); out[i] takes output i (images, height, width, channels)
// if it is not NULL.
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

// What layers see of a run.
struct blmi_pass {
    const blmi_kernels *kernels;
    blmi_words words;
    blmi_team *team;
    int images;
    float *const *value; // by number: (images, tokens, token size)
    const float *image;  // (images, height, width, 3): value 0
    const float *zeros;  // as many as any token has
    float *pairs;        // room for the largest value, in pairs; NULL for floats
    float *scratch;      // (threads, scratch_size)
    size_t scratch_size;
};

// task(pass, layer, first, count, scratch) for all of `rows` rows, in parts of at most
// `most` (a multiple of 14), on all threads of the team.
typedef void blmi_rows_task(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch);
void blmi_pass_rows(const blmi_pass *pass, const blmi_layer *layer, int rows, int most,
    blmi_rows_task *task);

enum { BLMI_TASK_ROWS = 112 }; // tokens that a task takes at the most

#endif
