// linalg.h: the products and factorisations of the statistics, in double.
//
// All matrices are row-major.  Callers are inside a parallel region and have called
// blmi_threads_keep_to_one.  So each call computes on one thread (with OpenBLAS's OpenMP
// build), and the bytes of a position do not depend on the number of threads.
#ifndef BLMI_GAUSS_LINALG_H
#define BLMI_GAUSS_LINALG_H

#include <stdbool.h>
#include <stddef.h>

// out (n, n), lower triangle only: a a', a (n, k).
void blmi_gram_of_rows(int n, int k, const double *a, double *out);
// out (n, n), lower triangle only: a' a, a (k, n).
void blmi_gram_of_columns(int n, int k, const double *a, double *out);
// out (m, n) = a b, a (m, k), b (k, n).
void blmi_product(int m, int n, int k, const double *a, const double *b, double *out);

// out (m, n) = a b', a (m, k), b (n, k).
void blmi_product_with_rows(
    int m, int n, int k, const double *a, const double *b, double *out);
// out (m, n) -= a b, a (m, k), b (k, n).
void blmi_subtract_product(
    int m, int n, int k, const double *a, const double *b, double *out);

// The same in float: out (m, n) = a b', a (m, k), b (n, k).
void blmi_product_with_rows_f32(
    int m, int n, int k, const float *a, const float *b, float *out);
// out (m, n) += a b, or -=, a (m, k), b (k, n).
void blmi_add_product_f32(
    int m, int n, int k, const float *a, const float *b, float *out);
void blmi_subtract_product_f32(
    int m, int n, int k, const float *a, const float *b, float *out);

// Eigenpairs of a symmetric matrix a (n, n), of which the lower triangle is read.  Row k
// becomes the unit eigenvector of values[k] (n), values rising.  work: blmi_eigen_work(n)
// bytes.  false if LAPACK does not converge.
bool blmi_eigen(int n, double *a, double *values, void *work);
size_t blmi_eigen_work(int n);

// The lower triangle of a (n, n) becomes that of L, L L' = a; the rest is unchanged.
// false if a is not positive definite (or not finite).
bool blmi_cholesky(int n, double *a);
// Each row b of rows (count, n) becomes L^-1 b.
void blmi_forward(int n, int count, const double *l, double *rows);
// The same in two steps, where l is | A 0 ; B C |, A (first, first), and b is (b1, b2):
// b1 becomes u = A^-1 b1, and b2 becomes b2 - B u.
void blmi_forward_first(int n, int first, int count, const double *l, double *rows);
// b2 becomes C^-1 b2.
void blmi_forward_rest(int n, int first, int count, const double *l, double *rows);
// Each row b of rows (count, n) becomes L'^-1 b.
void blmi_backward(int n, int count, const double *l, double *rows);

#endif
