// gauss_kernels_avx512.c: the kernels on vectors for AVX-512 (see CMakeLists.txt).
#define KERNELS blmi_gauss_avx512
#define KERNELS_NAME "avx512"
#include "src/gauss/gauss_kernels_vector.h"
