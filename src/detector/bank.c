#include "src/detector/bank.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/detector/difference.h"
#include "src/detector/operand.h"

enum {
    PANELS = 8,                    // panels per product: their words fit the cache
    COLUMNS = PANELS * BLMI_LANES, // columns per product
    QUERIES = 112,                 // rows per product: 8 tiles of 14
};

// Without a reach there is one section with all rows, which every position searches.
// With a reach there is one section per position, searched by the positions around it.
struct blmi_bank {
    blmi_bank_layout layout;
    const float *row;      // (K, D)
    const int32_t *number; // (K)
    int64_t rows;          // K
    int sections;          // 1 or P
    int64_t section_rows;  // of a section
    int section_panels;
    int64_t *begin;       // (sections) of its rows; -1: it has none
    int places;           // sections that a position searches
    blmi_operand operand; // the common mean, and the form of the words
    float *packed;        // (sections, section_panels, depth, 16)
    float *bias;          // (sections, section_panels, 16) -|r|^2 / 2; nothing: lowest
    float *length;        // (sections, section_panels) the largest |r|
    blmi_difference *difference;
};

static const float lowest = -FLT_MAX / 4;

// ---- life -----------------------------------------------------------------------------

static size_t panel_floats(const blmi_bank *b)
{
    return (size_t)b->operand.depth * BLMI_LANES;
}

// Finds the start of the rows of each position.
static void find_sections(blmi_bank *b)
{
    const int positions = b->layout.width * b->layout.height;
    if (b->layout.reach < 0) {
        b->begin[0] = 0;
        b->section_rows = b->rows;
        return;
    }
    for (int p = 0; p < positions; p++)
        b->begin[p] = -1;
    for (int64_t k = b->rows - 1; k >= 0; k--)
        b->begin[b->number[k] % positions] = k;
    while (b->section_rows < b->rows &&
           b->number[b->section_rows] % positions == b->number[0] % positions)
        b->section_rows++;
}

// Packs one panel; words (16, depth) and centred (padded D) are scratch.
static void pack_panel(blmi_bank *b, int section, int panel, float *words, float *centred)
{
    const size_t at = (size_t)section * (size_t)b->section_panels + (size_t)panel;
    const int64_t first = (int64_t)panel * BLMI_LANES;
    const float *rows[BLMI_LANES];
    float longest = 0.0f;
    int count = 0;
    for (int i = 0; i < BLMI_LANES; i++)
        b->bias[at * BLMI_LANES + (size_t)i] = lowest;
    for (; count < BLMI_LANES && first + count < b->section_rows; count++) {
        const size_t k = (size_t)(b->begin[section] + first + count);
        float *to = words + (size_t)count * (size_t)b->operand.stride;
        const double square = blmi_operand_make(
            &b->operand, b->row + k * (size_t)b->layout.features, centred, to);
        b->bias[at * BLMI_LANES + (size_t)count] = (float)(-0.5 * square);
        longest = fmaxf(longest, (float)(sqrt(square) * (1 + 0x1p-20)));
        rows[count] = to;
    }
    b->length[at] = longest;
    if (count > 0)
        b->operand.kernels->pack_columns(
            b->packed + at * panel_floats(b), rows, count, b->operand.depth);
}

static blm_status allocate(blmi_bank *b, blm_error *err)
{
    b->begin = blmi_alloc((size_t)b->sections, sizeof *b->begin);
    if (b->begin == NULL)
        return blmi_no_memory(err, "the bank", (size_t)b->sections, sizeof *b->begin);
    find_sections(b);
    b->section_panels = (int)((b->section_rows + BLMI_LANES - 1) / BLMI_LANES);
    const size_t panels = (size_t)b->sections * (size_t)b->section_panels;
    b->packed = blmi_alloc_zero(panels, panel_floats(b) * sizeof(float));
    b->bias = blmi_alloc_zero(panels * BLMI_LANES, sizeof *b->bias);
    b->length = blmi_alloc_zero(panels, sizeof *b->length);
    if (b->packed == NULL || b->bias == NULL || b->length == NULL)
        return blmi_no_memory(err, "the bank", panels, panel_floats(b) * sizeof(float));
    return BLM_OK;
}

static blm_status fill(blmi_bank *b, blm_error *err)
{
    BLMI_TRY(blmi_operand_new(b->row, b->rows, b->layout.features, &b->operand, err));
    BLMI_TRY(allocate(b, err));
    const size_t words = BLMI_LANES * (size_t)b->operand.stride;
    float *scratch = blmi_alloc(words + (size_t)b->operand.padded, sizeof *scratch);
    if (scratch == NULL)
        return blmi_no_memory(err, "the bank", words, sizeof *scratch);
    for (int s = 0; s < b->sections; s++)
        for (int panel = 0; panel < b->section_panels && b->begin[s] >= 0; panel++)
            pack_panel(b, s, panel, scratch, scratch + words);
    blmi_free(scratch);
    return BLM_OK;
}

blm_status blmi_bank_new(const blmi_bank_layout *layout, const float *row,
    const int32_t *number, int64_t rows, blmi_bank **out, blm_error *err)
{
    blmi_bank *b = blmi_alloc_zero(1, sizeof *b);
    if (b == NULL)
        return blmi_no_memory(err, "the bank", 1, sizeof *b);
    b->layout = *layout;
    b->row = row;
    b->number = number;
    b->rows = rows;
    b->sections = layout->reach < 0 ? 1 : layout->width * layout->height;
    b->places = layout->reach < 0 ? 1 : blmi_window_places(layout->reach);
    b->difference = blmi_difference_best();
    const blm_status status = fill(b, err);
    if (status == BLM_OK)
        *out = b;
    else
        blmi_bank_free(b);
    return status;
}

void blmi_bank_free(blmi_bank *b)
{
    if (b == NULL)
        return;
    blmi_operand_free(&b->operand);
    blmi_free(b->begin);
    blmi_free(b->packed);
    blmi_free(b->bias);
    blmi_free(b->length);
    blmi_free(b);
}

// ---- searching ------------------------------------------------------------------------

typedef struct call {
    const blmi_bank *bank;
    blmi_window window;
    int positions;
    const float *x;     // (P, D)
    const uint8_t *use; // (P) or NULL
    blmi_bank_skip skip;
    float *words;     // (P, stride) of the queries
    float *length;    // (P) of the queries, less the mean
    float *best;      // (P, places, section_panels) the largest s
    float *thread;    // (threads, thread_floats)
    float *out;       // (P)
    int64_t *nearest; // (P) or NULL
} call;

// Scratch of a thread: products (QUERIES, COLUMNS), the bias of their columns, a centred
// query.
static size_t thread_floats(const blmi_bank *b)
{
    return (size_t)QUERIES * (COLUMNS + BLMI_APART) + COLUMNS + (size_t)b->operand.padded;
}

static size_t rounded(size_t floats)
{
    return (floats + BLMI_APART - 1) / BLMI_APART * BLMI_APART;
}

size_t blmi_bank_scratch(const blmi_bank *b, const blmi_team *team)
{
    const size_t p = (size_t)(b->layout.width * b->layout.height);
    const size_t best = p * (size_t)b->places * (size_t)b->section_panels;
    const size_t floats = p * (size_t)b->operand.stride + rounded(p) + rounded(best) +
                          (size_t)blmi_team_threads(team) * thread_floats(b);
    return floats * sizeof(float);
}

static bool counts(const call *c, int p)
{
    return c->use == NULL || c->use[p] != 0;
}

// Makes the words of query p.
static void make_query(const void *context, int p, int thread)
{
    const call *c = context;
    const blmi_bank *b = c->bank;
    float *centred = c->thread + (size_t)thread * thread_floats(b) +
                     (size_t)QUERIES * (COLUMNS + BLMI_APART) + COLUMNS;
    if (!counts(c, p))
        return;
    const double square =
        blmi_operand_make(&b->operand, c->x + (size_t)p * (size_t)b->layout.features,
            centred, c->words + (size_t)p * (size_t)b->operand.stride);
    c->length[p] = (float)(sqrt(square) * (1 + 0x1p-20));
}

static bool is_skipped(const call *c, int64_t k)
{
    const int32_t image = c->bank->number[k] / c->positions;
    return c->skip.group != NULL && c->skip.group[image] == c->skip.skip;
}

// Queries of a section, as many as fit.
typedef struct queries {
    int count;
    const float *words[QUERIES];
    float *best[QUERIES]; // (section_panels) of each
} queries;

// Computes the largest s in each of `panels` panels of a section, beginning with number
// `panel`.
static void multiply(const call *c, int section, int panel, int panels, const queries *q,
    float *products, float *bias)
{
    const blmi_bank *b = c->bank;
    const size_t at = (size_t)section * (size_t)b->section_panels + (size_t)panel;
    const int64_t first = b->begin[section] + (int64_t)panel * BLMI_LANES;
    blmi_matrix matrix = blmi_panels(b->operand.words, b->operand.padded,
        panels * BLMI_LANES, b->packed + at * panel_floats(b));
    float *y[QUERIES];
    for (int i = 0; i < q->count; i++)
        y[i] = products + (size_t)i * (COLUMNS + BLMI_APART);
    memcpy(bias, b->bias + at * BLMI_LANES, (size_t)panels * BLMI_LANES * sizeof *bias);
    for (int i = 0; c->skip.group != NULL && i < panels * BLMI_LANES; i++)
        if (bias[i] > lowest && is_skipped(c, first + i))
            bias[i] = lowest;
    matrix.bias = bias;
    const blmi_product product = {
        .b = &matrix, .rows = q->count, .a = q->words, .y = y, .y_words = BLMI_FLOATS};
    b->operand.kernels->product(&product);
    for (int i = 0; i < q->count; i++)
        for (int j = 0; j < panels; j++) {
            const float *s = y[i] + j * BLMI_LANES;
            float best = s[0];
            for (int l = 1; l < BLMI_LANES; l++)
                best = s[l] > best ? s[l] : best;
            q->best[i][panel + j] = best;
        }
}

// Searches some panels of a section for all queries that need it.
static void ask_section(const void *context, int task, int thread)
{
    const call *c = context;
    const blmi_bank *b = c->bank;
    const int stretches = (b->section_panels + PANELS - 1) / PANELS;
    const int section = task / stretches, panel = task % stretches * PANELS;
    const int left = b->section_panels - panel, panels = left < PANELS ? left : PANELS;
    const bool all = b->layout.reach < 0;
    const int asking = all ? c->positions : b->places;
    float *products = c->thread + (size_t)thread * thread_floats(b);
    float *bias = products + (size_t)QUERIES * (COLUMNS + BLMI_APART);
    queries q = {.count = 0};
    if (b->begin[section] < 0)
        return;
    for (int i = 0; i < asking; i++) {
        const int p = all ? i : blmi_window_cell(&c->window, section, i);
        if (p >= 0 && counts(c, p)) {
            const size_t place = all ? 0 : (size_t)(b->places - 1 - i);
            q.words[q.count] = c->words + (size_t)p * (size_t)b->operand.stride;
            q.best[q.count++] = c->best + ((size_t)p * (size_t)b->places + place) *
                                              (size_t)b->section_panels;
        }
        if (q.count == QUERIES || (i == asking - 1 && q.count > 0)) {
            multiply(c, section, panel, panels, &q, products, bias);
            q.count = 0;
        }
    }
}

// The section that position p searches at a place; -1: none.
static int section_at(const call *c, int p, int place)
{
    const bool all = c->bank->layout.reach < 0;
    const int section = all ? 0 : blmi_window_cell(&c->window, p, place);
    if (section < 0 || c->bank->begin[section] < 0)
        return -1;
    return section;
}

typedef struct found {
    double square;
    int64_t row;
} found;

// Compares all rows of a panel.
static void look_at(const call *c, const float *x, int section, int panel, found *best)
{
    const blmi_bank *b = c->bank;
    const size_t d = (size_t)b->layout.features;
    const int64_t first = (int64_t)panel * BLMI_LANES;
    for (int64_t i = first; i < first + BLMI_LANES && i < b->section_rows; i++) {
        const int64_t k = b->begin[section] + i;
        if (is_skipped(c, k))
            continue;
        const double square = b->difference(x, b->row + (size_t)k * d, (int)d);
        const bool lower = square == best->square && k < best->row;
        if (square < best->square || isnan(square) || lower)
            *best = (found){square, k};
    }
}

// The largest error of s, for a query and a panel of that length.
static double bound(const blmi_bank *b, double query, double panel)
{
    return b->operand.rounding * query * panel +
           b->operand.summing * (query + panel) * panel + FLT_MIN;
}

// Finds the nearest row of position p, from the panels that may contain it.
static void find_nearest(const void *context, int p, int thread)
{
    const call *c = context;
    const blmi_bank *b = c->bank;
    const float *x = c->x + (size_t)p * (size_t)b->layout.features;
    const size_t panels = (size_t)b->section_panels;
    const float *best = c->best + (size_t)p * (size_t)b->places * panels;
    found nearest = {INFINITY, -1};
    double least = -INFINITY; // a lower bound of s for the nearest row
    (void)thread;
    for (int place = 0; place < b->places && counts(c, p); place++) {
        const int section = section_at(c, p, place);
        const float *length = b->length + (size_t)(section < 0 ? 0 : section) * panels;
        for (size_t j = 0; section >= 0 && j < panels; j++) {
            const double s = (double)best[(size_t)place * panels + j];
            least = fmax(least, s - bound(b, c->length[p], length[j]));
        }
    }
    for (int place = 0; place < b->places && counts(c, p); place++) {
        const int section = section_at(c, p, place);
        const float *length = b->length + (size_t)(section < 0 ? 0 : section) * panels;
        for (size_t j = 0; section >= 0 && j < panels; j++) {
            const double s = (double)best[(size_t)place * panels + j];
            if (s > 0.5 * (double)lowest &&
                !(s + bound(b, c->length[p], length[j]) < least))
                look_at(c, x, section, (int)j, &nearest);
        }
    }
    c->out[p] = counts(c, p) ? (float)sqrt(nearest.square) : 0.0f;
    if (c->nearest != NULL)
        c->nearest[p] = nearest.row;
}

void blmi_bank_search(const blmi_bank *b, const float *x, const uint8_t *use,
    blmi_bank_skip skip, blmi_team *team, void *scratch, float *out, int64_t *nearest)
{
    const size_t p = (size_t)(b->layout.width * b->layout.height);
    const int stretches = (b->section_panels + PANELS - 1) / PANELS;
    call c = {.bank = b,
        .window = {b->layout.width, b->layout.height, b->layout.reach},
        .positions = (int)p,
        .x = x,
        .use = use,
        .skip = skip,
        .words = scratch,
        .out = out,
        .nearest = nearest};
    c.length = c.words + p * (size_t)b->operand.stride;
    c.best = c.length + rounded(p);
    c.thread = c.best + rounded(p * (size_t)b->places * (size_t)b->section_panels);
    blmi_team_each(team, (int)p, make_query, &c);
    blmi_team_each(team, b->sections * stretches, ask_section, &c);
    blmi_team_each(team, (int)p, find_nearest, &c);
}
