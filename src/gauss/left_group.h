// left_group.h: a position's Gaussian without a group of images, in the space of the
// images; leave_out.h has the formulas.
#ifndef BLMI_GAUSS_LEFT_GROUP_H
#define BLMI_GAUSS_LEFT_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/gauss/gauss.h"

// The images sorted by group, and where each group begins.
typedef struct blmi_groups {
    int images; // N
    int *order; // (N) images, equal groups together, rising inside
    int *begin; // (count + 1) into order
    int count, largest;
} blmi_groups;

// group (N) numbers; NULL: each image by itself.  BLM_EUSAGE: a group leaves fewer than 2
// images.  out is released with blmi_groups_free, after a failure too.
blm_status blmi_groups_sort(
    const int32_t *group, int images, blmi_groups *out, blm_error *err);
void blmi_groups_free(blmi_groups *groups);

// A thread's working memory, in doubles; g is the largest group.
typedef struct blmi_group_room {
    double *scatter; // (R) s_k
    double *w;       // (N, R) rows are images
    double *null;    // (N, N) rows are null directions, from row `rank` on
    double *values;  // (N)
    double *scaled;  // (g, R)
    double *t, *q;   // (g, g)
    void *work;
} blmi_group_room;

// Carves a room at base (NULL: only measured); its size in doubles.
size_t blmi_group_room_lay_out(
    blmi_group_room *room, int images, int rank, int largest, double *base);

// The lam of a group that leaves `rest` images, whose scatter has that trace.
double blmi_group_shift(
    const blmi_gauss_rule *rule, double rest, int features, double trace);

// Takes s and w of a position out of the model, and Z where there is one; its rank, or -1
// if the eigenvalues did not converge.
int blmi_group_basis(const blmi_gauss *gauss, int p, blmi_group_room *room);
// For one group: room->t becomes the Cholesky factor of T, *lam what is in it.  With rank
// 0 there is no T.  false: it is not positive definite.
bool blmi_group_factor(const blmi_gauss *gauss, int rank, const int *members, int size,
    blmi_group_room *room, double *lam);
// room->q, lower triangle: Q of the group.
void blmi_group_q(
    const int *members, int size, int rank, double lam, blmi_group_room *room);

#endif
