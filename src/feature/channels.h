// channels.h: a number for each colour channel, as text.
#ifndef BLMI_FEATURE_CHANNELS_H
#define BLMI_FEATURE_CHANNELS_H

#include "blemish/blemish.h"

// Reads three numbers with commas between them, for red, green and blue.  name: "mean",
// which allows -10^4 to 10^4, or "std", which allows 10^-4 to 10^4.  BLM_EUSAGE: the text
// is wrong; the error begins with `name "text"`.
blm_status blmi_channels_read(
    const char *name, const char *text, double out[3], blm_error *err);
// Writes the shortest text that reads back as the same.
void blmi_channels_print(const double value[3], char text[BLM_FIELD_TEXT]);

#endif
