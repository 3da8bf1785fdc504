// kernels_vector.c: the kernels on vectors for any processor of the target.
#define KERNELS blmi_kernels_vector
#define KERNELS_NAME "vector"
#include "src/nn/kernels_vector.h"
