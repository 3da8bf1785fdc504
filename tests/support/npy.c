// npy.c: reads .npy files.  Their header is a Python dict: {'descr': '<f4',
// 'fortran_order': False, 'shape': (2, 3), }.
#include "tests/npy.h"

#include <string.h>
#include <unistd.h>

#include "tests/check.h"

const char *golden_path(const char *name)
{
    static char path[1024];
    const char *shared = getenv("BLM_SHARED");
    const char *folders[] = {shared ? shared : "../shared", "../shared", "tests"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/golden/%s", folders[i], name);
        if (access(path, R_OK) == 0)
            return path;
    }
    printf("no golden/%s: skipped\n", name);
    return NULL;
}

static void parse_shape(npy *array, const char *header, const char *path)
{
    const char *at = strstr(header, "'shape': (");
    if (!at || !strstr(header, "'fortran_order': False"))
        fail_msg("%s: not a plain array: %s", path, header);
    at = strchr(at, '(') + 1;
    array->count = 1;
    while (*at != ')') {
        char *end;
        const size_t extent = strtoull(at, &end, 10);
        if (end == at || array->rank == 8)
            fail_msg("%s: shape cannot be read: %s", path, header);
        array->shape[array->rank++] = extent;
        array->count *= extent;
        at = end + strspn(end, ", ");
    }
}

npy npy_load(const char *path, const char *type)
{
    npy array = {0};
    unsigned char start[10];
    char header[1024] = "", descr[32];
    FILE *file = fopen(path, "rb");
    if (!file || fread(start, 1, sizeof start, file) != sizeof start ||
        memcmp(start, "\x93NUMPY\x01\x00", 8) != 0)
        fail_msg("%s: not an .npy file of version 1.0", path);
    const size_t length = start[8] | (size_t)start[9] << 8;
    if (length >= sizeof header || fread(header, 1, length, file) != length)
        fail_msg("%s: header cannot be read", path);
    snprintf(descr, sizeof descr, "'descr': '%c%s'", *type == 'u' ? '|' : '<', type);
    if (!strstr(header, descr))
        fail_msg("%s: %s expected, found: %s", path, type, header);
    parse_shape(&array, header, path);
    const size_t item = (size_t)(type[1] - '0');
    array.memory =
        malloc(array.count * item + 1); // one byte more, to detect a longer file
    if (!array.memory ||
        fread(array.memory, 1, array.count * item + 1, file) != array.count * item)
        fail_msg("%s: data too short or too long", path);
    fclose(file);
    array.f4 = strcmp(type, "f4") == 0 ? array.memory : NULL;
    array.f8 = strcmp(type, "f8") == 0 ? array.memory : NULL;
    array.u1 = strcmp(type, "u1") == 0 ? array.memory : NULL;
    array.i4 = strcmp(type, "i4") == 0 ? array.memory : NULL;
    return array;
}

void npy_free(npy *array)
{
    free(array->memory);
    *array = (npy){0};
}

bool npy_is(const npy *array, int rank, const size_t *shape)
{
    return array->rank == rank &&
           memcmp(array->shape, shape, (size_t)rank * sizeof *shape) == 0;
}
