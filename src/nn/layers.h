// layers.h: the layers of graphs.  Each function adds a layer and returns the number of
// its output.
#ifndef BLMI_NN_LAYERS_H
#define BLMI_NN_LAYERS_H

#include "src/nn/graph.h"

// Zeros around the input: a number for each side, or padding as "SAME" in TensorFlow:
// ceil(size / stride) outputs, with the larger half of the zeros at the end.
enum { BLMI_SAME = -1 };

// y = f(norm(conv(x)) + add), for the grid of x only.  Tensors: NAME.weight, NAME.bias if
// `bias`, and the batch norm's NORM.weight, .bias, .running_mean, .running_var.
typedef struct blmi_conv_layer {
    const char *name, *norm; // norm: NULL for none
    double epsilon;          // of the norm
    int channels;            // of the output
    int window, stride, pad; // pad: see above
    bool bias;
    blmi_activation activation;
    int add; // a value that is added before f; 0 for none
} blmi_conv_layer;

int blmi_conv(blmi_graph *graph, int x, const blmi_conv_layer *layer);
// The same with a window for each channel: NAME.weight (channels, 1, window, window).
// channels and add are not used; extra tokens are unchanged.
int blmi_depthwise(blmi_graph *graph, int x, const blmi_conv_layer *layer);

// An inverted bottleneck: a convolution of window 1 (NULL: none), a depthwise one, and
// one of window 1.  Equals the three layers in sequence, with less memory.
int blmi_bottleneck(blmi_graph *graph, int x, const char *name,
    const blmi_conv_layer *expand, const blmi_conv_layer *depthwise,
    const blmi_conv_layer *project);

// The largest number in each window; the window is cut at the border.
int blmi_max_pool(blmi_graph *graph, int x, int window, int stride, int pad);

// Squeeze and excite (Hu et al. 2018): each channel of x times sigmoid(EXPAND(silu(
// SQUEEZE(mean of x)))), two linear layers with bias, whose weights are (out, in, 1, 1);
// `inner` channels between them.
int blmi_gate(
    blmi_graph *graph, int x, const char *squeeze, const char *expand, int inner);

// ---- a transformer's layers: of all tokens of a value, those of the grid and the extra
// ones.  Channels, and those of a head, are multiples of BLMI_LANES.

// How a table of positions is resized to another grid, see position_table.h.
typedef enum blmi_position_rule {
    BLMI_POSITIONS_OFFSET,
    BLMI_POSITIONS_ANTIALIAS,
    BLMI_POSITIONS_BILINEAR,
} blmi_position_rule;

enum { BLMI_MAX_EXTRA = 2 };

// y = the extra tokens, then x + positions; x has no extra tokens.
typedef struct blmi_tokens_layer {
    const char *name;
    const char *extra[BLMI_MAX_EXTRA]; // tensors (1, count, channels), or NULL
    int count[BLMI_MAX_EXTRA];
    const char *positions; // tensor (1, ahead + side * side, channels), or NULL
    int ahead;             // rows that are added to the first extra tokens
    int side;              // of the grid that the tensor is for
    blmi_position_rule rule;
} blmi_tokens_layer;

int blmi_extend_tokens(blmi_graph *graph, int x, const blmi_tokens_layer *layer);

// Layer norm (Ba et al. 2016, arXiv:1607.06450) of each token: NAME.weight, NAME.bias.
int blmi_layer_norm(blmi_graph *graph, int x, const char *name, double epsilon);

enum { BLMI_MAX_PARTS = 3 };

// y = f(scale * (norm(x) W + b) + add).
typedef struct blmi_linear_layer {
    // NAME.weight (channels, depth), NAME.bias if `bias`; several: columns side by side.
    const char *name[BLMI_MAX_PARTS];
    int channels[BLMI_MAX_PARTS];
    bool bias;
    const char *norm;           // a layer norm before it; NULL: none
    double epsilon;             // of the norm
    const char *scale;          // a tensor, a factor for each channel; NULL: none
    blmi_activation activation; // f
    int add;                    // a value; 0: none
} blmi_linear_layer;

int blmi_linear(blmi_graph *graph, int x, const blmi_linear_layer *layer);

// y = scale * SECOND(f(FIRST(norm(x)))) + add, with `hidden` channels between both, which
// stay in the cache.  Both have a bias.
typedef struct blmi_mlp_layer {
    const char *first, *second;
    int hidden;
    const char *norm;
    double epsilon;
    const char *scale;
    blmi_activation activation; // f
    int add;
} blmi_mlp_layer;

int blmi_mlp(blmi_graph *graph, int x, const blmi_mlp_layer *layer);

// Columns of a value, beginning with `first`.
typedef struct blmi_columns {
    int value, first;
} blmi_columns;

// Attention by heads (Vaswani et al. 2017, arXiv:1706.03762): softmax(scale q k') v, head
// h having channels h * depth .. of each; v has as many tokens as k.
typedef struct blmi_multihead_layer {
    const char *name; // of the step
    blmi_columns q, k, v;
    int channels, heads;
    double scale;
    // Gated by positions (d'Ascoli et al. 2021, arXiv:2103.10697), for a grid without
    // extra tokens: (1 - g) softmax(scale q k') + g softmax(place), g the sigmoid of the
    // tensor `gate` (heads), place = PLACE.weight (heads, 3) times (x, y, x^2 + y^2) of
    // the way from query to key, and PLACE.bias.  NULL: not gated.
    const char *gate, *place;
} blmi_multihead_layer;

int blmi_multihead(blmi_graph *graph, const blmi_multihead_layer *layer);

#endif
