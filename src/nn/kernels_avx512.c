// kernels_avx512.c: the kernels on vectors for AVX-512 (see CMakeLists.txt).
#define KERNELS blmi_kernels_avx512
#define KERNELS_NAME "avx512"
#include "src/nn/kernels_vector.h"
