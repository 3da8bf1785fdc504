// kernels_x86.h: the body of a kernel set, included once per vector width by kernels.c,
// which defines NAME, TARGET, VECTOR, LANES and the operations on a VECTOR beforehand.

TARGET static void NAME(dot)(
    const float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    VECTOR s0 = ZERO(), s1 = ZERO(), s2 = ZERO(), s3 = ZERO();
    int d = 0;
    for (; d + LANES <= n; d += LANES) {
        const VECTOR v = LOAD(x + d);
        s0 = ADD_PRODUCT(LOAD(rows[0] + d), v, s0);
        s1 = ADD_PRODUCT(LOAD(rows[1] + d), v, s1);
        s2 = ADD_PRODUCT(LOAD(rows[2] + d), v, s2);
        s3 = ADD_PRODUCT(LOAD(rows[3] + d), v, s3);
    }
    float lanes[BLMI_TILE][LANES];
    STORE(lanes[0], s0);
    STORE(lanes[1], s1);
    STORE(lanes[2], s2);
    STORE(lanes[3], s3);
    for (int r = 0; r < BLMI_TILE; r++) {
        for (int half = LANES / 2; half > 0; half /= 2)
            for (int l = 0; l < half; l++)
                lanes[r][l] += lanes[r][l + half];
        float sum = lanes[r][0];
        for (int e = d; e < n; e++)
            sum += rows[r][e] * x[e];
        products[r] = sum;
    }
}

TARGET static void NAME(subtract)(
    const float *const rows[BLMI_TILE], const float factors[BLMI_TILE], int n, float *x)
{
    const VECTOR f0 = SPREAD(factors[0]), f1 = SPREAD(factors[1]);
    const VECTOR f2 = SPREAD(factors[2]), f3 = SPREAD(factors[3]);
    int d = 0;
    for (; d + LANES <= n; d += LANES) {
        VECTOR v = LOAD(x + d);
        v = SUBTRACT_PRODUCT(f0, LOAD(rows[0] + d), v);
        v = SUBTRACT_PRODUCT(f1, LOAD(rows[1] + d), v);
        v = SUBTRACT_PRODUCT(f2, LOAD(rows[2] + d), v);
        v = SUBTRACT_PRODUCT(f3, LOAD(rows[3] + d), v);
        STORE(x + d, v);
    }
    for (; d < n; d++) {
        float sum = x[d];
        for (int r = 0; r < BLMI_TILE; r++)
            sum -= factors[r] * rows[r][d];
        x[d] = sum;
    }
}

#undef NAME
#undef TARGET
#undef VECTOR
#undef LANES
#undef ZERO
#undef SPREAD
#undef LOAD
#undef STORE
#undef ADD_PRODUCT
#undef SUBTRACT_PRODUCT
