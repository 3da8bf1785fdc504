// Builds samples: images with their kind (good, or the kind of defect) and their masks.
#include "apps/blemish/dataset.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "apps/blemish/beside.h"
#include "apps/blemish/cli_samples.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

int cli_is_good_folder(const char *name, size_t length)
{
    static const char *const names[] = {"good", "ok", "normal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncasecmp(name, names[i], length) == 0)
            return 1;
    return 0;
}

// ---- samples

static cli_sample *add(cli_dataset *out, const char *path, char *kind, int bad)
{
    out->items = cli_grow(out->items, out->count, &out->capacity, sizeof *out->items);
    out->items[out->count] =
        (cli_sample){.path = cli_format("%s", path), .kind = kind, .bad = bad};
    return &out->items[out->count++];
}

static void add_mask(cli_sample *sample, const char *path)
{
    char **masks = cli_alloc(sample->mask_count + 1, sizeof *masks);
    if (sample->mask_count > 0)
        memcpy(masks, sample->masks, sample->mask_count * sizeof *masks);
    free(sample->masks);
    sample->masks = masks;
    sample->masks[sample->mask_count++] = cli_format("%s", path);
}

void cli_sample_add(
    cli_dataset *out, const char *path, const char *kind, const char *mask)
{
    cli_sample *sample =
        add(out, path, cli_format("%s", kind != NULL ? kind : "good"), kind != NULL);
    if (mask != NULL)
        add_mask(sample, mask);
}

void cli_samples_add_good(cli_dataset *out, const cli_files *images)
{
    for (size_t i = 0; i < images->count; i++)
        cli_sample_add(out, images->items[i].path, NULL, NULL);
}

// ---- masks

// The page after the extension of a name, such as "#2", or "".
static const char *page_of(const char *name)
{
    const char *extension = name + cli_stem_length(name);
    return extension + strcspn(extension, "#");
}

// Whether `mask` is named STEM + tail + any extension, with the same page.
static int is_mask(const char *mask, const char *image, const char *tail)
{
    const size_t stem = cli_stem_length(image), length = cli_stem_length(mask);
    return strcmp(page_of(mask), page_of(image)) == 0 && length == stem + strlen(tail) &&
           strncmp(mask, image, stem) == 0 &&
           strncmp(mask + stem, tail, strlen(tail)) == 0;
}

// Adds the mask STEM_mask.*, STEM.*, STEM_gt.* or STEM_label.*, else all in the folder
// STEM.
static void find_masks(cli_sample *sample, const cli_files *masks, const char *image)
{
    static const char *const tails[] = {"_mask", "", "_gt", "_GT", "_label"};
    const size_t stem = cli_stem_length(image);
    for (size_t t = 0; t < sizeof tails / sizeof *tails; t++)
        for (size_t i = 0; i < masks->count; i++)
            if (is_mask(masks->items[i].below, image, tails[t])) {
                add_mask(sample, masks->items[i].path);
                return;
            }
    for (size_t i = 0; i < masks->count; i++)
        if (strncmp(masks->items[i].below, image, stem) == 0 &&
            masks->items[i].below[stem] == '/')
            add_mask(sample, masks->items[i].path);
}

void cli_samples_add_kinds(
    cli_dataset *out, const cli_files *images, const cli_files *masks)
{
    for (size_t i = 0; i < images->count; i++) {
        const cli_file *file = &images->items[i];
        const char *slash = strchr(file->below, '/');
        const size_t length = slash != NULL ? (size_t)(slash - file->below) : 0;
        if (cli_is_good_folder(file->below, length)) {
            cli_sample_add(out, file->path, NULL, NULL);
            continue;
        }
        char *kind = slash != NULL ? cli_format("%.*s", (int)length, file->below)
                                   : cli_format("bad");
        cli_sample *sample = add(out, file->path, kind, 1);
        if (masks != NULL)
            find_masks(sample, masks, file->below);
    }
}

// Defective samples first; the order is kept within both.
static void sort_samples(cli_dataset *out)
{
    cli_sample *sorted = cli_alloc(out->count, sizeof *sorted);
    size_t count = 0;
    for (int bad = 1; bad >= 0; bad--)
        for (size_t i = 0; i < out->count; i++)
            if (out->items[i].bad == bad)
                sorted[count++] = out->items[i];
    free(out->items);
    out->items = sorted;
    out->capacity = out->count;
}

void cli_samples_finish(cli_dataset *out, const char *expected)
{
    size_t bad = 0, missing = 0;
    sort_samples(out);
    for (size_t i = 0; i < out->count; i++) {
        bad += out->items[i].bad != 0;
        missing += out->items[i].bad && out->items[i].mask_count == 0;
    }
    out->masks = expected != NULL && bad > 0 && missing == 0;
    if (expected == NULL || missing == 0)
        return;
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].bad && out->items[i].mask_count == 0)
            cli_complain("%s: has no mask", out->items[i].path);
    cli_complain(
        "%zu of %zu defective images have no mask, expected %s: no pixel metrics",
        missing, bad, expected);
    out->incomplete = CLI_EXIT_INPUT;
}

void cli_sample_clear(cli_sample *sample)
{
    for (size_t k = 0; k < sample->mask_count; k++)
        free(sample->masks[k]);
    free(sample->masks);
    free(sample->kind);
    free(sample->path);
    *sample = (cli_sample){0};
}

void cli_dataset_free(cli_dataset *dataset)
{
    for (size_t i = 0; i < dataset->count; i++)
        cli_sample_clear(&dataset->items[i]);
    free(dataset->items);
    cli_files_free(&dataset->train);
    *dataset = (cli_dataset){0};
}

// ---- folders of any name

static int need_folder(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return CLI_EXIT_OK;
    cli_complain("%s: no such folder", path);
    return CLI_EXIT_INPUT;
}

// Leaves out images in folders of good images below --bad; good images come from --good.
static void leave_out_good(cli_files *bad, const cli_choice *choice)
{
    size_t kept = 0, left_out = 0;
    for (size_t i = 0; i < bad->count; i++) {
        const cli_file file = bad->items[i];
        const char *slash = strchr(file.below, '/');
        if (slash != NULL &&
            cli_is_good_folder(file.below, (size_t)(slash - file.below))) {
            if (left_out++ == 0 && !choice->quiet)
                cli_complain("%s: a good image below the folder of --bad: left out, with "
                             "all others there",
                    file.path);
            free(file.path);
        } else
            bad->items[kept++] = file;
    }
    bad->count = kept;
}

int cli_dataset_folders(const char *good, const char *bad, const char *masks,
    const cli_choice *choice, cli_dataset *out)
{
    cli_choice of_masks = *choice;
    cli_files good_files = {0}, bad_files = {0}, mask_files = {0};
    *out = (cli_dataset){.layout = "folders"};
    of_masks.masks = 1;
    int code = cli_worse(need_folder(good), need_folder(bad));
    if (masks != NULL)
        code = cli_worse(code, need_folder(masks));
    if (code == CLI_EXIT_OK)
        code = cli_worse(cli_list_path(good, choice, &good_files),
            cli_list_path(bad, choice, &bad_files));
    if (code == CLI_EXIT_OK && masks != NULL)
        code = cli_list_path(masks, &of_masks, &mask_files);
    if (code == CLI_EXIT_OK) {
        char *expected =
            masks == NULL ? NULL : cli_format("%s/KIND/NAME_mask.png or the like", masks);
        leave_out_good(&bad_files, choice);
        cli_samples_add_kinds(out, &bad_files, masks == NULL ? NULL : &mask_files);
        cli_samples_add_good(out, &good_files);
        cli_samples_finish(out, expected);
        free(expected);
    }
    cli_files_free(&good_files);
    cli_files_free(&bad_files);
    cli_files_free(&mask_files);
    return code;
}
