// in_place_test MODEL WEIGHTS FOLDER IMAGE...: tests models, weights and images that
// another program (cp, a camera) rewrites and truncates in place while they are in use.
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "blemish/image.h"

static blm_error err;

static void must(int truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "in_place_test: %s: %s\n", what, err.text);
    exit(1);
}

// Bytes of a file; the caller frees them.
static unsigned char *read_all(const char *path, size_t *size)
{
    struct stat info;
    const int fd = open(path, O_RDONLY);
    must(fd >= 0 && fstat(fd, &info) == 0, path);
    *size = (size_t)info.st_size;
    unsigned char *bytes = malloc(*size + 1);
    must(bytes != NULL && read(fd, bytes, *size) == (ssize_t)*size, path);
    close(fd);
    return bytes;
}

// Writes in place, like cp: the inode stays the same.
static void write_in_place(const char *path, const void *bytes, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, path);
    close(fd);
}

static const char *copy(const char *from, const char *folder, const char *name)
{
    static char paths[3][4096];
    static int used;
    char *path = paths[used++];
    size_t size;
    unsigned char *bytes = read_all(from, &size);
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    write_in_place(path, bytes, size);
    free(bytes);
    return path;
}

// First as many other bytes, then none.
static void spoil(const char *path, int step)
{
    size_t size;
    unsigned char *bytes = read_all(path, &size);
    memset(bytes, 0x3f, size);
    write_in_place(path, bytes, step == 0 ? size : 0);
    free(bytes);
}

// ---- models

static double score(const blm_model *model, const blm_image *image)
{
    blm_scorer *scorer;
    blm_result result;
    must(blm_scorer_new(model, NULL, &scorer, &err) == BLM_OK, "scorer");
    must(blm_scorer_run(scorer, image, &result, &err) == BLM_OK, "score");
    const double found = result.score;
    blm_scorer_free(scorer);
    return found;
}

static void check_model(const char *original, const char *path, const blm_image *image)
{
    blm_model *model;
    must(blm_model_open(path, &model, &err) == BLM_OK, "open");
    const double before = score(model, image);
    for (int step = 0; step < 2; step++) {
        spoil(path, step);
        must(score(model, image) == before, "the score changed with the file");
    }
    must(blm_model_save(model, path, &err) == BLM_OK, "save");
    blm_model_free(model);
    size_t size, saved_size;
    unsigned char *bytes = read_all(original, &size);
    unsigned char *saved = read_all(path, &saved_size);
    must(size == saved_size && memcmp(bytes, saved, size) == 0, "the model changed");
    free(bytes);
    free(saved);
}

static void check_fit(const char *weights, const blm_image *image)
{
    blm_fitter *fitter;
    blm_model *model;
    const blm_fit_options options = {.weights = weights};
    must(blm_fitter_new(&options, &fitter, &err) == BLM_OK, "fitter");
    for (int i = 0; i < 6; i++) {
        must(blm_fitter_add_image(fitter, image, "same", &err) == BLM_OK, "add");
        if (i == 1 || i == 3)
            spoil(weights, i / 2);
    }
    must(blm_fitter_finish(fitter, NULL, &model, &err) == BLM_OK, "finish");
    must(isfinite(score(model, image)), "the fitted model is spoilt");
    blm_model_free(model);
    blm_fitter_free(fitter);
}

// ---- images

// Rewrites a file until it is killed.
static pid_t start_camera(const char *path)
{
    size_t size;
    unsigned char *bytes = read_all(path, &size);
    const pid_t camera = fork();
    must(camera >= 0, "fork");
    if (camera == 0)
        for (int i = 0;; i++)
            write_in_place(path, bytes, i % 2 == 0 ? size : size / 2);
    free(bytes);
    return camera;
}

static void check_image(const char *path)
{
    int whole = 0, refused = 0;
    const pid_t camera = start_camera(path);
    for (int i = 0; i < 2000; i++) {
        blm_image *image;
        const blm_status status = blm_image_read(path, NULL, &image, &err);
        must(status == BLM_OK || status == BLM_EINPUT, "read");
        if (status == BLM_OK)
            blm_image_free(image);
        *(status == BLM_OK ? &whole : &refused) += 1;
    }
    kill(camera, SIGKILL);
    waitpid(camera, NULL, 0);
    printf("%d images read whole, %d refused\n", whole, refused);
}

int main(int count, char **arguments)
{
    if (count < 5)
        return 2;
    const char *folder = arguments[3];
    blm_image *image;
    mkdir(folder, 0777);
    must(blm_image_read(arguments[4], NULL, &image, &err) == BLM_OK, "image");
    check_model(arguments[1], copy(arguments[1], folder, "model"), image);
    check_fit(copy(arguments[2], folder, "weights"), image);
    check_image(copy(arguments[4], folder, "latest.png"));
    blm_image_free(image);
    return 0;
}
