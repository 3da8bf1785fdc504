// layers.h: the layers that graphs are drawn of.  Each function adds one and returns the
// number of its output.
#ifndef BLMI_NN_LAYERS_H
#define BLMI_NN_LAYERS_H

#include "src/nn/graph.h"

// Zeros around the input: so many on each side, or as TensorFlow pads "SAME": ceil(size /
// stride) outputs, and of the zeros that this takes the larger half behind.
enum { BLMI_SAME = -1 };

// y = f(norm(conv(x)) + add).  Tensors: NAME.weight, NAME.bias if `bias`, and the batch
// norm's NORM.weight, .bias, .running_mean, .running_var.
typedef struct blmi_conv_layer {
    const char *name, *norm; // norm: NULL for none
    double epsilon;          // of the norm
    int channels;            // of the output
    int window, stride, pad; // pad: see above
    bool bias;
    bool linear; // NAME.weight has two dimensions (window 1); with extra tokens too
    blmi_activation activation;
    int add; // a value that is added before f; 0 for none
} blmi_conv_layer;

int blmi_conv(blmi_graph *graph, int x, const blmi_conv_layer *layer);
// The same with a window for each channel: NAME.weight (channels, 1, window, window).
// channels, linear and add are not used.
int blmi_depthwise(blmi_graph *graph, int x, const blmi_conv_layer *layer);

// An inverted bottleneck: a convolution of window 1 (NULL: none), one for each channel,
// and one of window 1.  The same as the three layers one after the other, in less memory.
int blmi_bottleneck(blmi_graph *graph, int x, const char *name,
    const blmi_conv_layer *expand, const blmi_conv_layer *depthwise,
    const blmi_conv_layer *project);

// The largest number in each window; beyond the border there is none.
int blmi_max_pool(blmi_graph *graph, int x, int window, int stride, int pad);

// Squeeze and excite (Hu et al. 2018): each channel of x times sigmoid(EXPAND(silu(
// SQUEEZE(mean of x)))), two linear layers with bias, whose weights are (out, in, 1, 1);
// `inner` channels between them.
int blmi_gate(
    blmi_graph *graph, int x, const char *squeeze, const char *expand, int inner);

#endif
