#include "src/format/archive.h"

#include <string.h>

#include <zip.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/number.h"

static const char pickle_name[] = "/data.pkl";

enum { LONGEST_NAME = 1024 };

struct blmi_archive {
    char *path;
    blmi_file file;
    zip_t *zip;
    int top; // bytes of the name of the top folder
    const char *top_name;
};

// ---- opening --------------------------------------------------------------------------

// Before PyTorch 1.6, torch.save wrote a sequence of pickles; even earlier, a tar
// archive.
static blm_status refuse(const char *path, const blmi_file *file, blm_error *err)
{
    const bool pickle = file->size > 1 && file->bytes[0] == 0x80;
    const bool tar = file->size > 262 && memcmp(file->bytes + 257, "ustar", 5) == 0;
    if (pickle || tar)
        return blmi_fail(err, BLM_EINPUT,
            "%s: written by a PyTorch before 0.4 or in an unknown form; load it there "
            "and "
            "save it again: torch.save(torch.load(FILE, map_location=\"cpu\"), NEW)",
            path);
    return blmi_fail(
        err, BLM_EINPUT, "%s: not a zip archive, expected a file of torch.save", path);
}

static blm_status open_zip(blmi_archive *archive, blm_error *err)
{
    const blmi_file *file = &archive->file;
    zip_error_t why;
    zip_error_init(&why);
    blm_status status = BLM_OK;
    zip_source_t *source = zip_source_buffer_create(file->bytes, file->size, 0, &why);
    if (source != NULL)
        archive->zip = zip_open_from_source(source, ZIP_RDONLY, &why);
    if (archive->zip == NULL) {
        zip_source_free(source);
        status = blmi_fail(err, BLM_EINPUT, "%s: damaged zip archive: %s", archive->path,
            zip_error_strerror(&why));
    }
    zip_error_fini(&why);
    return status;
}

static blm_status find_top(blmi_archive *archive, blm_error *err)
{
    const zip_int64_t count = zip_get_num_entries(archive->zip, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name = zip_get_name(archive->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        const char *slash = name != NULL ? strchr(name, '/') : NULL;
        if (slash != NULL && strcmp(slash, pickle_name) == 0 &&
            slash - name < LONGEST_NAME) {
            archive->top_name = name;
            archive->top = (int)(slash - name);
            return BLM_OK;
        }
    }
    return blmi_fail(err, BLM_EINPUT,
        "%s: a zip archive without FOLDER%s, expected a file of torch.save",
        archive->path, pickle_name);
}

static blm_status open_archive(const char *path, blmi_archive *archive, blm_error *err)
{
    archive->path = blmi_strdup(path);
    if (archive->path == NULL)
        return blmi_no_memory(err, path, strlen(path), 1);
    BLMI_TRY(blmi_file_read(path, 0, &archive->file, err));
    if (archive->file.size < 4 || memcmp(archive->file.bytes, "PK", 2) != 0)
        return refuse(path, &archive->file, err);
    BLMI_TRY(open_zip(archive, err));
    return find_top(archive, err);
}

blm_status blmi_archive_open(const char *path, blmi_archive **out, blm_error *err)
{
    blmi_archive *archive = blmi_alloc_zero(1, sizeof *archive);
    if (archive == NULL)
        return blmi_no_memory(err, path, 1, sizeof *archive);
    const blm_status status = open_archive(path, archive, err);
    if (status == BLM_OK)
        *out = archive;
    else
        blmi_archive_close(archive);
    return status;
}

void blmi_archive_close(blmi_archive *archive)
{
    if (archive == NULL)
        return;
    if (archive->zip != NULL)
        zip_discard(archive->zip);
    blmi_file_close(&archive->file);
    blmi_free(archive->path);
    blmi_free(archive);
}

// ---- reading --------------------------------------------------------------------------

// The number of an entry, below 0 if there is none.
static zip_int64_t locate(const blmi_archive *archive, const char *name)
{
    char full[2 * LONGEST_NAME];
    const int length =
        blmi_print(full, sizeof full, "%.*s/%s", archive->top, archive->top_name, name);
    if (length < 0 || (size_t)length >= sizeof full)
        return -1;
    return zip_name_locate(archive->zip, full, ZIP_FL_ENC_RAW);
}

bool blmi_archive_has(const blmi_archive *archive, const char *name)
{
    return locate(archive, name) >= 0;
}

static blm_status unpack(blmi_archive *archive, zip_uint64_t index, const char *name,
    uint8_t *bytes, size_t size, blm_error *err)
{
    zip_file_t *entry = zip_fopen_index(archive->zip, index, 0);
    if (entry == NULL)
        return blmi_fail(err, BLM_EINPUT, "%s: cannot open the entry %s: %s",
            archive->path, name, zip_strerror(archive->zip));
    blm_status status = BLM_OK;
    uint8_t beyond; // reading to the end checks the CRC-32
    if (zip_fread(entry, bytes, size) != (zip_int64_t)size ||
        zip_fread(entry, &beyond, 1) != 0)
        status = blmi_fail(err, BLM_EINPUT, "%s: the entry %s is damaged: %s",
            archive->path, name, zip_file_strerror(entry));
    zip_fclose(entry);
    return status;
}

blm_status blmi_archive_read(blmi_archive *archive, const char *name, uint64_t max_bytes,
    uint8_t **bytes, size_t *size, blm_error *err)
{
    zip_stat_t info;
    const zip_int64_t index = locate(archive, name);
    if (index < 0 || zip_stat_index(archive->zip, (zip_uint64_t)index, 0, &info) != 0 ||
        (info.valid & ZIP_STAT_SIZE) == 0)
        return blmi_fail(
            err, BLM_EINPUT, "%s: the entry %s is missing", archive->path, name);
    if (info.size > max_bytes)
        return blmi_fail(err, BLM_EINPUT,
            "%s: the entry %s has %llu bytes, expected at most %llu", archive->path, name,
            (unsigned long long)info.size, (unsigned long long)max_bytes);
    uint8_t *made = blmi_alloc((size_t)info.size, 1);
    if (made == NULL)
        return blmi_no_memory(err, name, (size_t)info.size, 1);
    const blm_status status =
        unpack(archive, (zip_uint64_t)index, name, made, (size_t)info.size, err);
    if (status == BLM_OK) {
        *bytes = made;
        *size = (size_t)info.size;
    } else
        blmi_free(made);
    return status;
}
