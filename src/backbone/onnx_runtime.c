// onnx_runtime.c: calls ONNX Runtime by its C interface.
//
// That interface is a table of functions, which grows at its end only: a number in it
// never changes.  The few that are used here are declared by their numbers, so that no
// header of ONNX Runtime is needed.
#include "src/backbone/onnx_runtime.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

// ---- the interface --------------------------------------------------------------------

enum {
    API_VERSION = 12, // that of ONNX Runtime 1.12, which has all functions used here
    ORT_ERRORS_ONLY = 3,
    ORT_ALL_OPTIMISATIONS = 99,
    ORT_SEQUENTIAL = 0,
    ORT_ARENA = 1,   // type of an allocator
    ORT_DEFAULT = 0, // type of memory
};

// Numbers in the table.
enum {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 4, // with a logger
    CREATE_SESSION = 8,
    RUN = 9,
    CREATE_OPTIONS = 10,
    SET_EXECUTION_MODE = 13,
    SET_OPTIMISATION = 23,
    SET_THREADS = 24,
    CREATE_TENSOR = 49,
    GET_DATA = 51,
    GET_TYPE = 60,
    GET_RANK = 61,
    GET_SHAPE = 62,
    GET_TYPE_AND_SHAPE = 65,
    CREATE_CPU_MEMORY = 69,
    RELEASE_ENV = 92,
    RELEASE_STATUS = 93,
    RELEASE_MEMORY = 94,
    RELEASE_SESSION = 95,
    RELEASE_VALUE = 96,
    RELEASE_TYPE_AND_SHAPE = 99,
    RELEASE_OPTIONS = 100,
    GET_PROVIDERS = 125,
    RELEASE_PROVIDERS = 126,
    ADD_CONFIG_ENTRY = 130,
    ADD_TENSORRT = 170,
    CREATE_TENSORRT = 171,
    RELEASE_TENSORRT = 174,
    ADD_CUDA = 204,
    CREATE_CUDA = 205,
    UPDATE_CUDA = 206,
    RELEASE_CUDA = 208,
    ADD_PROVIDER = 216,
    API_FUNCTIONS
};

typedef void (*function)(void);
typedef struct OrtStatus OrtStatus; // NULL: success

typedef struct base_table {
    const function *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} base_table;

// Function number `number` as a pointer of the type that its arguments need.
#define CALL(api, number, result, ...) ((result(*)(__VA_ARGS__))(api)[number])
#define STATUS(api, number, ...) CALL(api, number, OrtStatus *, __VA_ARGS__)
#define RELEASE(api, number, object)                                                     \
    do {                                                                                 \
        if ((object) != NULL)                                                            \
            CALL(api, number, void, void *)(object);                                     \
    } while (0)

struct blmi_runtime {
    const function *api;
    void *env, *memory;
    char provider[64]; // "CPUExecutionProvider"
    char name[128];
};

struct blmi_session {
    const blmi_runtime *runtime;
    void *session;
};

// Passes a failure of the library on as one line, and releases it.
static blm_status check(
    const function *api, OrtStatus *fault, const char *what, blm_error *err)
{
    char text[600];
    if (fault == NULL)
        return BLM_OK;
    blmi_print(text, sizeof text, "%s",
        CALL(api, GET_ERROR_MESSAGE, const char *, const OrtStatus *)(fault));
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    RELEASE(api, RELEASE_STATUS, fault);
    return blmi_fail(err, BLM_EINPUT, "ONNX Runtime, %s: %s", what, text);
}

// Without a logger the library writes messages to stderr.
static void ignore(void *context, int severity, const char *category, const char *id,
    const char *place, const char *message)
{
    (void)context, (void)severity, (void)category, (void)id, (void)place, (void)message;
}

// ---- loading --------------------------------------------------------------------------

// The library stays in memory: it has threads and thread-local data of its own, and
// cannot be unloaded safely.
static blm_status load(void **out, char path[PATH_MAX], blm_error *err)
{
    static const char *const usual[] = {"libonnxruntime.so.1", "libonnxruntime.so"};
    const char *wanted = getenv("BLEMISH_ONNXRUNTIME");
    const int flags = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
    if (wanted != NULL && wanted[0] != '\0') {
        blmi_print(path, PATH_MAX, "%s", wanted);
        *out = dlopen(wanted, flags);
        return *out != NULL
                   ? BLM_OK
                   : blmi_fail(err, BLM_EINPUT,
                         "ONNX Runtime: BLEMISH_ONNXRUNTIME cannot be loaded: %s",
                         dlerror());
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        blmi_print(path, PATH_MAX, "%s", usual[i]);
        if ((*out = dlopen(usual[i], flags)) != NULL)
            return BLM_OK;
    }
    return blmi_fail(err, BLM_EINPUT,
        "an ONNX network needs ONNX Runtime, but the loader finds no %s: set "
        "BLEMISH_ONNXRUNTIME to its file, such as that of the Python "
        "package onnxruntime: .../onnxruntime/capi/libonnxruntime.so.1.*",
        usual[0]);
}

static blm_status find_api(blmi_runtime *runtime, blm_error *err)
{
    char path[PATH_MAX];
    void *library;
    const base_table *(*get_base)(void);
    BLMI_TRY(load(&library, path, err));
    void *symbol = dlsym(library, "OrtGetApiBase");
    memcpy(&get_base, &symbol, sizeof get_base);
    const base_table *base = symbol != NULL ? get_base() : NULL;
    if (base == NULL)
        return blmi_fail(err, BLM_EINPUT,
            "%s: not ONNX Runtime: it has no function OrtGetApiBase", path);
    runtime->api = base->get_api(API_VERSION);
    if (runtime->api == NULL)
        return blmi_fail(err, BLM_EINPUT, "%s: ONNX Runtime %s, expected 1.%d or newer",
            path, base->get_version(), API_VERSION);
    blmi_print(
        runtime->name, sizeof runtime->name, "ONNX Runtime %s", base->get_version());
    return BLM_OK;
}

// ---- providers ------------------------------------------------------------------------

static const char suffix[] = "ExecutionProvider";

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// Whether `wanted` is the name in any case, with or without "ExecutionProvider".
static bool is_provider(const char *name, const char *wanted)
{
    size_t i = 0;
    while (wanted[i] != '\0' && lower(name[i]) == lower(wanted[i]))
        i++;
    return i > 0 && wanted[i] == '\0' &&
           (name[i] == '\0' || strcmp(name + i, suffix) == 0);
}

static blm_status choose_provider(blmi_runtime *runtime, blm_error *err)
{
    const function *api = runtime->api;
    const char *wanted = getenv("BLEMISH_PROVIDER");
    char **names, known[400] = "";
    int count;
    size_t at = 0;
    if (wanted == NULL || wanted[0] == '\0')
        wanted = "cpu";
    BLMI_TRY(check(api, STATUS(api, GET_PROVIDERS, char ***, int *)(&names, &count),
        "its providers", err));
    for (int i = 0; i < count; i++) {
        if (is_provider(names[i], wanted))
            blmi_print(runtime->provider, sizeof runtime->provider, "%s", names[i]);
        if (at < sizeof known)
            at += (size_t)blmi_print(
                known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    check(api, STATUS(api, RELEASE_PROVIDERS, char **, int)(names, count), "", NULL);
    if (runtime->provider[0] == '\0')
        return blmi_fail(err, BLM_EUSAGE, "provider \"%s\": %s has only %s", wanted,
            runtime->name, known);
    const size_t length = strlen(runtime->name);
    blmi_print(runtime->name + length, sizeof runtime->name - length, " (%s)",
        runtime->provider);
    return BLM_OK;
}

// CUDA and TensorRT have functions of their own.  TF32 is switched off: its ten bits
// would change scores, and a threshold from one device should suit another.
static OrtStatus *add_cuda(const function *api, void *options)
{
    static const char *const key[] = {"use_tf32"}, *const value[] = {"0"};
    void *cuda = NULL;
    OrtStatus *fault = STATUS(api, CREATE_CUDA, void **)(&cuda);
    if (fault == NULL) { // older versions do not know the key
        OrtStatus *unknown = STATUS(api, UPDATE_CUDA, void *, const char *const *,
            const char *const *, size_t)(cuda, key, value, 1);
        RELEASE(api, RELEASE_STATUS, unknown);
        fault = STATUS(api, ADD_CUDA, void *, const void *)(options, cuda);
    }
    RELEASE(api, RELEASE_CUDA, cuda);
    return fault;
}

static OrtStatus *add_tensorrt(const function *api, void *options)
{
    void *tensorrt = NULL;
    OrtStatus *fault = STATUS(api, CREATE_TENSORRT, void **)(&tensorrt);
    if (fault == NULL)
        fault = STATUS(api, ADD_TENSORRT, void *, const void *)(options, tensorrt);
    RELEASE(api, RELEASE_TENSORRT, tensorrt);
    return fault;
}

static blm_status add_provider(const blmi_runtime *runtime, void *options, blm_error *err)
{
    const function *api = runtime->api;
    char name[sizeof runtime->provider];
    OrtStatus *fault = NULL;
    const size_t length = strlen(runtime->provider);
    const size_t behind = strlen(suffix) < length ? strlen(suffix) : 0;
    blmi_print(name, sizeof name, "%.*s", (int)(length - behind), runtime->provider);
    if (strcmp(name, "CUDA") == 0)
        fault = add_cuda(api, options);
    else if (strcmp(name, "Tensorrt") == 0)
        fault = add_tensorrt(api, options);
    else if (strcmp(name, "CPU") != 0)
        fault = STATUS(api, ADD_PROVIDER, void *, const char *, const char *const *,
            const char *const *, size_t)(options, name, NULL, NULL, 0);
    return check(api, fault, runtime->provider, err);
}

// ---- the library ----------------------------------------------------------------------

typedef void logger(void *, int, const char *, const char *, const char *, const char *);

static blm_status open_runtime(blmi_runtime *runtime, blm_error *err)
{
    BLMI_TRY(find_api(runtime, err));
    BLMI_TRY(choose_provider(runtime, err));
    const function *api = runtime->api;
    BLMI_TRY(check(api,
        STATUS(api, CREATE_ENV, logger *, void *, int, const char *, void **)(
            ignore, NULL, ORT_ERRORS_ONLY, "blemish", &runtime->env),
        "its environment", err));
    return check(api,
        STATUS(api, CREATE_CPU_MEMORY, int, int, void **)(
            ORT_ARENA, ORT_DEFAULT, &runtime->memory),
        "its memory", err);
}

blm_status blmi_runtime_open(blmi_runtime **out, blm_error *err)
{
    blmi_runtime *runtime = blmi_alloc_zero(1, sizeof *runtime);
    if (runtime == NULL)
        return blmi_no_memory(err, "ONNX Runtime", 1, sizeof *runtime);
    const blm_status status = open_runtime(runtime, err);
    if (status == BLM_OK)
        *out = runtime;
    else
        blmi_runtime_close(runtime);
    return status;
}

void blmi_runtime_close(blmi_runtime *runtime)
{
    if (runtime == NULL)
        return;
    RELEASE(runtime->api, RELEASE_MEMORY, runtime->memory);
    RELEASE(runtime->api, RELEASE_ENV, runtime->env);
    blmi_free(runtime);
}

const char *blmi_runtime_name(const blmi_runtime *runtime)
{
    return runtime->name;
}

// ---- sessions -------------------------------------------------------------------------

// Idle threads sleep instead of waiting in a loop: others use the cores between runs.
static blm_status set_options(
    const blmi_runtime *runtime, void *options, int threads, blm_error *err)
{
    const function *api = runtime->api;
    static const char what[] = "its options";
    BLMI_TRY(
        check(api, STATUS(api, SET_THREADS, void *, int)(options, threads), what, err));
    BLMI_TRY(
        check(api, STATUS(api, SET_EXECUTION_MODE, void *, int)(options, ORT_SEQUENTIAL),
            what, err));
    BLMI_TRY(check(api,
        STATUS(api, SET_OPTIMISATION, void *, int)(options, ORT_ALL_OPTIMISATIONS), what,
        err));
    BLMI_TRY(check(api,
        STATUS(api, ADD_CONFIG_ENTRY, void *, const char *, const char *)(
            options, "session.intra_op.allow_spinning", "0"),
        what, err));
    return add_provider(runtime, options, err);
}

blm_status blmi_session_new(const blmi_runtime *runtime, const void *bytes, size_t size,
    int threads, blmi_session **out, blm_error *err)
{
    const function *api = runtime->api;
    void *options = NULL;
    blmi_session *session = blmi_alloc_zero(1, sizeof *session);
    if (session == NULL)
        return blmi_no_memory(err, "ONNX Runtime", 1, sizeof *session);
    session->runtime = runtime;
    blm_status status =
        check(api, STATUS(api, CREATE_OPTIONS, void **)(&options), "its options", err);
    if (status == BLM_OK)
        status = set_options(runtime, options, threads, err);
    if (status == BLM_OK)
        status = check(api,
            STATUS(api, CREATE_SESSION, const void *, const void *, size_t, const void *,
                void **)(runtime->env, bytes, size, options, &session->session),
            "the network", err);
    RELEASE(api, RELEASE_OPTIONS, options);
    if (status == BLM_OK)
        *out = session;
    else
        blmi_session_free(session);
    return status;
}

void blmi_session_free(blmi_session *session)
{
    if (session == NULL)
        return;
    RELEASE(session->runtime->api, RELEASE_SESSION, session->session);
    blmi_free(session);
}

static blm_status read_output(
    const function *api, void *value, blmi_session_output *out, blm_error *err)
{
    void *info = NULL;
    int type = 0;
    size_t rank = 0;
    static const char what[] = "an output";
    *out = (blmi_session_output){0};
    blm_status status = check(api,
        STATUS(api, GET_TYPE_AND_SHAPE, const void *, void **)(value, &info), what, err);
    if (status == BLM_OK)
        status = check(
            api, STATUS(api, GET_TYPE, const void *, int *)(info, &type), what, err);
    if (status == BLM_OK)
        status = check(
            api, STATUS(api, GET_RANK, const void *, size_t *)(info, &rank), what, err);
    if (status == BLM_OK && type == BLMI_ONNX_FLOAT && rank <= BLMI_ONNX_MAX_RANK) {
        out->rank = (int)rank;
        status = check(api,
            STATUS(api, GET_SHAPE, const void *, int64_t *, size_t)(
                info, out->shape, rank),
            what, err);
    }
    if (status == BLM_OK && out->rank > 0) {
        void *data = NULL;
        status =
            check(api, STATUS(api, GET_DATA, void *, void **)(value, &data), what, err);
        out->values = data;
    }
    RELEASE(api, RELEASE_TYPE_AND_SHAPE, info);
    return status;
}

blm_status blmi_session_run(const blmi_session *session, const char *input,
    const float *x, const int64_t *shape, int rank, const char *const *outputs, int count,
    blmi_session_take *take, void *context, blm_error *err)
{
    const function *api = session->runtime->api;
    void *value = NULL, *result[BLMI_SESSION_MAX_OUTPUTS] = {NULL};
    blmi_session_output output[BLMI_SESSION_MAX_OUTPUTS];
    size_t size = sizeof *x;
    if (count < 1 || count > BLMI_SESSION_MAX_OUTPUTS)
        return blmi_fail(err, BLM_EBUG, "%d outputs of an ONNX network", count);
    for (int i = 0; i < rank; i++)
        size *= (size_t)shape[i];
    blm_status status = check(api,
        STATUS(api, CREATE_TENSOR, const void *, const void *, size_t, const int64_t *,
            size_t, int, void **)(session->runtime->memory, x, size, shape, (size_t)rank,
            BLMI_ONNX_FLOAT, &value),
        "the input", err);
    if (status == BLM_OK)
        status = check(api,
            STATUS(api, RUN, void *, const void *, const char *const *,
                const void *const *, size_t, const char *const *, size_t,
                void **)(session->session, NULL, &input, (const void *const *)&value, 1,
                outputs, (size_t)count, result),
            "the network", err);
    for (int i = 0; i < count && status == BLM_OK; i++)
        status = read_output(api, result[i], &output[i], err);
    if (status == BLM_OK)
        status = take(context, output, count, err);
    for (int i = 0; i < count; i++)
        RELEASE(api, RELEASE_VALUE, result[i]);
    RELEASE(api, RELEASE_VALUE, value);
    return status;
}
