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
#include "src/base/number.h"
#include "src/base/sized.h"

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
         "Seed of the draw of channels and of the coreset", 0, 9007199254740992.0},
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

// The count of numbers of a field.
static int count_of(blm_field_kind kind)
{
    return kind == BLM_FIELD_RECT                              ? 4
           : kind == BLM_FIELD_SIZE || kind == BLM_FIELD_RANGE ? 2
                                                               : 1;
}

// ---- numbers of a field ---------------------------------------------------------------

static int is_real(blm_field_kind kind)
{
    return kind == BLM_FIELD_REAL || kind == BLM_FIELD_RANGE;
}

static double number_of(const blm_recipe *recipe, const blmi_recipe_row *row, int i)
{
    const void *at = (const char *)recipe + row->offset;
    switch (row->field.kind) {
    case BLM_FIELD_REAL:
    case BLM_FIELD_RANGE:
        return ((const double *)at)[i];
    case BLM_FIELD_WHOLE64:
        return (double)*(const int64_t *)at;
    default:
        return ((const int *)at)[i];
    }
}

static int put_number(blm_recipe *recipe, const blmi_recipe_row *row, int i, double value)
{
    void *at = (char *)recipe + row->offset;
    if (is_real(row->field.kind)) {
        ((double *)at)[i] = value;
        return isfinite(value);
    }
    const double most =
        row->field.kind == BLM_FIELD_WHOLE64 ? 9007199254740992.0 : 2147483647.0;
    if (!(value == floor(value) && fabs(value) <= most))
        return 0;
    if (row->field.kind == BLM_FIELD_WHOLE64)
        *(int64_t *)at = (int64_t)value;
    else
        ((int *)at)[i] = (int)value;
    return 1;
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
    const size_t size = is_real(row->field.kind) ? sizeof(double) : sizeof(int);
    return (blmi_number){row->keys[i], types[row->field.kind],
        (char *)recipe + row->offset + (size_t)i * size};
}

static int is_zero(const blm_recipe *recipe, const blmi_recipe_row *row)
{
    if (row->field.kind == BLM_FIELD_LIST)
        return *((const char *)recipe + row->offset) == '\0';
    for (int i = 0; i < count_of(row->field.kind); i++)
        if (number_of(recipe, row, i) != 0)
            return 0;
    return 1;
}

// ---- from text ------------------------------------------------------------------------

static const char separators[] = {[BLM_FIELD_SIZE] = 'x',
    [BLM_FIELD_RECT] = ',',
    [BLM_FIELD_LIST] = '\0',
    [BLM_FIELD_RANGE] = ','};

// Removes K, M or G from the end of a text of that length; returns its factor.
static int64_t take_suffix(char *text, size_t length)
{
    static const char suffixes[] = "KMG";
    const char *suffix = length > 0 ? strchr(suffixes, text[length - 1]) : NULL;
    int64_t scale = 1;
    if (suffix == NULL)
        return 1;
    text[length - 1] = '\0';
    for (const char *s = suffixes; s <= suffix; s++)
        scale *= 1000;
    return scale;
}

// Reads a number that fills the first `length` bytes of text; 0 if it is none.
static int read_number(
    const blm_field *field, const char *text, size_t length, double *out)
{
    char copy[64];
    int64_t whole, scale = 1;
    if (length >= sizeof copy)
        return 0;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (is_real(field->kind))
        return blmi_scan_double(copy, out) && *out >= field->low && *out <= field->high;
    if (field->kind == BLM_FIELD_WHOLE64)
        scale = take_suffix(copy, length);
    if (!blmi_scan_int64(copy, &whole))
        return 0;
    *out = (double)whole * (double)scale;
    return *out >= field->low && *out <= field->high;
}

static int read_numbers(const blmi_recipe_row *row, const char *text, blm_recipe *out)
{
    const int count = count_of(row->field.kind);
    const char separator[] = {separators[row->field.kind], '\0'};
    for (int i = 0; i < count; i++, text++) {
        double value;
        const size_t length = strcspn(text, separator);
        if (!read_number(&row->field, text, length, &value) ||
            !put_number(out, row, i, value))
            return 0;
        text += length;
        if (*text != (i + 1 < count ? separator[0] : '\0'))
            return 0;
    }
    if (row->field.kind == BLM_FIELD_RANGE)
        return number_of(out, row, 0) < number_of(out, row, 1);
    return row->field.kind != BLM_FIELD_RECT ||
           (out->crop.width > 0 && out->crop.height > 0);
}

static int read_word(const blmi_recipe_row *row, const char *text, blm_recipe *out)
{
    const size_t length = strlen(text);
    double value = row->field.low;
    for (const char *word = row->field.words;; word++, value++) {
        const size_t size = strcspn(word, "|");
        if (size == length && memcmp(word, text, size) == 0)
            return put_number(out, row, 0, value);
        word += size;
        if (*word == '\0')
            return 0;
    }
}

static int is_list_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '_' || c == '.' || c == ':' || c == '-';
}

// Words with one comma between them.
static int read_list(const blmi_recipe_row *row, const char *text, blm_recipe *out)
{
    char *at = (char *)out + row->offset;
    if (strlen(text) >= BLM_FIELD_TEXT)
        return 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        const int comma_may_stand = i > 0 && text[i - 1] != ',' && text[i + 1] != '\0';
        if (!is_list_character(text[i]) && !(text[i] == ',' && comma_may_stand))
            return 0;
    }
    strcpy(at, text);
    return *text != '\0';
}

static int read_value(const blmi_recipe_row *row, const char *text, blm_recipe *out)
{
    if (row->field.zero != NULL && strcmp(text, row->field.zero) == 0) {
        for (int i = 0; i < count_of(row->field.kind); i++)
            if (row->field.kind != BLM_FIELD_LIST)
                put_number(out, row, i, 0);
        if (row->field.kind == BLM_FIELD_LIST)
            *((char *)out + row->offset) = '\0';
        return 1;
    }
    switch (row->field.kind) {
    case BLM_FIELD_FLAG:
    case BLM_FIELD_CHOICE:
        return read_word(row, text, out);
    case BLM_FIELD_LIST:
        return read_list(row, text, out);
    default:
        return read_numbers(row, text, out);
    }
}

// Writes what a value should be.
static void describe(const blm_field *f, char *out, size_t size)
{
    const char *zero = f->zero != NULL ? f->zero : "";
    const char * or = f->zero != NULL ? ", or " : "";
    switch (f->kind) {
    case BLM_FIELD_FLAG:
    case BLM_FIELD_CHOICE:
        blmi_print(out, size, "one of %s", f->words);
        break;
    case BLM_FIELD_WHOLE:
    case BLM_FIELD_WHOLE64:
        blmi_print(
            out, size, "a whole number from %.0f to %.0f%s%s", f->low, f->high, or, zero);
        break;
    case BLM_FIELD_REAL:
        blmi_print(out, size, "a number from %g to %g", f->low, f->high);
        break;
    case BLM_FIELD_SIZE:
        blmi_print(out, size, "WxH, such as 224x224, each from %.0f to %.0f%s%s", f->low,
            f->high, or, zero);
        break;
    case BLM_FIELD_RECT:
        blmi_print(out, size, "X,Y,W,H, in pixels, W and H 1 or more%s%s", or, zero);
        break;
    case BLM_FIELD_RANGE:
        blmi_print(out, size, "LOW,HIGH, two numbers, the first smaller%s%s", or, zero);
        break;
    case BLM_FIELD_LIST:
        blmi_print(out, size,
            "names or numbers with commas between them, such as layer2,layer3 or 2,3%s%s",
            or, zero);
        break;
    }
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
    if (!read_value(row, text, &next)) {
        describe(&row->field, wanted, sizeof wanted);
        return blmi_fail(
            err, BLM_EUSAGE, "%s \"%s\": should be %s", row->field.name, text, wanted);
    }
    *recipe = next;
    return BLM_OK;
}

// ---- to text --------------------------------------------------------------------------

// Writes the shortest text that reads back as the same number; returns its length.
static size_t print_real(double value, char *text, size_t size)
{
    double read;
    size_t length = 0;
    for (int digits = 6; digits <= 17; digits++) {
        length = (size_t)blmi_print(text, size, "%.*g", digits, value);
        if (blmi_scan_double(text, &read) && read == value)
            break;
    }
    return length;
}

static void print_word(const blm_field *field, int value, char text[BLM_FIELD_TEXT])
{
    const char *word = field->words;
    for (int i = (int)field->low; i < value; i++)
        word += strcspn(word, "|") + 1;
    blmi_print(text, BLM_FIELD_TEXT, "%.*s", (int)strcspn(word, "|"), word);
}

static void print_numbers(
    const blm_recipe *recipe, const blmi_recipe_row *row, char text[BLM_FIELD_TEXT])
{
    const int count = count_of(row->field.kind);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0)
            text[at++] = separators[row->field.kind];
        const double value = number_of(recipe, row, i);
        at += is_real(row->field.kind)
                  ? print_real(value, text + at, BLM_FIELD_TEXT - at)
                  : (size_t)blmi_print(text + at, BLM_FIELD_TEXT - at, "%.0f", value);
    }
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
    const blm_field *field = &row->field;
    if (field->zero != NULL && is_zero(recipe, row))
        blmi_print(text, BLM_FIELD_TEXT, "%s", field->zero);
    else if (field->words != NULL)
        print_word(field, (int)number_of(recipe, row, 0), text);
    else if (field->kind == BLM_FIELD_LIST)
        blmi_print(text, BLM_FIELD_TEXT, "%s", (const char *)recipe + row->offset);
    else
        print_numbers(recipe, row, text);
    return BLM_OK;
}

// ---- whole recipes --------------------------------------------------------------------

void blm_recipe_init_sized(blm_recipe *recipe, size_t size)
{
    blm_recipe own = {.size = sizeof own};
    if (recipe == NULL)
        return;
    for (size_t i = 0; i < ROWS; i++)
        read_value(&rows[i], rows[i].field.initial, &own);
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
    int good = f->zero != NULL && is_zero(recipe, row);
    if (!good && f->kind == BLM_FIELD_LIST) {
        blm_recipe scratch;
        const char *list = (const char *)recipe + row->offset;
        good =
            memchr(list, '\0', BLM_FIELD_TEXT) != NULL && read_list(row, list, &scratch);
    } else if (!good) {
        good = 1;
        for (int i = 0; i < count_of(f->kind); i++) {
            const double value = number_of(recipe, row, i);
            good = good && value >= f->low && value <= f->high;
        }
        if (f->kind == BLM_FIELD_RANGE)
            good = good && number_of(recipe, row, 0) < number_of(recipe, row, 1);
    }
    if (good)
        return BLM_OK;
    describe(f, wanted, sizeof wanted);
    if (f->kind == BLM_FIELD_LIST)
        return blmi_fail(err, BLM_EUSAGE, "%s: should be %s", f->name, wanted);
    return blmi_fail(err, BLM_EUSAGE, "%s %.6g: should be %s", f->name,
        number_of(recipe, row, 0), wanted);
}

static int has_value(
    const blm_recipe *recipe, const blmi_recipe_row *row, const char *text)
{
    blm_recipe initial = {0};
    read_value(row, text, &initial);
    if (row->field.kind == BLM_FIELD_LIST)
        return strcmp((const char *)recipe + row->offset,
                   (const char *)&initial + row->offset) == 0;
    for (int i = 0; i < count_of(row->field.kind); i++)
        if (number_of(recipe, row, i) != number_of(&initial, row, i))
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
    read_value(row, absent_value(recipe, row), recipe);
}

void blmi_recipe_drop_unused(blm_recipe *recipe)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].absent != NULL && !blmi_recipe_uses(recipe, &rows[i]) &&
            has_value(recipe, &rows[i], rows[i].absent))
            read_value(&rows[i], rows[i].field.initial, recipe);
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
        for (int i = 0; i < count_of(row->field.kind); i++)
            if (number_of(a, row, i) != number_of(b, row, i))
                return 0;
    }
    return 1;
}
