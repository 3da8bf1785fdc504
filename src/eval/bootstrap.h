// bootstrap.h: computes confidence intervals by resampling images.
#ifndef BLMI_EVAL_BOOTSTRAP_H
#define BLMI_EVAL_BOOTSTRAP_H

#include "blemish/eval.h"

// Computes the metrics of data in which item i occurs weights[i] times.  scratch: see
// below; its content is undefined.  Called from many threads.
typedef void blmi_evaluate(
    const void *data, const uint32_t *weights, void *scratch, blm_metrics *out);

// The intervals, as blemish/eval.h defines them, of the results of `evaluate` for draws
// of `count` items.  Each call of evaluate has its own scratch_bytes.  BLM_EUSAGE:
// options out of range.
blm_status blmi_bootstrap(const blm_bootstrap *options, size_t count,
    blmi_evaluate *evaluate, const void *data, size_t scratch_bytes, blm_intervals *out,
    blm_error *err);

#endif
