// kernels.c: which tables this processor can run.
#include "src/nn/kernels.h"

#include "src/base/sanitizer.h"

int blmi_kernels_available(const blmi_kernels *tables[BLMI_KERNEL_TABLES])
{
    int count = 0;
    tables[count++] = &blmi_kernels_plain;
    tables[count++] = &blmi_kernels_vector;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        tables[count++] = &blmi_kernels_avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw"))
        tables[count++] = &blmi_kernels_avx512;
    if (tables[count - 1] == &blmi_kernels_avx512 &&
        __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni"))
        tables[count++] = &blmi_kernels_bf16;
#endif
    return count;
}

static const blmi_kernels *fastest(void)
{
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    return tables[blmi_kernels_available(tables) - 1];
}

const blmi_kernels *blmi_kernels_best(void)
{
#ifdef BLMI_ADDRESS_SANITIZER
    return &blmi_kernels_checked;
#else
    return fastest();
#endif
}

const char *blmi_kernels_name(void)
{
    return fastest()->name;
}
