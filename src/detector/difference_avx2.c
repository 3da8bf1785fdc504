// difference_avx2.c: squared distances for AVX2 (see CMakeLists.txt).
#define DIFFERENCE blmi_difference_avx2
#include "src/detector/difference_lanes.h"
