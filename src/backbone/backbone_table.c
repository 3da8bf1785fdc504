// backbone_table.c: the families that are known, and what is asked of a backbone of any
// of them.
#include "src/backbone/backbone_table.h"

#include <stdarg.h>
#include <string.h>

#include "src/backbone/joint.h"
#include "src/base/error.h"
#include "src/base/number.h"

static const blmi_family *const families[] = {
    &blmi_family_contnet,
    &blmi_family_resnet,
    &blmi_family_efficientnet_lite,
    &blmi_family_efficientnet,
    &blmi_family_convit, // before vit, whose names it has, too
    &blmi_family_vit,
    &blmi_family_cct,
    &blmi_family_cvt,
    &blmi_family_onnx,
};
enum { FAMILIES = sizeof families / sizeof *families };

#define FAMILY_KEY "backbone.family" // metadata entry

const blmi_backbone blmi_backbone_unknown = {
    .family = &blmi_family_contnet,
    .name = "an unknown network",
    .input = {.unit = 1, .standard = 224, .largest = BLMI_LARGEST_SIDE, BLMI_IMAGENET},
    .usual = 1,
};

void blmi_backbone_name(blmi_backbone *backbone, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    blmi_vprint(backbone->name, sizeof backbone->name, format, arguments);
    va_end(arguments);
}

void blmi_backbone_add_tap(
    blmi_backbone *backbone, int channels, int stride, const char *format, ...)
{
    if (backbone->taps == BLMI_MAX_TAPS)
        return;
    blmi_tap *tap = &backbone->tap[backbone->taps++];
    va_list arguments;
    va_start(arguments, format);
    blmi_vprint(tap->name, sizeof tap->name, format, arguments);
    va_end(arguments);
    tap->channels = channels;
    tap->stride = stride;
}

void blmi_backbone_add_blocks(
    blmi_backbone *backbone, int channels, int stride, int blocks, bool norm)
{
    blmi_backbone_add_tap(backbone, channels, stride, "embed");
    for (int n = 0; n < blocks; n++)
        blmi_backbone_add_tap(backbone, channels, stride, "block%d", n);
    if (norm)
        blmi_backbone_add_tap(backbone, channels, stride, "norm");
    backbone->usual = 1u << blocks / 2 | 1u << blocks * 3 / 4; // tap n + 1 is block n
}

int blmi_square_side(int count)
{
    int side = 0;
    while (side * side < count)
        side++;
    return side * side == count ? side : 0;
}

// ---- finding

// "ConTNet, ResNet"
static void list_families(char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < FAMILIES && at < size; i++)
        at += (size_t)blmi_print(
            text + at, size - at, "%s%s", i > 0 ? ", " : "", families[i]->called);
}

static blm_status find_family(
    const blmi_tensors *weights, const blmi_family **out, blm_error *err)
{
    for (int i = 0; i < FAMILIES; i++)
        if (families[i]->recognise(weights)) {
            *out = families[i];
            return BLM_OK;
        }
    char known[200];
    list_families(known, sizeof known);
    if (weights->count == 0)
        return blmi_fail(
            err, BLM_EINPUT, "no tensors; expected those of a network (%s)", known);
    return blmi_fail(err, BLM_EINPUT,
        "%zu tensors, from %s to %s: not the names of a network that is known (%s)",
        weights->count, weights->items[0].name, weights->items[weights->count - 1].name,
        known);
}

blm_status blmi_backbone_identify_as(const blmi_family *family,
    const blmi_tensors *weights, int form, blmi_backbone *out, blm_error *err)
{
    blmi_backbone found = {.family = family, .form = form};
    if (found.family == NULL)
        BLMI_TRY(find_family(weights, &found.family, err));
    if (found.family->forms == NULL)
        found.form = 0;
    BLMI_TRY(found.family->identify(weights, &found, err));
    *out = found;
    return BLM_OK;
}

blm_status blmi_backbone_identify(
    const blmi_tensors *weights, int form, blmi_backbone *out, blm_error *err)
{
    return blmi_backbone_identify_as(NULL, weights, form, out, err);
}

// ---- other names

enum { MAX_NUMBERS = 4 }; // of an alias

// The numbers in a name that is as `pattern` has it: where they begin, and their lengths.
// Returns what stands behind, "" or from a dot on; NULL: another name.
static const char *match(const char *name, const char *pattern,
    const char *number[MAX_NUMBERS], int length[MAX_NUMBERS])
{
    int numbers = 0;
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '#') {
            if (*name++ != *pattern)
                return NULL;
            continue;
        }
        number[numbers] = name;
        length[numbers] = (int)strspn(name, "0123456789");
        if (length[numbers] == 0)
            return NULL;
        name += length[numbers++];
    }
    return *name == '\0' || *name == '.' ? name : NULL;
}

// The name as an alias has it; false: the alias is of another tensor, or it is too long.
static bool use_alias(
    const char *name, const blmi_alias *alias, char out[BLMI_LONGEST_ALIAS])
{
    const char *number[MAX_NUMBERS], *p = alias->ours;
    int length[MAX_NUMBERS], used = 0;
    const char *rest = match(name, alias->theirs, number, length);
    size_t size = 0;
    while (rest != NULL && *p != '\0' && size < BLMI_LONGEST_ALIAS) {
        const bool is_number = *p == '#';
        const int part = is_number ? length[used] : (int)strcspn(p, "#");
        size += (size_t)blmi_print(out + size, BLMI_LONGEST_ALIAS - size, "%.*s", part,
            is_number ? number[used] : p);
        used += is_number;
        p += is_number ? 1 : part;
    }
    if (rest != NULL && size < BLMI_LONGEST_ALIAS)
        size += (size_t)blmi_print(out + size, BLMI_LONGEST_ALIAS - size, "%s", rest);
    return rest != NULL && size < BLMI_LONGEST_ALIAS;
}

static bool has_alias(const blmi_tensor *items, size_t count, const blmi_alias *alias)
{
    char name[BLMI_LONGEST_ALIAS];
    for (size_t i = 0; i < count; i++)
        if (use_alias(items[i].name, alias, name))
            return true;
    return false;
}

void blmi_backbone_rename(
    blmi_tensor *items, size_t count, char (*names)[BLMI_LONGEST_ALIAS])
{
    for (int f = 0; f < FAMILIES; f++) {
        const blmi_alias *aliases = families[f]->aliases;
        if (aliases == NULL || !has_alias(items, count, aliases))
            continue;
        for (size_t i = 0; i < count; i++)
            for (const blmi_alias *a = aliases; a->theirs != NULL; a++)
                if (use_alias(items[i].name, a, names[i])) {
                    items[i].name = names[i];
                    break;
                }
        return;
    }
}

// ---- asking

const char *blmi_backbone_prefix(int number)
{
    if (number == 0)
        return "";
    for (int i = 0; i < FAMILIES; i++)
        if (families[i]->file_prefix != NULL && --number == 0)
            return families[i]->file_prefix;
    return NULL;
}

int blmi_backbone_tap_find(const blmi_backbone *backbone, const char *name)
{
    for (int i = 0; i < backbone->taps; i++)
        if (strcmp(backbone->tap[i].name, name) == 0)
            return i;
    return -1;
}

blm_status blmi_backbone_check_size(
    const blmi_backbone *backbone, int width, int height, blm_error *err)
{
    const blmi_input *in = &backbone->input;
    if (in->largest == in->standard && (width != in->standard || height != in->standard))
        return blmi_fail(err, BLM_EUSAGE, "size %d x %d: %s takes %d x %d only", width,
            height, backbone->name, in->standard, in->standard);
    if (width < in->unit || height < in->unit || width % in->unit != 0 ||
        height % in->unit != 0 || width > in->largest || height > in->largest)
        return blmi_fail(err, BLM_EUSAGE,
            "size %d x %d: both sides must be multiples of %d, at most %d", width, height,
            in->unit, in->largest);
    return BLM_OK;
}

blm_status blmi_backbone_check_taps(
    const blmi_backbone *backbone, uint32_t taps, blm_error *err)
{
    for (int i = 0; i < backbone->members; i++) {
        const blmi_member *m = &backbone->member[i];
        const uint32_t own = (uint32_t)((UINT64_C(1) << m->taps) - 1) << m->first;
        if ((taps & own) == 0)
            return blmi_fail(err, BLM_EUSAGE,
                "no output of %s is taken: leave its weights out", m->name);
    }
    return BLM_OK;
}

void blmi_backbone_grid(const blmi_backbone *backbone, int tap, int width, int height,
    int *grid_width, int *grid_height)
{
    const int stride = backbone->tap[tap].stride;
    if (backbone->family->grid != NULL) {
        backbone->family->grid(backbone, tap, width, height, grid_width, grid_height);
        return;
    }
    *grid_width = (width + stride - 1) / stride;
    *grid_height = (height + stride - 1) / stride;
}

// The family of the network that a tensor belongs to.
static const blmi_family *family_of_tensor(
    const blmi_backbone *backbone, const char *name)
{
    const int member = backbone->members > 0 ? blmi_joint_member(name) : -1;
    return member >= 0 && member < backbone->members ? backbone->member[member].family
                                                     : backbone->family;
}

// Whether the part, too, has these taps of the whole.
static blm_status check_part(
    const blmi_backbone *whole, uint32_t taps, const blmi_backbone *part, blm_error *err)
{
    for (int k = 0; k < whole->taps; k++) {
        const blmi_tap *tap = &whole->tap[k];
        const int found = blmi_backbone_tap_find(part, tap->name);
        if ((taps >> k & 1) != 0 &&
            (found < 0 || part->tap[found].channels != tap->channels ||
                part->tap[found].stride != tap->stride))
            return blmi_fail(err, BLM_EBUG,
                "the part of %s up to %s is taken for %s without it", whole->name,
                tap->name, part->name);
    }
    return BLM_OK;
}

blm_status blmi_backbone_cut(const blmi_backbone *backbone, const blmi_tensors *weights,
    uint32_t taps, blmi_tensor *kept, size_t *count, blmi_backbone *out, blm_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < weights->count; i++) {
        const blmi_tensor *t = &weights->items[i];
        bool needed;
        BLMI_TRY(backbone->family->engine->needs(backbone, taps, t->name, &needed, err));
        if (!needed)
            continue;
        if (t->dtype > BLMI_F64 && !family_of_tensor(backbone, t->name)->any_type)
            return blmi_fail(err, BLM_EINPUT, "tensor %s is %s, expected floats", t->name,
                blmi_dtype_name(t->dtype));
        kept[n++] = *t;
    }
    const blmi_tensors left = {kept, n};
    BLMI_TRY(backbone->members > 0 ? blmi_joint_identify(backbone, taps, &left, out, err)
                                   : blmi_backbone_identify_as(backbone->family, &left,
                                         backbone->form, out, err));
    if (backbone->members == 0)
        blmi_backbone_call(out, backbone->name);
    *count = n;
    return check_part(backbone, taps, out, err);
}

void blmi_backbone_work(const blmi_backbone *backbone, uint32_t taps, int width,
    int height, blmi_work_visit *visit, void *context)
{
    backbone->family->engine->work(backbone, taps, width, height, visit, context);
}

static void add_gflop(void *context, const blmi_work *w)
{
    *(double *)context += 2e-9 * w->count * w->rows * w->depth * w->columns;
}

double blmi_backbone_gflop(
    const blmi_backbone *backbone, uint32_t taps, int width, int height)
{
    double gflop = 0;
    blmi_backbone_work(backbone, taps, width, height, add_gflop, &gflop);
    return gflop;
}

uint64_t blmi_backbone_bytes(
    const blmi_backbone *backbone, uint32_t taps, int width, int height)
{
    return backbone->family->engine->bytes(backbone, taps, width, height);
}

// ---- what files say

size_t blmi_backbone_describe(
    const blmi_backbone *backbone, blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS])
{
    const blmi_family *family = backbone->family;
    size_t count = 0;
    if (family->describe != NULL)
        count = family->describe(backbone, pairs);
    else
        pairs[count++] = (blmi_pair){FAMILY_KEY, family->name};
    if (family->describe == NULL && family->forms != NULL)
        pairs[count++] =
            (blmi_pair){family->form_key, family->forms[backbone->form].recorded};
    if (backbone->named)
        pairs[count++] = (blmi_pair){BLMI_NAME_KEY, backbone->name};
    return count;
}

void blmi_backbone_call(blmi_backbone *backbone, const char *name)
{
    if (strcmp(backbone->name, name) == 0)
        return;
    blmi_print(backbone->name, sizeof backbone->name, "%s", name);
    backbone->named = true;
}

blm_status blmi_backbone_said_name(
    const char *path, const blmi_safetensors *file, const char **out, blm_error *err)
{
    const char *said = blmi_safetensors_meta(file, BLMI_NAME_KEY);
    *out = said;
    if (said == NULL)
        return BLM_OK;
    for (const char *c = said; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            said = "";
    if (*said == '\0' || strlen(said) >= sizeof((blmi_backbone *)NULL)->name)
        return blmi_fail(err, BLM_EINPUT,
            "%s: metadata " BLMI_NAME_KEY ": expected 1 to %zu printable characters",
            path, sizeof((blmi_backbone *)NULL)->name - 1);
    return BLM_OK;
}

const blmi_family *blmi_family_named(const char *name, size_t length)
{
    for (int i = 0; i < FAMILIES; i++)
        if (strlen(families[i]->name) == length &&
            memcmp(families[i]->name, name, length) == 0)
            return families[i];
    return NULL;
}

int blmi_family_form(const blmi_family *family, const char *recorded)
{
    for (int i = 0; family->forms != NULL && family->forms[i].name != NULL; i++)
        if (recorded != NULL && strcmp(recorded, family->forms[i].recorded) == 0)
            return i;
    return family->forms == NULL ? 0 : -1;
}

static blm_status read_form(const char *path, const blmi_safetensors *file,
    const blmi_family *family, int *form, blm_error *err)
{
    const char *text =
        family->forms != NULL ? blmi_safetensors_meta(file, family->form_key) : NULL;
    if ((*form = blmi_family_form(family, text)) >= 0)
        return BLM_OK;
    return blmi_fail(err, BLM_EINPUT, "%s: metadata %s is \"%s\", expected \"%s\" or so",
        path, family->form_key, text != NULL ? text : "", family->forms[0].recorded);
}

blm_status blmi_backbone_read(const char *path, const blmi_safetensors *file,
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    const blmi_family *family;
    blmi_backbone found;
    blmi_pair shown[BLMI_MAX_CONFIG_PAIRS];
    blm_error why;
    const char *name;
    int form;
    if (blmi_safetensors_meta(file, BLMI_JOINT_KEY) != NULL)
        return blmi_joint_read(path, file, weights, out, err);
    blm_status status = find_family(weights, &family, &why);
    if (status !=
        BLM_OK) { // a part may lack the tensors by which all of it is recognised
        const char *said = blmi_safetensors_meta(file, FAMILY_KEY);
        family = said != NULL ? blmi_family_named(said, strlen(said)) : NULL;
        status = family != NULL ? BLM_OK : status;
    }
    if (status == BLM_OK) {
        BLMI_TRY(read_form(path, file, family, &form, err));
        status = blmi_backbone_identify_as(family, weights, form, &found, &why);
    }
    if (status != BLM_OK)
        return blmi_fail(err, status, "%s: %s", path, why.text);
    BLMI_TRY(blmi_backbone_said_name(path, file, &name, err));
    if (name != NULL)
        blmi_backbone_call(&found, name);
    const size_t count = blmi_backbone_describe(&found, shown);
    for (size_t i = 0; i < count; i++) {
        const char *said = blmi_safetensors_meta(file, shown[i].key);
        if (said == NULL || strcmp(said, shown[i].value) != 0)
            return blmi_fail(err, BLM_EINPUT,
                "%s: metadata %s is \"%s\", but the tensors show \"%s\"", path,
                shown[i].key, said != NULL ? said : "", shown[i].value);
    }
    *out = found;
    return BLM_OK;
}
