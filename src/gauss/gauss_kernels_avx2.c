// gauss_kernels_avx2.c: the kernels on vectors for AVX2, FMA and F16C (CMakeLists.txt).
#define KERNELS blmi_gauss_avx2
#define KERNELS_NAME "avx2"
#include "src/gauss/gauss_kernels_vector.h"
