// align_fft.h: two-dimensional Fourier transforms of small square arrays.
#ifndef BLMI_ALIGN_ALIGN_FFT_H
#define BLMI_ALIGN_ALIGN_FFT_H

#include "blemish/status.h"

typedef struct blmi_complex {
    float re, im;
} blmi_complex;

typedef struct blmi_fft blmi_fft; // plan and working memory: one per thread

// For arrays (side, side) of complex numbers.  BLM_ENOMEM.
blm_status blmi_fft_new(int side, blmi_fft **out, blm_error *err);
void blmi_fft_free(blmi_fft *fft); // NULL allowed
// in and out (side, side) are different arrays.  Neither direction divides by side^2.
void blmi_fft_forward(blmi_fft *fft, const blmi_complex *in, blmi_complex *out);
void blmi_fft_backward(blmi_fft *fft, const blmi_complex *in, blmi_complex *out);

#endif
