#include "apps/blemish/dataset.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

static int is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int need_folder(const char *path)
{
    if (is_folder(path))
        return CLI_EXIT_OK;
    cli_complain("%s: no such folder", path);
    return CLI_EXIT_INPUT;
}

// ---- masks

// Length of a name without its last extension.
static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
    if (dot == NULL || (slash != NULL && dot < slash))
        return strlen(name);
    return (size_t)(dot - name);
}

// Whether `mask` is the name STEM + tail + any extension.
static int is_mask(const char *mask, const char *image, const char *tail)
{
    const size_t stem = stem_length(image), length = stem_length(mask);
    return length == stem + strlen(tail) && strncmp(mask, image, stem) == 0 &&
           strncmp(mask + stem, tail, strlen(tail)) == 0;
}

static const char *find_mask(const cli_files *masks, const char *image)
{
    const char *plain = NULL;
    for (size_t i = 0; i < masks->count; i++) {
        if (is_mask(masks->items[i].below, image, "_mask"))
            return masks->items[i].path;
        if (plain == NULL && is_mask(masks->items[i].below, image, ""))
            plain = masks->items[i].path;
    }
    return plain;
}

// ---- samples

static void append(cli_dataset *out, const cli_sample *sample)
{
    out->items = cli_grow(out->items, out->count, &out->capacity, sizeof *sample);
    out->items[out->count++] = *sample;
}

// The first folder of a path below the data set's, or `otherwise`.
static char *kind_of(const char *below, const char *otherwise)
{
    const char *slash = strchr(below, '/');
    if (slash == NULL)
        return cli_format("%s", otherwise);
    return cli_format("%.*s", (int)(slash - below), below);
}

// masks: those of the folder `masks_path`, NULL: there is none.
static int append_bad(const cli_file *file, const cli_files *masks,
    const char *masks_path, cli_dataset *out)
{
    const char *mask = masks == NULL ? NULL : find_mask(masks, file->below);
    append(out, &(cli_sample){.path = file->path,
                    .kind = kind_of(file->below, "bad"),
                    .mask = mask == NULL ? NULL : cli_format("%s", mask),
                    .bad = 1});
    if (mask != NULL || masks == NULL)
        return CLI_EXIT_OK;
    cli_complain("%s: no mask for it, expected %s/%.*s_mask.png or the like", file->path,
        masks_path, (int)stem_length(file->below), file->below);
    return CLI_EXIT_INPUT;
}

static int append_all_bad(const char *masks_path, cli_dataset *out)
{
    cli_files masks = {0};
    int code = CLI_EXIT_OK;
    if (masks_path != NULL)
        code = cli_list_path(masks_path, &masks);
    for (size_t i = 0; code == CLI_EXIT_OK && i < out->bad.count; i++)
        code = append_bad(
            &out->bad.items[i], masks_path == NULL ? NULL : &masks, masks_path, out);
    cli_files_free(&masks);
    out->masks = masks_path != NULL;
    return code;
}

static void append_all_good(cli_dataset *out)
{
    for (size_t i = 0; i < out->good.count; i++)
        append(out,
            &(cli_sample){.path = out->good.items[i].path, .kind = cli_format("good")});
}

int cli_dataset_folders(
    const char *good, const char *bad, const char *masks, cli_dataset *out)
{
    *out = (cli_dataset){0};
    int code = cli_worse(need_folder(good), need_folder(bad));
    if (masks != NULL)
        code = cli_worse(code, need_folder(masks));
    if (code == CLI_EXIT_OK)
        code = cli_worse(cli_list_path(good, &out->good), cli_list_path(bad, &out->bad));
    if (code == CLI_EXIT_OK)
        code = append_all_bad(masks, out);
    if (code == CLI_EXIT_OK)
        append_all_good(out);
    return code;
}

// Moves the files of test/good to the good ones; those in no folder have no kind.
static int part_good(cli_files *all, cli_dataset *out)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < all->count; i++) {
        cli_file *file = &all->items[i];
        if (strchr(file->below, '/') == NULL) {
            cli_complain("%s: expected in a folder named after its kind", file->path);
            code = CLI_EXIT_INPUT;
        }
        cli_files *to = strncmp(file->below, "good/", 5) == 0 ? &out->good : &out->bad;
        to->items = cli_grow(to->items, to->count, &to->capacity, sizeof *file);
        to->items[to->count++] = *file;
    }
    free(all->items); // the paths have moved
    return code;
}

int cli_dataset_mvtec(const char *root, cli_dataset *out)
{
    cli_files all = {0};
    char *test = cli_format("%s/test", root);
    char *truth = cli_format("%s/ground_truth", root);
    *out = (cli_dataset){0};
    int code = need_folder(root);
    if (code == CLI_EXIT_OK)
        code = need_folder(test);
    if (code == CLI_EXIT_OK)
        code = cli_list_path(test, &all);
    code = cli_worse(code, part_good(&all, out));
    if (code == CLI_EXIT_OK)
        code = append_all_bad(is_folder(truth) ? truth : NULL, out);
    if (code == CLI_EXIT_OK)
        append_all_good(out);
    free(test);
    free(truth);
    return code;
}

void cli_dataset_free(cli_dataset *dataset)
{
    for (size_t i = 0; i < dataset->count; i++) {
        free(dataset->items[i].kind);
        free(dataset->items[i].mask);
    }
    free(dataset->items);
    cli_files_free(&dataset->good);
    cli_files_free(&dataset->bad);
    *dataset = (cli_dataset){0};
}
