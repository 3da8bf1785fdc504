// weights.c: weights files: finding and opening them.
#include "src/backbone/weights.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/number.h"
#include "src/format/checkpoint.h"
#include "src/format/hash.h"

static const char default_name[] = "b";

// ---- where weights lie ----------------------------------------------------------------

// The folder of weights beside the library that runs, wherever it was installed to.
static void installed_folder(char folder[PATH_MAX])
{
    Dl_info info;
    folder[0] = '\0';
    if (dladdr(default_name, &info) == 0 || info.dli_fname == NULL)
        return;
    const char *slash = strrchr(info.dli_fname, '/');
    const int length = slash != NULL ? (int)(slash - info.dli_fname) : 0;
    blmi_print(
        folder, PATH_MAX, "%.*s/%s", length, info.dli_fname, BLM_WEIGHTS_FROM_LIBRARY);
}

// The folder of weights that the user has added.
static void user_folder(char folder[PATH_MAX])
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    folder[0] = '\0';
    if (data != NULL && data[0] == '/')
        blmi_print(folder, PATH_MAX, "%s/blemish/weights", data);
    else if (home != NULL && home[0] != '\0')
        blmi_print(folder, PATH_MAX, "%s/.local/share/blemish/weights", home);
}

// Finds the file of weights that are called `name`.
static blm_status find_by_name(const char *name, char path[PATH_MAX], blm_error *err)
{
    char installed[PATH_MAX], of_user[PATH_MAX];
    installed_folder(installed);
    user_folder(of_user);
    const char *wanted = getenv("BLEMISH_WEIGHTS");
    const char *const folders[] = {wanted != NULL ? wanted : "", of_user, installed};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        for (int k = 0; folders[i][0] != '\0' && blmi_backbone_prefix(k) != NULL; k++) {
            const int length = blmi_print(path, PATH_MAX, "%s/%s%s.safetensors",
                folders[i], blmi_backbone_prefix(k), name);
            if (length < PATH_MAX && access(path, F_OK) == 0)
                return BLM_OK;
        }
    return blmi_fail(err, BLM_EINPUT,
        "weights \"%s\": no %s.safetensors or %s%s.safetensors in the folders "
        "BLEMISH_WEIGHTS=%s, %s and %s",
        name, name, blmi_backbone_prefix(1), name, folders[0], folders[1], folders[2]);
}

// ---- opening --------------------------------------------------------------------------

bool blmi_weights_recognise(const blmi_safetensors *file)
{
    const char *format = blmi_safetensors_meta(file, "format");
    return format != NULL && strcmp(format, BLMI_WEIGHTS_FORMAT) == 0;
}

static blm_status check_weights(const char *path, blmi_weights *weights, blm_error *err)
{
    if (!blmi_weights_recognise(&weights->file))
        return blmi_fail(err, BLM_EINPUT,
            "%s: not a weights file (its metadata format is not " BLMI_WEIGHTS_FORMAT
            "); `blemish import` makes one of a checkpoint",
            path);
    weights->tensors = weights->file.tensors;
    return blmi_backbone_read(
        path, &weights->file, &weights->tensors, &weights->backbone, err);
}

blm_status blmi_weights_open(const char *path_or_name, blmi_weights *out, blm_error *err)
{
    char found[PATH_MAX];
    const char *path = path_or_name != NULL ? path_or_name : default_name;
    if (strpbrk(path, "/.") == NULL) {
        BLMI_TRY(find_by_name(path, found, err));
        path = found;
    }
    blmi_weights weights = {0};
    blm_status status = blmi_safetensors_open(path, NULL, &weights.file, err);
    if (status == BLM_OK)
        status = check_weights(path, &weights, err);
    if (status == BLM_OK)
        *out = weights;
    else
        blmi_weights_close(&weights);
    return status;
}

void blmi_weights_close(blmi_weights *weights)
{
    blmi_safetensors_close(&weights->file);
    *weights = (blmi_weights){0};
}
