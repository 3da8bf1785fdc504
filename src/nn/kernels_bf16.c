// kernels_bf16.c: the kernels on vectors for AVX-512 with products of bf16 and int8 (see
// CMakeLists.txt).
#define KERNELS blmi_kernels_bf16
#define KERNELS_NAME "avx512bf16"
#include "src/nn/kernels_vector.h"
