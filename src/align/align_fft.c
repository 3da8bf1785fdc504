// align_fft.c: Fourier transforms, by kissfft.
#include "src/align/align_fft.h"

#include <kissfft/kiss_fftnd.h>
#include <stddef.h>

#include "src/base/alloc.h"

_Static_assert(sizeof(blmi_complex) == sizeof(kiss_fft_cpx), "kissfft must use floats");

struct blmi_fft {
    kiss_fftnd_cfg forward, backward;
};

// kissfft puts its plan into memory of ours.
static kiss_fftnd_cfg new_plan(int side, int backward)
{
    const int sides[2] = {side, side};
    size_t size = 0;
    kiss_fftnd_alloc(sides, 2, backward, NULL, &size);
    void *memory = blmi_alloc(size, 1);
    return memory != NULL ? kiss_fftnd_alloc(sides, 2, backward, memory, &size) : NULL;
}

blm_status blmi_fft_new(int side, blmi_fft **out, blm_error *err)
{
    blmi_fft *fft = blmi_alloc_zero(1, sizeof *fft);
    if (fft != NULL) {
        fft->forward = new_plan(side, 0);
        fft->backward = new_plan(side, 1);
    }
    if (fft == NULL || fft->forward == NULL || fft->backward == NULL) {
        blmi_fft_free(fft);
        return blmi_no_memory(err, "a Fourier transform", (size_t)side * (size_t)side,
            sizeof(blmi_complex));
    }
    *out = fft;
    return BLM_OK;
}

void blmi_fft_free(blmi_fft *fft)
{
    if (fft == NULL)
        return;
    blmi_free(fft->forward);
    blmi_free(fft->backward);
    blmi_free(fft);
}

static void run(kiss_fftnd_cfg plan, const blmi_complex *in, blmi_complex *out)
{
    kiss_fftnd(plan, (const kiss_fft_cpx *)(const void *)in, (kiss_fft_cpx *)(void *)out);
}

void blmi_fft_forward(blmi_fft *fft, const blmi_complex *in, blmi_complex *out)
{
    run(fft->forward, in, out);
}

void blmi_fft_backward(blmi_fft *fft, const blmi_complex *in, blmi_complex *out)
{
    run(fft->backward, in, out);
}
