// picture.h: checks that a caller's blm_image can be used.
#ifndef BLMI_IMAGE_PICTURE_H
#define BLMI_IMAGE_PICTURE_H

#include "blemish/image.h"

// Largest side in pixels: keeps the bytes of a row within an int.
enum { BLMI_MAX_SIDE = 1 << 24 };

// BLM_EUSAGE: image is NULL, has no pixels, or a side is not 1 to BLMI_MAX_SIDE.
blm_status blmi_picture_check(const blm_image *image, blm_error *err);

#endif
