// onnx_runtime.h: runs ONNX networks by the shared library of ONNX Runtime, which is
// loaded when it is needed (onnxruntime.ai).
//
// The library is the file $BLEMISH_ONNXRUNTIME, or else what the loader finds by the name
// libonnxruntime.so.1 or libonnxruntime.so.  $BLEMISH_PROVIDER names the device or
// library that computes: "cpu" (also if it is not set), "cuda", "tensorrt", "openvino",
// or another one that the library has.
#ifndef BLMI_BACKBONE_ONNX_RUNTIME_H
#define BLMI_BACKBONE_ONNX_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/format/onnx_graph.h"

// The loaded library.  Any number of threads may use it.
typedef struct blmi_runtime blmi_runtime;
// A network, ready to run: any number of threads may run it.  The runtime must outlive
// it.
typedef struct blmi_session blmi_session;

// BLM_EINPUT: there is no such library, it is too old, or it does not have the provider.
blm_status blmi_runtime_open(blmi_runtime **out, blm_error *err);
void blmi_runtime_close(blmi_runtime *runtime); // NULL allowed
// "ONNX Runtime 1.22.0 (CPUExecutionProvider)"
const char *blmi_runtime_name(const blmi_runtime *runtime);

// bytes (size): an ONNX model; not needed afterwards.  threads: that a run uses, with the
// caller's.  BLM_EINPUT: the library refuses the model.
blm_status blmi_session_new(const blmi_runtime *runtime, const void *bytes, size_t size,
    int threads, blmi_session **out, blm_error *err);
void blmi_session_free(blmi_session *session); // NULL allowed

// An output of a run.
typedef struct blmi_session_output {
    int rank; // 0: not an array of floats of at most BLMI_ONNX_MAX_RANK dimensions
    int64_t shape[BLMI_ONNX_MAX_RANK];
    const float *values; // (shape)
} blmi_session_output;

// Takes the outputs (count) of a run, which live until it returns.
typedef blm_status blmi_session_take(
    void *context, const blmi_session_output *outputs, int count, blm_error *err);
enum { BLMI_SESSION_MAX_OUTPUTS = 32 };

// Runs the network on x (shape, rank) and has its outputs (count, at most
// BLMI_SESSION_MAX_OUTPUTS) taken.  input, outputs: names in the model.
blm_status blmi_session_run(const blmi_session *session, const char *input,
    const float *x, const int64_t *shape, int rank, const char *const *outputs, int count,
    blmi_session_take *take, void *context, blm_error *err);

#endif
