// blemish-synth: writes made-up data sets in the layout of MVTec AD.
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blemish/render.h"
#include "tools/synth/faults.h"
#include "tools/synth/noise.h"
#include "tools/synth/synth.h"

enum { EXIT_USAGE = 2, EXIT_SYSTEM = 4 };
enum { FIRST_TEST = 1000000, FIRST_FAULT = 2000000 }; // indices of images

static const char help[] =
    "Usage: blemish-synth [OPTION]... FOLDER\n"
    "\n"
    "Writes made-up images of surfaces and parts, good and defective, into new folders\n"
    "FOLDER/CATEGORY/train/good, .../test/KIND and .../ground_truth/KIND (masks).\n"
    "The same options give the same pixels everywhere.\n"
    "\n"
    "  --seed N           seed of the random numbers                [1]\n"
    "  --size WxH         pixels, 32 to 4096 each                   [320x320]\n"
    "  --train N          good training images                      [24]\n"
    "  --test N           test images, a third of them good         [20]\n"
    "  --faults N         good images with a fault, of each kind, in the folders\n"
    "                     FOLDER/CATEGORY/faults/KIND               [0]\n"
    "  --moved SHIFT,TURN parts only, at three quarters of their size, moved by up to\n"
    "                     SHIFT % of the shorter side and turned by up to TURN degrees;\n"
    "                     FOLDER/CATEGORY/moved.tsv has file, pixels to the right and\n"
    "                     down, and degrees clockwise\n"
    "  --categories A,B   of those listed below        [all without a star]\n"
    "  --kinds A,B        kinds of defects; categories without them are left out\n"
    "                                                               [all]\n"
    "  -h, --help\n"
    "\n"
    "Categories and their defects:\n";

typedef struct settings {
    const char *folder, *categories, *kinds; // lists; NULL: all
    unsigned long long seed;
    int width, height, train, test, faults;
    int moved; // 1: with shift, a share of the shorter side, and turn in degrees
    double shift, turn;
    FILE *lies; // moved.tsv of the category
} settings;

// ---- the command line -----------------------------------------------------------------

// Whether a comma-separated list (NULL: all) contains a name.
static int is_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    if (list == NULL)
        return 1;
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        const size_t item = strcspn(at, ",");
        if (item == length && strncmp(at, name, length) == 0)
            return 1;
        at += item;
    }
    return 0;
}

static int __attribute__((format(printf, 1, 2))) wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("blemish-synth: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs(" (see --help)\n", stderr);
    va_end(arguments);
    return EXIT_USAGE;
}

// Fails unless `known` accepts every item of the list.
static int check_list(const char *list, int (*known)(const char *item, size_t length))
{
    for (const char *at = list; at != NULL && *at != '\0'; at += *at == ',') {
        const size_t item = strcspn(at, ",");
        if (!known(at, item))
            return wrong("unknown name '%.*s'", (int)item, at);
        at += item;
    }
    return 0;
}

static int is_category(const char *item, size_t length)
{
    for (size_t i = 0; synth_category_at(i) != NULL; i++) {
        const char *name = synth_category_name(synth_category_at(i));
        if (strlen(name) == length && strncmp(name, item, length) == 0)
            return 1;
    }
    return 0;
}

static int is_defect(const char *item, size_t length)
{
    for (synth_kind kind = SYNTH_GOOD + 1; kind < SYNTH_KINDS; kind++) {
        const char *name = synth_kind_name(kind);
        if (strlen(name) == length && strncmp(name, item, length) == 0)
            return 1;
    }
    return 0;
}

static int parse_number(const char *text, const char *end, unsigned long long low,
    unsigned long long high, unsigned long long *out)
{
    char *stop;
    errno = 0;
    *out = strtoull(text, &stop, 10);
    return *text >= '0' && *text <= '9' && stop == end && errno == 0 && *out >= low &&
           *out <= high;
}

static int parse_count(const char *option, const char *text, int *out)
{
    unsigned long long n;
    if (!parse_number(text, text + strlen(text), 0, 100000, &n))
        return wrong("--%s %s: expected 0 to 100000", option, text);
    *out = (int)n;
    return 0;
}

static int parse_size(const char *text, settings *s)
{
    unsigned long long width, height;
    const char *const x = strchr(text, 'x');
    if (x == NULL || !parse_number(text, x, 32, 4096, &width) ||
        !parse_number(x + 1, x + strlen(x), 32, 4096, &height))
        return wrong("--size %s: expected WxH, 32 to 4096 each", text);
    s->width = (int)width;
    s->height = (int)height;
    return 0;
}

static int parse_moved(const char *text, settings *s)
{
    char *comma, *end;
    s->shift = strtod(text, &comma) / 100;
    s->turn = *comma == ',' ? strtod(comma + 1, &end) : -1;
    if (*comma != ',' || comma == text || end == comma + 1 || *end != '\0' ||
        !(s->shift >= 0 && s->shift <= 0.33 && s->turn >= 0 && s->turn <= 180))
        return wrong(
            "--moved %s: expected SHIFT,TURN, 0 to 33 %% and 0 to 180 degrees", text);
    s->moved = 1;
    return 0;
}

static void print_help(void)
{
    fputs(help, stdout);
    for (size_t i = 0; synth_category_at(i) != NULL; i++) {
        const synth_category *c = synth_category_at(i);
        printf(
            "%c %-10s", synth_category_is_extra(c) ? '*' : ' ', synth_category_name(c));
        for (synth_kind kind = SYNTH_GOOD + 1; kind < SYNTH_KINDS; kind++)
            if (synth_category_has(c, kind))
                printf(" %s", synth_kind_name(kind));
        putchar('\n');
    }
}

// Returns 0 to go on, -1 after --help, or the exit code.
static int parse(int argc, char **argv, settings *s)
{
    enum { SEED = 1, SIZE, TRAIN, TEST, FAULTS, MOVED, CATEGORIES, KINDS };
    static const struct option options[] = {{"seed", 1, NULL, SEED},
        {"size", 1, NULL, SIZE}, {"train", 1, NULL, TRAIN}, {"test", 1, NULL, TEST},
        {"faults", 1, NULL, FAULTS}, {"moved", 1, NULL, MOVED},
        {"categories", 1, NULL, CATEGORIES}, {"kinds", 1, NULL, KINDS},
        {"help", 0, NULL, 'h'}, {0}};
    int option, code = 0;
    while (code == 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        const char *end = optarg == NULL ? NULL : optarg + strlen(optarg);
        if (option == 'h') {
            print_help();
            return -1;
        } else if (option == SEED) {
            if (!parse_number(optarg, end, 0, ~0ull, &s->seed))
                code = wrong("--seed %s: expected a whole number", optarg);
        } else if (option == SIZE) {
            code = parse_size(optarg, s);
        } else if (option == TRAIN) {
            code = parse_count("train", optarg, &s->train);
        } else if (option == TEST) {
            code = parse_count("test", optarg, &s->test);
        } else if (option == FAULTS) {
            code = parse_count("faults", optarg, &s->faults);
        } else if (option == MOVED) {
            code = parse_moved(optarg, s);
        } else if (option == CATEGORIES) {
            code = check_list(s->categories = optarg, is_category);
        } else if (option == KINDS) {
            code = check_list(s->kinds = optarg, is_defect);
        } else {
            code = EXIT_USAGE; // getopt_long has printed the error
        }
    }
    if (code == 0 && optind + 1 != argc)
        code = wrong("expected one folder");
    s->folder = argv[optind];
    return code;
}

// ---- writing --------------------------------------------------------------------------

static int failed(const char *what, const char *why)
{
    fprintf(stderr, "blemish-synth: %s: %s\n", what, why);
    return EXIT_SYSTEM;
}

// Creates the folders of a file's path.
static int make_folders(char *path)
{
    for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        const int bad = mkdir(path, 0777) != 0 && errno != EEXIST;
        if (bad)
            return failed(path, strerror(errno));
        *at = '/';
    }
    return 0;
}

// Writes (height, width) grey or (height, width, 3) RGB as `path`, cut if it is too long.
static int write_png(const settings *s, char *path, const uint8_t *pixels, int grey)
{
    const blm_buffer picture = {.pixels = pixels,
        .width = s->width,
        .height = s->height,
        .layout = grey ? BLM_MONO8 : BLM_RGB8};
    blm_bytes file;
    blm_error err;
    const int code = make_folders(path);
    if (code != 0)
        return code;
    if (blm_png_encode(&picture, &file, &err) != BLM_OK)
        return failed(path, err.text);
    const blm_status status = blm_bytes_write(&file, path, &err);
    blm_bytes_free(&file);
    return status == BLM_OK ? 0 : failed("cannot write", err.text);
}

// Writes an image and, if it is defective, its mask.  rgb (height, width, 3) and mask
// (height, width) are scratch.
static int write_picture(const settings *s, const synth_category *category, int index,
    synth_kind kind, const char *split, int number, uint8_t *rgb, uint8_t *mask)
{
    const char *const root = s->folder, *const name = synth_category_name(category);
    const char *const kind_name = synth_kind_name(kind);
    char path[4096];
    if (strlen(root) > sizeof path - 100)
        return failed(root, strerror(ENAMETOOLONG));
    synth_lie lie = {0};
    const int made = s->moved
                         ? synth_picture_moved(category, s->seed, index, kind, s->width,
                               s->height, s->shift, s->turn, rgb, mask, &lie)
                         : synth_picture(category, s->seed, index, kind, s->width,
                               s->height, rgb, mask);
    if (made != 0)
        return failed(root, strerror(ENOMEM));
    const int grey = synth_category_is_grey(category);
    const size_t pixels = (size_t)s->width * (size_t)s->height;
    for (size_t i = 0; grey && i < pixels; i++)
        rgb[i] = rgb[3 * i];
    snprintf(
        path, sizeof path, "%s/%s/%s/%s/%03d.png", root, name, split, kind_name, number);
    const int code = write_png(s, path, rgb, grey);
    if (code == 0 && s->moved)
        fprintf(s->lies, "%s/%s/%03d.png\t%.4f\t%.4f\t%.4f\n", split, kind_name, number,
            lie.x, lie.y, lie.turn);
    if (code != 0 || kind == SYNTH_GOOD)
        return code;
    snprintf(path, sizeof path, "%s/%s/ground_truth/%s/%03d_mask.png", root, name,
        kind_name, number);
    return write_png(s, path, mask, 1);
}

// Makes a good image with a fault.  rgb, scratch (height, width, 3).
static int write_fault(const settings *s, const synth_category *category,
    synth_fault fault, int number, uint8_t *rgb, uint8_t *scratch)
{
    const char *const root = s->folder, *const name = synth_category_name(category);
    const int index = FIRST_FAULT + (int)fault * 100000 + number;
    char path[4096];
    if (strlen(root) > sizeof path - 100)
        return failed(root, strerror(ENAMETOOLONG));
    if (synth_picture(
            category, s->seed, index, SYNTH_GOOD, s->width, s->height, rgb, NULL) != 0)
        return failed(root, strerror(ENOMEM));
    synth_spoil(
        fault, synth_mix(s->seed, (uint64_t)index), s->width, s->height, rgb, scratch);
    const int grey = synth_category_is_grey(category);
    const size_t pixels = (size_t)s->width * (size_t)s->height;
    for (size_t i = 0; grey && i < pixels; i++)
        rgb[i] = rgb[3 * i];
    snprintf(path, sizeof path, "%s/%s/faults/%s/%03d.png", root, name,
        synth_fault_name(fault), number);
    return write_png(s, path, rgb, grey);
}

// Creates moved.tsv of a category.
static int open_lies(settings *s, const synth_category *category)
{
    char path[4096];
    snprintf(
        path, sizeof path, "%s/%s/moved.tsv", s->folder, synth_category_name(category));
    const int code = make_folders(path);
    if (code != 0)
        return code;
    s->lies = fopen(path, "w");
    return s->lies != NULL ? 0 : failed(path, strerror(errno));
}

static int close_lies(settings *s)
{
    FILE *file = s->lies;
    s->lies = NULL;
    const int bad = file != NULL && ferror(file);
    if (file != NULL && (fclose(file) != 0 || bad))
        return failed("moved.tsv", strerror(EIO));
    return 0;
}

// The wanted kinds of defects of a category; returns their number.
static int wanted_kinds(
    const settings *s, const synth_category *category, synth_kind out[SYNTH_KINDS])
{
    int count = 0;
    for (synth_kind kind = SYNTH_GOOD + 1; kind < SYNTH_KINDS; kind++)
        if (synth_category_has(category, kind) &&
            is_listed(s->kinds, synth_kind_name(kind)))
            out[count++] = kind;
    return count;
}

// Test images: a third good, the rest defective, with the kinds in turns.  rgb and mask
// (height, width, 3): scratch.
static int write_category(
    settings *s, const synth_category *category, uint8_t *rgb, uint8_t *mask)
{
    synth_kind kinds[SYNTH_KINDS];
    const int count = wanted_kinds(s, category, kinds), good = (s->test + 2) / 3;
    int code = 0;
    if (count == 0 || !is_listed(s->categories, synth_category_name(category)) ||
        (synth_category_is_extra(category) && s->categories == NULL) ||
        (s->moved && !synth_category_is_part(category)))
        return 0;
    if (s->moved)
        code = open_lies(s, category);
    for (int i = 0; i < s->train && code == 0; i++)
        code = write_picture(s, category, i, SYNTH_GOOD, "train", i, rgb, mask);
    for (int i = 0; i < s->test && code == 0; i++) {
        const int bad = i - good;
        const synth_kind kind = bad < 0 ? SYNTH_GOOD : kinds[bad % count];
        const int number = bad < 0 ? i : bad / count;
        code =
            write_picture(s, category, FIRST_TEST + i, kind, "test", number, rgb, mask);
    }
    for (synth_fault f = 0; f < SYNTH_FAULTS; f++)
        for (int i = 0; i < s->faults && code == 0; i++)
            code = write_fault(s, category, f, i, rgb, mask);
    const int closed = close_lies(s);
    return code != 0 ? code : closed;
}

int main(int argc, char **argv)
{
    settings s = {.seed = 1, .width = 320, .height = 320, .train = 24, .test = 20};
    int code = parse(argc, argv, &s);
    if (code != 0)
        return code < 0 ? 0 : code;
    const size_t pixels = (size_t)s.width * (size_t)s.height;
    uint8_t *const rgb = malloc(6 * pixels); // followed by the mask or scratch
    if (rgb == NULL)
        return failed(s.folder, strerror(ENOMEM));
    for (size_t i = 0; synth_category_at(i) != NULL && code == 0; i++)
        code = write_category(&s, synth_category_at(i), rgb, rgb + 3 * pixels);
    free(rgb);
    return code;
}
