// window.h: the cells of a grid that lie around one.
#ifndef BLMI_BASE_WINDOW_H
#define BLMI_BASE_WINDOW_H

// Cells whose row and column are both at most `reach` away, on a grid of width x height
// cells.  A cell has the number row * width + column.
typedef struct blmi_window {
    int width, height, reach;
} blmi_window;

// Places of a window that no border cuts: (2 reach + 1)^2, row by row.
static inline int blmi_window_places(int reach)
{
    return (2 * reach + 1) * (2 * reach + 1);
}

// The cell at a place of the window around another one; -1 beyond the border.
static inline int blmi_window_cell(const blmi_window *w, int cell, int place)
{
    const int side = 2 * w->reach + 1;
    const int row = cell / w->width + place / side - w->reach;
    const int column = cell % w->width + place % side - w->reach;
    const int inside = row >= 0 && row < w->height && column >= 0 && column < w->width;
    return inside ? row * w->width + column : -1;
}

#endif
