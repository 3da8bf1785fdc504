// samples.h: converts samples of any type and packing to bytes.
#ifndef BLMI_IMAGE_SAMPLES_H
#define BLMI_IMAGE_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/image.h"

// Types of samples, in the machine's byte order, at any alignment.
typedef enum blmi_sample_type {
    BLMI_U8,
    BLMI_U16,
    BLMI_U32,
    BLMI_S8,
    BLMI_S16,
    BLMI_S32,
    BLMI_F16, // IEEE 754
    BLMI_F32,
    BLMI_F64,
} blmi_sample_type;

// How samples become bytes: low becomes 0, high 255, linear between.  Also records the
// range of the samples that were converted.
typedef struct blmi_scale {
    int bits;           // 1 to 16: low is 0, high 2^bits - 1, and the result is
                        // (v * 65535 div high + 128) div 257, for unsigned samples
    double low, high;   // low < high, finite
    double least, most; // of the samples so far; least > most: no samples
} blmi_scale;

// The scale of unsigned samples of 1 to 16 significant bits.
blmi_scale blmi_scale_of_bits(int bits);
blmi_scale blmi_scale_of_range(double low, double high);
// Stores the range, and the range of the samples so far, in the image.
void blmi_scale_note(const blmi_scale *scale, blm_image *image);

// Writes count bytes, `out_step` bytes apart, from samples that are `in_step` samples
// apart.  Values outside the range become 0 or 255; NaN becomes 0.  out may be in if no
// unread sample is overwritten.
void blmi_convert(uint8_t *out, size_t out_step, const void *in, blmi_sample_type type,
    size_t in_step, size_t count, blmi_scale *scale);

// How samples of fewer than 16 bits are packed.  Rows begin on a byte.
typedef enum blmi_packing {
    BLMI_HIGH_FIRST, // from the highest bit of a byte to the lowest, 1 to 16 bits: TIFF
    BLMI_LOW_FIRST,  // from the lowest bit to the highest, 1 to 16 bits: GenICam's "p"
    BLMI_GIGE,       // two samples in three bytes, the lower bits of both in the middle
                     // one; 10 or 12 bits: GigE Vision's "Packed"
    BLMI_MIPI,       // the upper 8 bits of four samples of 10, or two of 12, then a byte
                     // of the lower bits
} blmi_packing;

// Bytes of a row of count samples.
size_t blmi_packed_size(blmi_packing packing, unsigned bits, size_t count);
void blmi_unpack(
    uint16_t *out, const uint8_t *in, blmi_packing packing, unsigned bits, size_t count);

#endif
