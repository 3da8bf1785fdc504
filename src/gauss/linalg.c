#include "src/gauss/linalg.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdint.h>

void blmi_gram_of_rows(int n, int k, const double *a, double *out)
{
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, n, k, 1.0, a, k, 0.0, out, n);
}

void blmi_gram_of_columns(int n, int k, const double *a, double *out)
{
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, n, k, 1.0, a, n, 0.0, out, n);
}

void blmi_product(int m, int n, int k, const double *a, const double *b, double *out)
{
    cblas_dgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0, a, k, b, n, 0.0, out, n);
}

void blmi_product_with_rows(
    int m, int n, int k, const double *a, const double *b, double *out)
{
    cblas_dgemm(
        CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0, a, k, b, k, 0.0, out, n);
}

void blmi_subtract_product(
    int m, int n, int k, const double *a, const double *b, double *out)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, -1.0, a, k, b, n, 1.0,
        out, n);
}

void blmi_product_with_rows_f32(
    int m, int n, int k, const float *a, const float *b, float *out)
{
    cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0f, a, k, b, k, 0.0f, out, n);
}

void blmi_add_product_f32(int m, int n, int k, const float *a, const float *b, float *out)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a, k, b, n,
        1.0f, out, n);
}

void blmi_subtract_product_f32(
    int m, int n, int k, const float *a, const float *b, float *out)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, -1.0f, a, k, b, n,
        1.0f, out, n);
}

// The work space of dsyevd, in items.
static size_t eigen_doubles(size_t n)
{
    return 1 + 6 * n + 2 * n * n;
}

static size_t eigen_ints(size_t n)
{
    return 3 + 5 * n;
}

size_t blmi_eigen_work(int n)
{
    return eigen_doubles((size_t)n) * sizeof(double) +
           eigen_ints((size_t)n) * sizeof(lapack_int);
}

// LAPACK is column-major: our lower triangle is its upper one, and its eigenvectors,
// which are columns, are our rows.
bool blmi_eigen(int n, double *a, double *values, void *work)
{
    const size_t doubles = eigen_doubles((size_t)n);
    lapack_int *ints = (lapack_int *)((double *)work + doubles);
    return LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', n, a, n, values, work,
               (lapack_int)doubles, ints, (lapack_int)eigen_ints((size_t)n)) == 0;
}

bool blmi_cholesky(int n, double *a)
{
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', n, a, n) != 0)
        return false;
    for (int i = 0; i < n; i++) { // OpenBLAS's pivot test lets NaN pass
        const double pivot = a[(size_t)i * (size_t)n + (size_t)i];
        if (!(pivot > 0.0) || !isfinite(pivot))
            return false;
    }
    return true;
}

void blmi_forward(int n, int count, const double *l, double *rows)
{
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, count, n,
        1.0, l, n, rows, n);
}

void blmi_forward_first(int n, int first, int count, const double *l, double *rows)
{
    if (first == 0)
        return;
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, count,
        first, 1.0, l, n, rows, n);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, count, n - first, first, -1.0,
        rows, n, l + (size_t)first * (size_t)n, n, 1.0, rows + first, n);
}

void blmi_forward_rest(int n, int first, int count, const double *l, double *rows)
{
    const size_t at = (size_t)first;
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, count,
        n - first, 1.0, l + at * (size_t)n + at, n, rows + first, n);
}

void blmi_backward(int n, int count, const double *l, double *rows)
{
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, count,
        n, 1.0, l, n, rows, n);
}
