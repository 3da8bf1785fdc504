// cells.h: the cells around a cell, where the first features repeat in cells.
#ifndef BLMI_GAUSS_CELLS_H
#define BLMI_GAUSS_CELLS_H

#include <limits.h>

#include "src/base/window.h"

typedef struct blmi_cells {
    int width; // positions per row of the grid
    int edge;  // positions per row of a cell; above width: all are in one cell
    int reach; // cells on each side that windows of a cell's positions meet
} blmi_cells;

enum { BLMI_MOST_CELLS = 25 }; // around a cell: with a tolerance of 4 and an edge of 2

// repeated, edge, width and tolerance are those of a rule.  If no features repeat, all
// positions are in one cell.
static inline blmi_cells blmi_cells_of(int repeated, int edge, int width, int tolerance)
{
    if (repeated == 0)
        return (blmi_cells){width, INT_MAX, 0};
    return (blmi_cells){width, edge, (tolerance + edge - 1) / edge};
}

static inline int blmi_cells_around(const blmi_cells *c)
{
    return blmi_window_places(c->reach);
}

// The number, among those around q's cell, of the cell of p, which is in q's window.
static inline int blmi_cells_number(const blmi_cells *c, int q, int p)
{
    const int row = p / c->width / c->edge - q / c->width / c->edge;
    const int column = p % c->width / c->edge - q % c->width / c->edge;
    return (row + c->reach) * (2 * c->reach + 1) + column + c->reach;
}

#endif
