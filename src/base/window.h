// window.h: the cells of a grid around a cell.
#ifndef BLMI_BASE_WINDOW_H
#define BLMI_BASE_WINDOW_H

#include <stdbool.h>

// The cells whose row and column are both at most `reach` away, on a grid of width x
// height cells.  The number of a cell is row * width + column.
typedef struct blmi_window {
    int width, height, reach;
} blmi_window;

// Places of a window inside the grid: (2 reach + 1)^2, row by row.
static inline int blmi_window_places(int reach)
{
    return (2 * reach + 1) * (2 * reach + 1);
}

// The cell at a place of the window around `cell`; -1 if it is outside the grid.
static inline int blmi_window_cell(const blmi_window *w, int cell, int place)
{
    const int side = 2 * w->reach + 1;
    const int row = cell / w->width + place / side - w->reach;
    const int column = cell % w->width + place % side - w->reach;
    const bool is_inside =
        row >= 0 && row < w->height && column >= 0 && column < w->width;
    return is_inside ? row * w->width + column : -1;
}

#endif
