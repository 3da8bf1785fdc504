// hysteresis.c: thresholds a map at two levels, after Canny, "A computational approach to
// edge detection", IEEE PAMI 8(6), 1986, section VI.
#include "src/map/map.h"

void blmi_hysteresis(const float *map, int width, int height, float low, double high,
    int32_t *label, blmi_component *components, uint8_t *out)
{
    const size_t pixels = (size_t)width * (size_t)height;
    blmi_components(map, width, height, low, label, components, pixels);
    for (size_t i = 0; i < pixels; i++)
        out[i] = label[i] != 0 && (double)components[label[i] - 1].peak >= high;
}
