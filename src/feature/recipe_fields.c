// recipe_fields.c: the table of all fields of a recipe.
//
// Options of the program, keys of model files, JSON, reports, sweeps and keys of caches
// are made from these rows.  A new field needs a member of blm_recipe, a row here and the
// code that uses it.
#include "src/feature/recipe_fields.h"

#include <math.h>
#include <string.h>

#include "src/backbone/backbone.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/feature/augment.h"
#include "src/feature/channels.h"
#include "src/feature/field_text.h"

static blm_status check_augment(const char *text, blm_error *err)
{
    blmi_augment augment;
    if (*text == '\0')
        return blmi_fail(err, BLM_EUSAGE,
            "augment \"\": expected light:LOW-HIGH, shift:N%%, turn:DEGREES, flip or "
            "variations:N with commas between them, or none");
    return blmi_augment_parse(text, &augment, err);
}

static blm_status check_mean(const char *text, blm_error *err)
{
    double mean[3];
    return blmi_channels_read("mean", text, mean, err);
}

static blm_status check_std(const char *text, blm_error *err)
{
    double deviation[3];
    return blmi_channels_read("std", text, deviation, err);
}

#define AT(member) offsetof(blm_recipe, member)

static const blmi_recipe_row rows[] = {
    {.field = {"size", BLM_FIELD_SIZE, BLM_PART_INPUT, "auto", "WxH",
         "Size the network sees; auto: the backbone's own", 1, BLMI_LARGEST_SIDE,
         .zero = "auto"},
        .offset = AT(width),
        .keys = {"recipe.width", "recipe.height"}},
    {.field = {"resize", BLM_FIELD_SIZE, BLM_PART_INPUT, "auto", "WxH",
         "Resize to this, then cut out the centre; auto: --size", 1, BLMI_LARGEST_SIDE,
         .zero = "auto"},
        .offset = AT(resize_width),
        .keys = {"recipe.resize_width", "recipe.resize_height"}},
    {.field = {"crop", BLM_FIELD_RECT, BLM_PART_INPUT, "all", "X,Y,W,H",
         "Look at this rectangle of the images", 0, INT32_MAX, .zero = "all"},
        .offset = AT(crop),
        .keys = {"recipe.crop_x", "recipe.crop_y", "recipe.crop_width",
            "recipe.crop_height"}},
    {.field = {"filter", BLM_FIELD_CHOICE, BLM_PART_INPUT, "auto", "NAME",
         "auto, bilinear or bicubic resizing", BLM_FILTER_AUTO, BLM_FILTER_BICUBIC,
         .words = "auto|bilinear|bicubic"},
        .offset = AT(filter),
        .keys = {"recipe.filter"}},
    {.field = {"bits", BLM_FIELD_WHOLE, BLM_PART_INPUT, "16", "N",
         "Significant bits of 16-bit samples, 9 to 16", 9, 16},
        .offset = AT(bits),
        .keys = {"recipe.bits"}},
    {.field = {"range", BLM_FIELD_RANGE, BLM_PART_INPUT, "auto", "LOW,HIGH",
         "Samples that become black and white; auto: by bits", -1e300, 1e300,
         .zero = "auto"},
        .offset = AT(range_low),
        .keys = {"!recipe.range_low", "!recipe.range_high"}},
    {.field = {"type", BLM_FIELD_CHOICE, BLM_PART_NETWORK, "f32", "NAME",
         "f32, bf16 or int8 products", BLM_TYPE_F32, BLM_TYPE_INT8,
         .words = "f32|bf16|int8"},
        .offset = AT(type),
        .keys = {"!recipe.type"}},
    {.field = {"taps", BLM_FIELD_LIST, BLM_PART_FEATURES, "auto", "LIST",
         "Outputs of the network, by name or number", .zero = "auto", .alias = "stages",
         .shown = 1},
        .offset = AT(taps)},
    {.field = {"channels", BLM_FIELD_WHOLE, BLM_PART_FEATURES, "all", "N",
         "Use N channels of the taps, drawn at random", 1, 16384, .zero = "all"},
        .offset = AT(channels),
        .keys = {"!recipe.channels"}},
    {.field = {"seed", BLM_FIELD_WHOLE64, BLM_PART_FEATURES, "0", "N",
         "Seed of the channels, of the coreset and of variations", 0, 9007199254740992.0},
        .offset = AT(seed),
        .keys = {"!recipe.seed"}},
    {.field = {"detector", BLM_FIELD_CHOICE, BLM_PART_FEATURES, "gauss", "NAME",
         "gauss, memory or subspace", BLM_DETECTOR_GAUSS, BLM_DETECTOR_SUBSPACE,
         .words = "gauss|memory|subspace"},
        .offset = AT(detector),
        .keys = {"!recipe.detector"}},
    {.field = {"unit-variance", BLM_FIELD_FLAG, BLM_PART_STATISTICS, "no", NULL,
         "Bring channels to unit variance", 0, 1, .words = "no|yes", .only = "gauss"},
        .offset = AT(unit_variance),
        .keys = {"!recipe.unit_variance"}},
    {.field = {"half", BLM_FIELD_FLAG, BLM_PART_STATISTICS, "no", NULL,
         "Keep the Gaussians in half precision", 0, 1, .words = "no|yes",
         .only = "gauss"},
        .offset = AT(half),
        .keys = {"!recipe.half"}},
    {.field = {"reach", BLM_FIELD_WHOLE, BLM_PART_STATISTICS, "-1", "N",
         "memory: compare positions up to N cells apart; -1: all", -1, 4,
         .only = "memory"},
        .offset = AT(reach),
        .keys = {"!recipe.reach"}},
    {.field = {"coreset", BLM_FIELD_REAL, BLM_PART_STATISTICS, "1", "SHARE",
         "memory: share of the good features to keep", 1e-6, 1, .only = "memory"},
        .offset = AT(coreset),
        .keys = {"!recipe.coreset"}},
    {.field = {"explained", BLM_FIELD_REAL, BLM_PART_STATISTICS, "0.99", "SHARE",
         "subspace: share of the variance to keep", 0.01, 0.9999, .only = "subspace"},
        .offset = AT(explained),
        .keys = {"!recipe.explained"}},
    {.field = {"tolerance", BLM_FIELD_WHOLE, BLM_PART_SPREAD, "2", "N",
         "gauss: use the smallest distance up to N cells away", 0, 4, .shown = 1,
         .only = "gauss"},
        .offset = AT(tolerance),
        .keys = {"!recipe.tolerance"},
        .absent = "0"},
    {.field = {"epsilon", BLM_FIELD_REAL, BLM_PART_SPREAD, "0.03", "X",
         "Added to the variances", 1e-9, 1e9, .shown = 1, .only = "gauss"},
        .offset = AT(epsilon),
        .keys = {"recipe.epsilon"}},
    {.field = {"shrinkage", BLM_FIELD_REAL, BLM_PART_SPREAD, "0", "X",
         "Shrink covariances towards the identity", 0, 0.999, .only = "gauss"},
        .offset = AT(shrinkage),
        .keys = {"!recipe.shrinkage"}},
    {.field = {"sigma", BLM_FIELD_REAL, BLM_PART_MAP, "2", "X",
         "Blur of the map, in pixels of --size; 0: none", 0, 256, .shown = 1},
        .offset = AT(sigma),
        .keys = {"recipe.sigma"}},
    {.field = {"min-area", BLM_FIELD_WHOLE64, BLM_PART_MAP, "1", "N",
         "Smallest defect, in pixels of --size", 1, 1e12},
        .offset = AT(min_area),
        .keys = {"recipe.min_area"}},
    {.field = {"augment", BLM_FIELD_LIST, BLM_PART_FEATURES, "none", "LIST",
         "Learn variations: light:0.8-1.2,shift:1%,turn:2,flip,variations:3",
         .zero = "none"},
        .offset = AT(augment),
        .keys = {"!recipe.augment"},
        .check_list = check_augment},
    {.field = {"hysteresis", BLM_FIELD_REAL, BLM_PART_MAP, "1", "SHARE",
         "Mask: grow regions down to this share of the threshold", 0.01, 1},
        .offset = AT(hysteresis),
        .keys = {"!recipe.hysteresis"}},
    {.field = {"closing", BLM_FIELD_REAL, BLM_PART_MAP, "0", "X",
         "Mask: close gaps by a disc of radius X pixels of --size", 0, 64},
        .offset = AT(closing),
        .keys = {"!recipe.closing"}},
    {.field = {"fill-holes", BLM_FIELD_WHOLE64, BLM_PART_MAP, "0", "N",
         "Mask: fill holes of up to N pixels of --size", 0, 1e12},
        .offset = AT(fill_holes),
        .keys = {"!recipe.fill_holes"}},
    {.field = {"mean", BLM_FIELD_LIST, BLM_PART_NETWORK, "auto", "R,G,B",
         "Mean of the channels; auto: the backbone's own", .zero = "auto"},
        .offset = AT(mean),
        .keys = {"!recipe.mean"},
        .check_list = check_mean},
    {.field = {"std", BLM_FIELD_LIST, BLM_PART_NETWORK, "auto", "R,G,B",
         "Their standard deviation; auto: the backbone's own", .zero = "auto"},
        .offset = AT(std),
        .keys = {"!recipe.std"},
        .check_list = check_std},
    {.field = {"align", BLM_FIELD_CHOICE, BLM_PART_INPUT, "off", "MODE",
         "Undo movement: off, shift, rigid, similarity or auto", BLM_ALIGN_OFF,
         BLM_ALIGN_AUTO, .words = "off|shift|rigid|similarity|auto"},
        .offset = AT(align),
        .keys = {"!recipe.align"}},
};
// FIRST_SIZE: sizeof(blm_recipe) in 0.2.0, the first release with the member size.
enum { FIRST_SIZE = sizeof(blm_recipe), MAX_SIZE = 1 << 16 };
enum { ROWS = sizeof rows / sizeof *rows };

const blmi_recipe_row *blmi_recipe_row_at(size_t index)
{
    return index < ROWS ? &rows[index] : NULL;
}

const blm_field *blm_recipe_field(size_t index)
{
    return index < ROWS ? &rows[index].field : NULL;
}

// ---- finding --------------------------------------------------------------------------

// In names '-' equals '_'.
static int same_name(const char *a, const char *b)
{
    for (; *a != '\0'; a++, b++)
        if (*a != *b && !(*a == '-' && *b == '_'))
            return 0;
    return *b == '\0';
}

static const blmi_recipe_row *find_row(const char *name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (same_name(rows[i].field.name, name) ||
            (rows[i].field.alias != NULL && same_name(rows[i].field.alias, name)))
            return &rows[i];
    return NULL;
}

static blm_status no_field(const char *name, blm_error *err)
{
    return blmi_fail(err, BLM_EUSAGE, "recipe: there is no field \"%s\"", name);
}

blmi_number blmi_recipe_place(blm_recipe *recipe, const blmi_recipe_row *row, int i)
{
    static const blmi_number_type types[] = {
        [BLM_FIELD_FLAG] = BLMI_NUMBER_INT,
        [BLM_FIELD_WHOLE] = BLMI_NUMBER_INT,
        [BLM_FIELD_WHOLE64] = BLMI_NUMBER_INT64,
        [BLM_FIELD_REAL] = BLMI_NUMBER_DOUBLE,
        [BLM_FIELD_CHOICE] = BLMI_NUMBER_UNSIGNED,
        [BLM_FIELD_SIZE] = BLMI_NUMBER_INT,
        [BLM_FIELD_RECT] = BLMI_NUMBER_INT,
        [BLM_FIELD_RANGE] = BLMI_NUMBER_DOUBLE,
    };
    const size_t size =
        blmi_field_is_real(row->field.kind) ? sizeof(double) : sizeof(int);
    return (blmi_number){row->keys[i], types[row->field.kind],
        (char *)recipe + row->offset + (size_t)i * size};
}

blm_status blm_recipe_set(
    blm_recipe *recipe, const char *name, const char *text, blm_error *err)
{
    char wanted[160];
    BLMI_NEED(recipe, err);
    BLMI_NEED(name, err);
    BLMI_NEED(text, err);
    blm_recipe next = *recipe;
    const blmi_recipe_row *row = find_row(name);
    if (row == NULL)
        return no_field(name, err);
    // A check of its own knows better what is wrong with a list.
    if (row->check_list != NULL && strcmp(text, row->field.zero) != 0)
        BLMI_TRY(row->check_list(text, err));
    if (!blmi_field_read(row, text, &next)) {
        blmi_field_describe(row, wanted, sizeof wanted);
        return blmi_fail(
            err, BLM_EUSAGE, "%s \"%s\": should be %s", row->field.name, text, wanted);
    }
    *recipe = next;
    return BLM_OK;
}

blm_status blm_recipe_get(
    const blm_recipe *recipe, const char *name, char text[BLM_FIELD_TEXT], blm_error *err)
{
    BLMI_NEED(recipe, err);
    BLMI_NEED(name, err);
    BLMI_NEED(text, err);
    const blmi_recipe_row *row = find_row(name);
    if (row == NULL)
        return no_field(name, err);
    BLMI_TRY(blmi_recipe_check_field(recipe, row, err));
    blmi_field_print(recipe, row, text);
    return BLM_OK;
}

// ---- whole recipes --------------------------------------------------------------------

void blm_recipe_init_sized(blm_recipe *recipe, size_t size)
{
    blm_recipe own = {.size = sizeof own};
    if (recipe == NULL)
        return;
    for (size_t i = 0; i < ROWS; i++)
        blmi_field_read(&rows[i], rows[i].field.initial, &own);
    memset(recipe, 0, size);
    memcpy(recipe, &own, size < sizeof own ? size : sizeof own);
    recipe->size = size;
}

blm_status blmi_recipe_take(const blm_recipe *recipe, blm_recipe *own, blm_error *err)
{
    if (recipe != NULL && (recipe->size < FIRST_SIZE || recipe->size > MAX_SIZE))
        return blmi_fail(err, BLM_EUSAGE,
            "recipe: its size is %zu bytes, expected %zu or more: call blm_recipe_init "
            "first",
            recipe->size, (size_t)FIRST_SIZE);
    BLMI_TAKE(blm_recipe, *own, recipe, recipe != NULL ? recipe->size : 0, err);
    own->size = sizeof *own;
    return BLM_OK;
}

blm_status blmi_recipe_check_field(
    const blm_recipe *recipe, const blmi_recipe_row *row, blm_error *err)
{
    char wanted[160];
    const blm_field *f = &row->field;
    int good = f->zero != NULL && blmi_field_is_zero(recipe, row);
    if (!good && f->kind == BLM_FIELD_LIST) {
        blm_recipe scratch;
        const char *list = (const char *)recipe + row->offset;
        good = memchr(list, '\0', BLM_FIELD_TEXT) != NULL &&
               blmi_field_read(row, list, &scratch);
        if (good && row->check_list != NULL)
            return row->check_list(list, err);
    } else if (!good) {
        good = 1;
        for (int i = 0; i < blmi_field_count(f->kind); i++) {
            const double value = blmi_field_number(recipe, row, i);
            good = good && value >= f->low && value <= f->high;
        }
        if (f->kind == BLM_FIELD_RANGE)
            good = good &&
                   blmi_field_number(recipe, row, 0) < blmi_field_number(recipe, row, 1);
    }
    if (good)
        return BLM_OK;
    blmi_field_describe(row, wanted, sizeof wanted);
    if (f->kind == BLM_FIELD_LIST)
        return blmi_fail(err, BLM_EUSAGE, "%s: should be %s", f->name, wanted);
    return blmi_fail(err, BLM_EUSAGE, "%s %.6g: should be %s", f->name,
        blmi_field_number(recipe, row, 0), wanted);
}

static int has_value(
    const blm_recipe *recipe, const blmi_recipe_row *row, const char *text)
{
    blm_recipe initial = {0};
    blmi_field_read(row, text, &initial);
    if (row->field.kind == BLM_FIELD_LIST)
        return strcmp((const char *)recipe + row->offset,
                   (const char *)&initial + row->offset) == 0;
    for (int i = 0; i < blmi_field_count(row->field.kind); i++)
        if (blmi_field_number(recipe, row, i) != blmi_field_number(&initial, row, i))
            return 0;
    return 1;
}

int blmi_recipe_is_initial(const blm_recipe *recipe, const blmi_recipe_row *row)
{
    return has_value(recipe, row, row->field.initial);
}

static const char *absent_value(const blm_recipe *recipe, const blmi_recipe_row *row)
{
    return row->absent != NULL && blmi_recipe_uses(recipe, row) ? row->absent
                                                                : row->field.initial;
}

int blmi_recipe_is_absent(const blm_recipe *recipe, const blmi_recipe_row *row)
{
    return has_value(recipe, row, absent_value(recipe, row));
}

void blmi_recipe_put_absent(blm_recipe *recipe, const blmi_recipe_row *row)
{
    blmi_field_read(row, absent_value(recipe, row), recipe);
}

void blmi_recipe_drop_unused(blm_recipe *recipe)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].absent != NULL && !blmi_recipe_uses(recipe, &rows[i]) &&
            has_value(recipe, &rows[i], rows[i].absent))
            blmi_field_read(&rows[i], rows[i].field.initial, recipe);
}

int blmi_recipe_uses(const blm_recipe *recipe, const blmi_recipe_row *row)
{
    char detector[BLM_FIELD_TEXT];
    return row->field.only == NULL ||
           (blm_recipe_get(recipe, "detector", detector, NULL) == BLM_OK &&
               strcmp(row->field.only, detector) == 0);
}

int blmi_recipe_equal(
    const blm_recipe *a, const blm_recipe *b, blm_part from, blm_part to)
{
    for (size_t r = 0; r < ROWS; r++) {
        const blmi_recipe_row *row = &rows[r];
        if (row->field.part < from || row->field.part > to)
            continue;
        if (row->field.kind == BLM_FIELD_LIST) {
            if (strcmp((const char *)a + row->offset, (const char *)b + row->offset) != 0)
                return 0;
            continue;
        }
        for (int i = 0; i < blmi_field_count(row->field.kind); i++)
            if (blmi_field_number(a, row, i) != blmi_field_number(b, row, i))
                return 0;
    }
    return 1;
}
