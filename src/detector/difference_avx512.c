// difference_avx512.c: squared distances for AVX512 (see CMakeLists.txt).
#define DIFFERENCE blmi_difference_avx512
#include "src/detector/difference_lanes.h"
