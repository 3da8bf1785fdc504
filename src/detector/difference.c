// difference.c: squared distances in plain C, and the choice of the fastest version.
#define DIFFERENCE blmi_difference_plain
#include "src/detector/difference_lanes.h"

blmi_difference *blmi_difference_best(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f"))
        return blmi_difference_avx512;
    if (__builtin_cpu_supports("avx2"))
        return blmi_difference_avx2;
#endif
    return blmi_difference_plain;
}
