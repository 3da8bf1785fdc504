// weights_search.c: finds weights files in folders.
#include "src/backbone/weights_search.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/backbone/onnx_file.h"
#include "src/base/error.h"
#include "src/base/number.h"

static const char own[] = ""; // an address inside the library

enum { FOLDERS = 4 };

// Where weights may be, in the order of the search; "": nowhere.
typedef struct folders {
    char path[FOLDERS][PATH_MAX];
} folders;

// The folder of weights beside the running library.
static void installed_folder(char folder[PATH_MAX])
{
    Dl_info info;
    folder[0] = '\0';
    if (dladdr(own, &info) == 0 || info.dli_fname == NULL)
        return;
    const char *slash = strrchr(info.dli_fname, '/');
    const int length = slash != NULL ? (int)(slash - info.dli_fname) : 0;
    blmi_print(
        folder, PATH_MAX, "%.*s/%s", length, info.dli_fname, BLM_WEIGHTS_FROM_LIBRARY);
}

// The folder of weights that the user added.
static void user_folder(char folder[PATH_MAX])
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    folder[0] = '\0';
    if (data != NULL && data[0] == '/')
        blmi_print(folder, PATH_MAX, "%s/blemish/weights", data);
    else if (home != NULL && home[0] != '\0')
        blmi_print(folder, PATH_MAX, "%s/.local/share/blemish/weights", home);
}

static void list_folders(const char *beside, folders *out)
{
    const char *wanted = getenv("BLEMISH_WEIGHTS");
    const char *slash = beside != NULL ? strrchr(beside, '/') : NULL;
    if (slash != NULL)
        blmi_print(out->path[0], PATH_MAX, "%.*s",
            slash > beside ? (int)(slash - beside) : 1, beside);
    else
        blmi_print(out->path[0], PATH_MAX, "%s", beside != NULL ? "." : "");
    blmi_print(out->path[1], PATH_MAX, "%s", wanted != NULL ? wanted : "");
    user_folder(out->path[2]);
    installed_folder(out->path[3]);
}

// The folder's file of that name; false: there is none.
static bool has_file(const char *folder, const char *name, char path[PATH_MAX])
{
    return folder[0] != '\0' &&
           blmi_print(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX &&
           access(path, F_OK) == 0;
}

// ---- by name --------------------------------------------------------------------------

blm_status blmi_weights_search_name(const char *name, char path[PATH_MAX], blm_error *err)
{
    char file[NAME_MAX];
    folders in;
    list_folders(NULL, &in);
    for (int i = 0; i < FOLDERS; i++)
        for (int k = 0; blmi_backbone_prefix(k) != NULL; k++) {
            const int length = blmi_print(
                file, sizeof file, "%s%s.safetensors", blmi_backbone_prefix(k), name);
            if (length < NAME_MAX && has_file(in.path[i], file, path))
                return BLM_OK;
        }
    return blmi_fail(err, BLM_EINPUT,
        "weights \"%s\": no %s.safetensors or %s%s.safetensors in the folders "
        "BLEMISH_WEIGHTS=%s, %s and %s",
        name, name, blmi_backbone_prefix(1), name, in.path[1], in.path[2], in.path[3]);
}

// ---- by hash --------------------------------------------------------------------------

// The hash of a file, as it says itself: it is checked when the file is opened.
static bool hash_of(const char *path, char hash[BLMI_HASH_DIGITS + 1])
{
    return blmi_onnx_is_path(path) ? blmi_onnx_hash(path, hash, NULL) == BLM_OK
                                   : blmi_safetensors_said_checksum(path, hash);
}

// Looks for a weights file with that hash, whatever its name.
static bool look_through(const char *folder, const char *hash, char path[PATH_MAX])
{
    char said[BLMI_HASH_DIGITS + 1];
    bool found = false;
    DIR *listing = folder[0] != '\0' ? opendir(folder) : NULL;
    if (listing == NULL)
        return false;
    for (const struct dirent *entry; !found && (entry = readdir(listing)) != NULL;) {
        const char *end = strrchr(entry->d_name, '.');
        found = end != NULL && strcmp(end, ".safetensors") == 0 &&
                has_file(folder, entry->d_name, path) &&
                blmi_safetensors_said_checksum(path, said) && strcmp(said, hash) == 0;
    }
    closedir(listing);
    return found;
}

blm_status blmi_weights_search(const blmi_weights_source *source, const char *beside,
    char path[PATH_MAX], blm_error *err)
{
    char hash[BLMI_HASH_DIGITS + 1], other[PATH_MAX] = "", differs[PATH_MAX + 80] = "";
    folders in;
    list_folders(beside, &in);
    for (int i = 0; i < FOLDERS; i++) {
        if (!has_file(in.path[i], source->name, path))
            continue;
        if (hash_of(path, hash) && strcmp(hash, source->hash) == 0)
            return BLM_OK;
        if (other[0] == '\0')
            memcpy(other, path, PATH_MAX);
    }
    for (int i = 0; i < FOLDERS && !blmi_onnx_is_path(source->name); i++)
        if (look_through(in.path[i], source->hash, path))
            return BLM_OK;
    if (other[0] != '\0')
        blmi_print(differs, sizeof differs, "; %s has another hash", other);
    return blmi_fail(err, BLM_EINPUT,
        "%s: its weights %s, with the hash %s, are not beside it or in the folders "
        "BLEMISH_WEIGHTS=%s, %s and %s%s",
        beside, source->name, source->hash, in.path[1], in.path[2], in.path[3], differs);
}
