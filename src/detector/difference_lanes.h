// difference_lanes.h: the loop of difference.h.  A file that is compiled for an
// instruction set names its function DIFFERENCE and includes this.
#include "src/detector/difference.h"

enum { LANES = 16 };

// A square of a float is exact in double, so it makes no difference whether it is fused
// with its addition.
double DIFFERENCE(const float *a, const float *b, int n)
{
    double sum[LANES] = {0.0};
    int d = 0;
    for (; d + LANES <= n; d += LANES)
        for (int l = 0; l < LANES; l++) {
            const double difference = (double)(a[d + l] - b[d + l]);
            sum[l] += difference * difference;
        }
    for (; d < n; d++) {
        const double difference = (double)(a[d] - b[d]);
        sum[d % LANES] += difference * difference;
    }
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            sum[l] += sum[l + half];
    return sum[0];
}
