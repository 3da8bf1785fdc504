// kernels_avx2.c: the kernels on vectors for AVX2 and FMA (see CMakeLists.txt).
#define KERNELS blmi_kernels_avx2
#define KERNELS_NAME "avx2"
#include "src/nn/kernels_vector.h"
