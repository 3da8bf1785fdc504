// backbone.h: the table of backbones, frozen networks whose outputs become features.
//
//     family     a row of the table (backbone.c): how networks of one paper are found in
//                a state dict, what they offer, and how they are built and run.
//     backbone   one network as its tensors show it, or several side by side (joint.h): a
//                plain value that may be copied.
//     network    a backbone with packed weights, for one size of input: immutable and
//                counted, shared by any number of threads.
//     workspace  the memory of a run: one per thread.
//
// Nothing outside of src/backbone knows a family by name.
#ifndef BLMI_BACKBONE_BACKBONE_H
#define BLMI_BACKBONE_BACKBONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/blemish.h"
#include "src/base/team.h"
#include "src/base/tensor.h"
#include "src/format/safetensors.h"

enum {
    BLMI_MAX_TAPS = 31,       // of a backbone: a set of them is an int in files
    BLMI_MAX_MEMBERS = 6,     // networks side by side
    BLMI_LARGEST_SIDE = 7168, // pixels of an input: the one limit of all of blemish
    BLMI_MAX_CONFIG_PAIRS = 8 // metadata entries that say what a backbone is
};

typedef struct blmi_family blmi_family;

// An output of a network.  Its grid has about 1 / stride of the input's size, see
// blmi_backbone_grid.
typedef struct blmi_tap {
    // "layer2", "block10": what the published code calls that part.  Of several networks
    // side by side "contnet-b:layer2".
    char name[96];
    int channels, stride;
} blmi_tap;

// What a network takes: RGB, x = (byte / 255 - mean) / deviation by channel.
typedef struct blmi_input {
    int unit;     // both sides are multiples of it
    int standard; // side where no size is given
    int largest;  // side; BLMI_LARGEST_SIDE, or `standard` if that is the only size
    double mean[3], deviation[3];
    bool bicubic; // the filter that it was trained with; else bilinear
} blmi_input;

// One of several networks side by side.
typedef struct blmi_member {
    const blmi_family *family;
    char name[32];
    int form;
    int first, taps; // its taps are taps first .. first + taps - 1 of all
    blmi_input input;
    union {
        max_align_t align;
        unsigned char bytes[160];
    } plan;
} blmi_member;

typedef struct blmi_backbone {
    const blmi_family *family;
    char name[160]; // "ConTNet-B", "ConTNet-B + EfficientNet-Lite0"
    bool named;     // files record the name: the tensors of a part may show another one
    int form;       // index into family->forms; -1: not known (see blmi_form)
    blmi_input input;
    int taps;                    // in the order of computation; each takes part of what
    blmi_tap tap[BLMI_MAX_TAPS]; // is computed for the next
    uint32_t usual;              // bit k: tap k is taken where none is named
    union {                      // widths, depths, ...: what the family reads off tensors
        max_align_t align;
        unsigned char bytes[512];
    } plan;
    int members; // 0: one network
    blmi_member member[BLMI_MAX_MEMBERS];
    char recorded[256]; // what files say about the members
} blmi_backbone;

static inline int blmi_last_tap(uint32_t taps) // of a set of one or more
{
    return 31 - __builtin_clz(taps);
}

// What is asked of sizes and recipes where the backbone is not known: that of the default
// weights, with sides of any number of pixels.
extern const blmi_backbone blmi_backbone_unknown;

// ---- finding and asking ---------------------------------------------------------------

// Finds family, variant and taps from names and shapes.  BLM_EINPUT: it is no network of
// the table, or a tensor at fault, which is named.  form: see blmi_form, or -1.
blm_status blmi_backbone_identify(
    const blmi_tensors *weights, int form, blmi_backbone *out, blm_error *err);

// What the names of weights files may begin with: "" for number 0, then those that are
// usual for the families ("contnet-"); NULL behind the last.
const char *blmi_backbone_prefix(int number);

int blmi_backbone_tap_find(const blmi_backbone *backbone, const char *name); // or -1
// BLM_EUSAGE unless both sides are ones that the network can take.
blm_status blmi_backbone_check_size(
    const blmi_backbone *backbone, int width, int height, blm_error *err);
// BLM_EUSAGE: of several networks, one is needed by none of these taps.
blm_status blmi_backbone_check_taps(
    const blmi_backbone *backbone, uint32_t taps, blm_error *err);
void blmi_backbone_grid(const blmi_backbone *backbone, int tap, int width, int height,
    int *grid_width, int *grid_height);
// Keeps what the taps (bit k for tap k) need: kept (weights->count) takes the tensors, in
// the same order, *out the backbone that they are.  It has all of these taps, with the
// same names, but their numbers may be others.  BLM_EINPUT: one is no float tensor.
// BLM_EUSAGE: see blmi_backbone_check_taps.
blm_status blmi_backbone_cut(const blmi_backbone *backbone, const blmi_tensors *weights,
    uint32_t taps, blmi_tensor *kept, size_t *count, blmi_backbone *out, blm_error *err);

// The products of one image: count times (rows, depth) by (depth, columns).
typedef struct blmi_work {
    int tap; // the first one that needs them
    double count, rows;
    int depth, columns;
    const char *step; // what a watch calls it, up to a dot; NULL: the name of the tap
} blmi_work;
typedef void blmi_work_visit(void *context, const blmi_work *work);
// Visits the products of an image of that size that these taps need.
void blmi_backbone_work(const blmi_backbone *backbone, uint32_t taps, int width,
    int height, blmi_work_visit *visit, void *context);
// 10^9 multiplications and additions of these products.
double blmi_backbone_gflop(
    const blmi_backbone *backbone, uint32_t taps, int width, int height);
// About the bytes of a workspace for one image, of one thread.
uint64_t blmi_backbone_bytes(
    const blmi_backbone *backbone, uint32_t taps, int width, int height);

// What tensors do not show, such as pre-norm or post-norm: a word that the user says when
// a published file is imported, and that files record.
typedef struct blmi_form {
    const char *name;     // for the user: "pre-norm"; NULL ends a list
    const char *recorded; // in files, under family->form_key
} blmi_form;

// The metadata entries of weights files and models: what the backbone is.  Texts are
// static or lie in the backbone; the count is returned.
size_t blmi_backbone_describe(
    const blmi_backbone *backbone, blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS]);
// Finds the backbone of a file's tensors `weights`, and checks that the metadata says
// what the tensors show.  path: for messages.  BLM_EINPUT.
blm_status blmi_backbone_read(const char *path, const blmi_safetensors *file,
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err);

// ---- building and running -------------------------------------------------------------

typedef struct blmi_network blmi_network;
typedef struct blmi_workspace blmi_workspace;

typedef struct blmi_network_options {
    int width, height;      // of the input, pixels
    int batch;              // images a run at the most
    blm_type type;          // of what products multiply; all else is float
    int taps;               // outputs that are wanted:
    int tap[BLMI_MAX_TAPS]; // their numbers, rising
} blmi_network_options;

// Checks every shape, packs the weights.  The tensors are not needed afterwards.
blm_status blmi_network_new(const blmi_backbone *backbone, const blmi_tensors *weights,
    const blmi_network_options *options, blmi_network **out, blm_error *err);
blmi_network *blmi_network_share(blmi_network *network); // one more owner
void blmi_network_free(blmi_network *network);           // one owner less; NULL allowed
// What computes: the instruction set of our kernels, or another program.  Lives as long
// as the network.
const char *blmi_network_kernels(const blmi_network *network);

// team works inside an image, and stays the caller's; NULL: the caller alone.  The
// network must outlive the workspace.
blm_status blmi_workspace_new(
    const blmi_network *network, blmi_team *team, blmi_workspace **out, blm_error *err);
void blmi_workspace_free(blmi_workspace *workspace);

// Runs `images` images x (images, height, width, 3), normalised.  out[i] is where to put
// tap options.tap[i] as (images, grid height, grid width, channels).  Allocates nothing.
blm_status blmi_network_run(const blmi_network *network, blmi_workspace *workspace,
    const float *x, int images, float *const *out, blm_error *err);

// Called after every step with its name ("layer0", "layer2.ConTBlock0.ste1", ...) and its
// output (images, height, width, channels): tests name the first step that differs,
// benchmarks time the steps.  NULL to stop watching.
typedef void blmi_watch(void *context, const char *step, const float *y, int images,
    int height, int width, int channels);
void blmi_workspace_watch(blmi_workspace *workspace, blmi_watch *watch, void *context);

// ---- a row of the table ---------------------------------------------------------------

// How the networks of a family are computed.  net and workspace are the engine's own.
typedef struct blmi_engine {
    blm_status (*build)(const blmi_backbone *backbone, const blmi_tensors *weights,
        const blmi_network_options *options, void **net, blm_error *err);
    void (*destroy)(void *net);
    blm_status (*open)(
        const void *net, blmi_team *team, void **workspace, blm_error *err);
    void (*close)(void *workspace);
    void (*watch)(void *workspace, blmi_watch *watch, void *context);
    blm_status (*run)(const void *net, void *workspace, const float *x, int images,
        float *const *out, blm_error *err);
    // Whether these taps need that tensor.
    blm_status (*needs)(const blmi_backbone *backbone, uint32_t taps, const char *tensor,
        bool *out, blm_error *err);
    void (*work)(const blmi_backbone *backbone, uint32_t taps, int width, int height,
        blmi_work_visit *visit, void *context);
    uint64_t (*bytes)(
        const blmi_backbone *backbone, uint32_t taps, int width, int height);
    const char *(*kernels)(const void *net); // what computes; NULL: our kernels
} blmi_engine;

// Another name of the same tensors in published files: "theirs", alone or before a dot,
// becomes "ours"; a # is a number, the same in both.
typedef struct blmi_alias {
    const char *theirs, *ours; // NULL ends a list
} blmi_alias;

struct blmi_family {
    const char *name;        // in files
    const char *called;      // in messages: "ConTNet"
    const char *file_prefix; // weights "NAME" may lie in PREFIX-NAME.safetensors, or NULL
    const char *form_key;    // metadata entry of the form
    const blmi_form *forms;  // ended by a NULL name; NULL: tensors show everything
    const blmi_alias *aliases; // used for files that have the first of them; NULL: none
    // Whether these are the names of the family's tensors, by one or two of them.
    bool (*recognise)(const blmi_tensors *weights);
    // Fills in all of out, which is zero but for family and form.  BLM_EINPUT names the
    // tensor at fault.
    blm_status (*identify)(
        const blmi_tensors *weights, blmi_backbone *out, blm_error *err);
    // Metadata entries, in the place of the usual two, "backbone.family" and the form.
    size_t (*describe)(
        const blmi_backbone *backbone, blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS]);
    // The grid of a tap; NULL: size / stride, rounded up.
    void (*grid)(const blmi_backbone *backbone, int tap, int width, int height,
        int *grid_width, int *grid_height);
    const blmi_engine *engine;
    bool any_type; // its tensors need not be floats
};

#endif
