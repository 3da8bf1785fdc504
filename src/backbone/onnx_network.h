// onnx_network.h: the tensors by which weights files and models hold an ONNX network.
//
//     onnx.network    U8 (bytes)    the ONNX model, cut to what its taps need
//     onnx.input      F64 (2, 3)    mean and deviation of the channels, of pixels / 255
//     onnx.size       I64 (3)       default side, unit of the sides, largest side
//     onnx.tap_names  U8 (bytes)    names of the taps, each ended by a zero
//     onnx.tap_forms  I64 (taps, 5) layout, tokens before the grid, channels, rows and
//                                   columns of the grid at the default side
#ifndef BLMI_BACKBONE_ONNX_NETWORK_H
#define BLMI_BACKBONE_ONNX_NETWORK_H

#define BLMI_ONNX_NETWORK "onnx.network"
#define BLMI_ONNX_INPUT "onnx.input"
#define BLMI_ONNX_SIZE "onnx.size"
#define BLMI_ONNX_TAP_NAMES "onnx.tap_names"
#define BLMI_ONNX_TAP_FORMS "onnx.tap_forms"

enum { BLMI_ONNX_TAP_FORM = 5 }; // numbers of a tap

// How an output is stored.
typedef enum blmi_onnx_layout {
    BLMI_ONNX_PLANES = 0, // (images, channels, rows, columns)
    BLMI_ONNX_PIXELS = 1, // (images, rows, columns, channels)
    BLMI_ONNX_TOKENS = 2, // (images, extra + rows * columns, channels)
    BLMI_ONNX_LAYOUTS
} blmi_onnx_layout;

#endif
