// old_onnxruntime.c: a shared library that says that it is ONNX Runtime 1.5.0, which has
// no interface of version 12.
#include <stddef.h>
#include <stdint.h>

typedef struct base {
    const void *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} base;

const base *OrtGetApiBase(void);

static const void *get_api(uint32_t version)
{
    (void)version;
    return NULL;
}

static const char *get_version(void)
{
    return "1.5.0";
}

__attribute__((visibility("default"))) const base *OrtGetApiBase(void)
{
    static const base own = {get_api, get_version};
    return &own;
}
