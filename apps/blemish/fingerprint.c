#include "apps/blemish/fingerprint.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/blemish/result.h"

static uint64_t hash_content(uint64_t hash, const char *path)
{
    char bytes[1 << 16];
    size_t size;
    FILE *file = fopen(path, "rbe");
    while (file != NULL && (size = fread(bytes, 1, sizeof bytes, file)) > 0)
        hash = cli_hash(hash, bytes, size);
    if (file != NULL)
        fclose(file);
    return hash;
}

// Adds the build id from the notes of an object; returns 0 if it has none.
static int hash_build_id(const struct dl_phdr_info *object, uint64_t *hash)
{
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        const char *at = (const char *)(object->dlpi_addr + segment->p_vaddr);
        const char *end = at + segment->p_memsz;
        while (segment->p_type == PT_NOTE && end - at > (ptrdiff_t)sizeof(ElfW(Nhdr))) {
            const ElfW(Nhdr) *note = (const void *)at;
            const char *text = at + sizeof *note + (note->n_namesz + 3u) / 4 * 4;
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof "GNU" &&
                text + note->n_descsz <= end) {
                *hash = cli_hash(*hash, text, note->n_descsz);
                return 1;
            }
            at = text + (note->n_descsz + 3u) / 4 * 4;
        }
    }
    return 0;
}

static int add_object(struct dl_phdr_info *object, size_t size, void *context)
{
    uint64_t *hash = context;
    struct stat info;
    (void)size;
    if (object->dlpi_name[0] == '\0')
        *hash = hash_content(*hash, "/proc/self/exe");
    else if (strstr(object->dlpi_name, "/libblemish.so") != NULL)
        *hash = hash_content(*hash, object->dlpi_name);
    else if (!hash_build_id(object, hash) && stat(object->dlpi_name, &info) == 0) {
        *hash = cli_hash(*hash, &info.st_size, sizeof info.st_size);
        *hash = cli_hash(*hash, &info.st_mtim, sizeof info.st_mtim);
    }
    return 0;
}

uint64_t cli_fingerprint(uint64_t hash)
{
    dl_iterate_phdr(add_object, &hash);
    return hash;
}
