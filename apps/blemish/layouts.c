// Recognises and reads the layouts of published data sets.
#include "apps/blemish/layouts.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "apps/blemish/beside.h"
#include "apps/blemish/cli_samples.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/mask.h"
#include "apps/blemish/memory.h"

typedef struct layout {
    const char *name;
    const char *signs[3]; // folders below the root that must all exist; NULL: no more
    const char *pattern;  // ending of files directly in `test`; NULL: any
    // Folders below the root, for the readers that need them.
    const char *train, *test, *truth;
    int (*read)(const struct layout *layout, const char *root, const cli_choice *choice,
        cli_dataset *out);
} layout;

static int is_folder(const char *root, const char *below)
{
    struct stat info;
    char *path = cli_format("%s/%s", root, below);
    const int found = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    free(path);
    return found;
}

static int list_below(
    const char *root, const char *below, const cli_choice *choice, cli_files *out)
{
    char *path = cli_format("%s/%s", root, below);
    const int code = cli_list_path(path, choice, out);
    free(path);
    return code;
}

// ---- folders by kind: MVTec AD and many others ----------------------------------------

// Moves images in a folder of good images, or in no folder, to `good`.
static void take_good(cli_files *all, cli_files *good)
{
    for (size_t i = 0; i < all->count; i++) {
        const char *slash = strchr(all->items[i].below, '/');
        if (slash != NULL && !cli_is_good_folder(all->items[i].below,
                                 (size_t)(slash - all->items[i].below))) {
            free(all->items[i].path);
            continue;
        }
        good->items =
            cli_grow(good->items, good->count, &good->capacity, sizeof *good->items);
        good->items[good->count++] = all->items[i];
    }
    free(all->items);
    *all = (cli_files){0};
}

// Checks that every test image is in a folder, whose name is its kind.
static int check_kinds(const cli_files *images)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < images->count; i++)
        if (strchr(images->items[i].below, '/') == NULL) {
            cli_complain("%s: not in a folder, expected one named good or after the kind "
                         "of defect",
                images->items[i].path);
            code = CLI_EXIT_INPUT;
        }
    return code;
}

static int read_kinds(
    const layout *l, const char *root, const cli_choice *choice, cli_dataset *out)
{
    const char *inner = strchr(l->truth, '/'); // masks may be among the test images
    cli_choice of_test = *choice, of_masks = *choice;
    cli_files train = {0}, test = {0}, masks = {0};
    const int has_masks = is_folder(root, l->truth);
    of_test.apart = inner != NULL ? inner + 1 : NULL;
    of_masks.masks = 1;
    of_masks.empty = 1;
    int code = CLI_EXIT_OK;
    if (is_folder(root, l->train))
        code = list_below(root, l->train, choice, &train);
    code = cli_worse(code, list_below(root, l->test, &of_test, &test));
    if (code == CLI_EXIT_OK)
        code = check_kinds(&test);
    if (code == CLI_EXIT_OK && has_masks)
        code = list_below(root, l->truth, &of_masks, &masks);
    if (code == CLI_EXIT_OK) {
        char *expected =
            cli_format("%s/%s/KIND/NAME_mask.png or the like", root, l->truth);
        take_good(&train, &out->train);
        cli_samples_add_kinds(out, &test, has_masks ? &masks : NULL);
        cli_samples_finish(out, has_masks ? expected : NULL);
        free(expected);
    }
    cli_files_free(&train);
    cli_files_free(&test);
    cli_files_free(&masks);
    return code;
}

// ---- a mask beside every image: KolektorSDD2 ------------------------------------------

// 1 if the mask marks a defect, 0 if not, -1 after an error.
static int marks_something(const char *path)
{
    const blm_decode_options defaults = {0};
    int width, height, found = 0;
    uint8_t *mask = NULL;
    blm_error err;
    const blm_status status =
        cli_mask_read(path, &defaults, &width, &height, &mask, &(unsigned){0}, &err);
    if (status != BLM_OK) {
        cli_fail(status, &err);
        return -1;
    }
    for (size_t i = 0; !found && i < (size_t)width * (size_t)height; i++)
        found = mask[i];
    free(mask);
    return found;
}

// The mask of an image among `all`, which are in any order; NULL: none.
static const char *find_beside(
    const cli_files *all, const unsigned char *is_mask, const char *image)
{
    const size_t stem = cli_stem_length(image);
    for (size_t i = 0; i < all->count; i++)
        if (is_mask[i] && strncmp(all->items[i].below, image, stem) == 0 &&
            strncasecmp(all->items[i].below + stem, "_gt.", 4) == 0)
            return all->items[i].path;
    return NULL;
}

// Reads the images of a folder; those with an empty mask are good.  train: good images go
// to out->train, others are dropped; else all become samples.
static int read_pairs(const char *root, const char *below, int train,
    const cli_choice *choice, cli_dataset *out)
{
    cli_choice with_masks = *choice;
    cli_files all = {0};
    with_masks.masks = 1;
    int code = list_below(root, below, &with_masks, &all);
    const char **names = cli_alloc(all.count, sizeof *names);
    unsigned char *is_mask = cli_alloc(all.count, 1);
    for (size_t i = 0; i < all.count; i++)
        names[i] = all.items[i].below;
    cli_beside(names, all.count, is_mask);
    for (size_t i = 0; code == CLI_EXIT_OK && i < all.count; i++) {
        if (is_mask[i])
            continue;
        const char *mask = find_beside(&all, is_mask, all.items[i].below);
        const int bad = mask != NULL ? marks_something(mask) : -1;
        if (mask == NULL)
            cli_complain("%s: has no mask, expected NAME_GT.png", all.items[i].path);
        if (bad < 0)
            code = CLI_EXIT_INPUT;
        else if (!train)
            cli_sample_add(out, all.items[i].path, bad ? "bad" : NULL, bad ? mask : NULL);
        else if (!bad)
            cli_list_path(all.items[i].path, choice, &out->train);
    }
    free(is_mask);
    free(names);
    cli_files_free(&all);
    return code;
}

static int read_beside(
    const layout *l, const char *root, const cli_choice *choice, cli_dataset *out)
{
    int code = read_pairs(root, l->train, 1, choice, out);
    code = cli_worse(code, read_pairs(root, l->test, 0, choice, out));
    cli_samples_finish(out, "NAME_GT.png");
    return code;
}

// ---- VisA and Real-IAD: by their lists, if these exist --------------------------------

// Without the list all images are samples and none are for training.
static int read_unlisted(const char *root, const char *good, const char *bad,
    const char *masks, const char *list, const cli_choice *choice, cli_dataset *out)
{
    char *good_path = cli_format("%s/%s", root, good);
    char *bad_path = cli_format("%s/%s", root, bad);
    char *mask_path = masks != NULL ? cli_format("%s/%s", root, masks) : NULL;
    const char *name = out->layout;
    const int code = cli_dataset_folders(good_path, bad_path, mask_path, choice, out);
    out->layout = name;
    if (code == CLI_EXIT_OK && !choice->quiet)
        cli_complain("%s: %s without its list %s: all images are test images, none are "
                     "for training",
            root, name, list);
    free(mask_path);
    free(bad_path);
    free(good_path);
    return code;
}

static int read_visa(
    const layout *l, const char *root, const cli_choice *choice, cli_dataset *out)
{
    const int code = cli_list_visa(root, out);
    (void)l;
    return code >= 0 ? code
                     : read_unlisted(root, "Data/Images/Normal", "Data/Images/Anomaly",
                           "Data/Masks/Anomaly", "../split_csv/1cls.csv", choice, out);
}

static int read_realiad(
    const layout *l, const char *root, const cli_choice *choice, cli_dataset *out)
{
    const int code = cli_list_realiad(root, out);
    (void)l;
    return code >= 0 ? code
                     : read_unlisted(root, "OK", "NG", NULL,
                           "realiad_jsons/CATEGORY.json", choice, out);
}

// ---- the table, the most specific layout first ----------------------------------------

static const layout layouts[] = {
    {"MVTec AD 2", {"train", "test_public"}, NULL, "train", "test_public",
        "test_public/ground_truth", read_kinds},
    {"MVTec LOCO AD", {"train", "test", "validation"}, NULL, "train", "test",
        "ground_truth", read_kinds},
    {"BTAD", {"train/ok", "test/ok"}, NULL, "train", "test", "ground_truth", read_kinds},
    {"VisA", {"Data/Images/Normal", "Data/Images/Anomaly"}, NULL, NULL, NULL, NULL,
        read_visa},
    {"Real-IAD", {"OK", "NG"}, NULL, NULL, NULL, NULL, read_realiad},
    {"KolektorSDD2", {"train", "test"}, "_GT.png", "train", "test", NULL, read_beside},
    {"MVTec AD", {"train", "test"}, NULL, "train", "test", "ground_truth", read_kinds},
    {"MVTec AD without train", {"test"}, NULL, "train", "test", "ground_truth",
        read_kinds},
};

static int has_pattern(const char *root, const char *folder, const char *pattern)
{
    const size_t tail = strlen(pattern);
    char *path = cli_format("%s/%s", root, folder);
    DIR *entries = opendir(path);
    int found = 0;
    free(path);
    if (entries == NULL)
        return 0;
    for (const struct dirent *entry; !found && (entry = readdir(entries)) != NULL;) {
        const size_t length = strlen(entry->d_name);
        found = length > tail && strcmp(entry->d_name + length - tail, pattern) == 0;
    }
    closedir(entries);
    return found;
}

static const layout *recognise(const char *root)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        const layout *l = &layouts[i];
        int there = 1;
        for (int s = 0; there && s < 3 && l->signs[s] != NULL; s++)
            there = is_folder(root, l->signs[s]);
        if (there && l->pattern != NULL)
            there = has_pattern(root, l->test, l->pattern);
        if (there)
            return l;
    }
    return NULL;
}

int cli_dataset_is(const char *root)
{
    const layout *l = recognise(root);
    return l != NULL && l->signs[1] != NULL;
}

int cli_dataset_is_test(const char *root)
{
    return recognise(root) != NULL;
}

int cli_dataset_open(const char *root, const cli_choice *choice, cli_dataset *out)
{
    const layout *l = recognise(root);
    *out = (cli_dataset){0};
    if (l == NULL && !is_folder(root, "")) {
        cli_complain("%s: no such folder", root);
        return CLI_EXIT_INPUT;
    }
    if (l == NULL) {
        cli_complain("%s: not a data set of a known layout, expected the folders "
                     "train/good and test (see blemish-eval(1))",
            root);
        return CLI_EXIT_INPUT;
    }
    out->layout = l->name;
    return l->read(l, root, choice, out);
}

int cli_dataset_train(const char *root, const cli_choice *choice, cli_dataset *out)
{
    const int code = cli_dataset_open(root, choice, out);
    if (code != CLI_EXIT_OK || out->train.count > 0)
        return code;
    cli_complain("%s: a data set like %s, but without training images, expected "
                 "train/good or the like",
        root, out->layout);
    return CLI_EXIT_INPUT;
}
