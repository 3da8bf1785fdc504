#include "src/format/pickle.h"

#include <stdbool.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/base/tensor.h"

// An opcode takes at least one byte of the pickle.  It makes, pushes and memoizes at most
// one value, and moves each pushed value at most once.  So these arrays, each as long as
// the pickle has bytes, cannot overflow.
struct blmi_pickle {
    blmi_value *values;
    size_t value_count;
    const blmi_value **items; // of all tuples, one after the other
    size_t item_count;
    blmi_entry *entries; // of all dicts; half as long: two values per entry
    size_t entry_count;
    blmi_value **stack; // NULL: a mark
    size_t depth;
    blmi_value **memo; // NULL: unused
    size_t memo_count;
    size_t length;
    const blmi_value *root;
};

typedef struct machine {
    blmi_pickle *pickle;
    blmi_cursor cursor;
    size_t opcode_at; // offset in the pickle
    const char *path;
    blm_error *err;
} machine;

static const char *const globals[] = {
    [BLMI_ORDERED_DICT] = "collections.OrderedDict",
    [BLMI_REBUILD_TENSOR] = "torch._utils._rebuild_tensor_v2",
    [BLMI_REBUILD_OLD_TENSOR] = "torch._utils._rebuild_tensor",
    [BLMI_REBUILD_PARAMETER] = "torch._utils._rebuild_parameter",
    [BLMI_STORAGE_F32] = "torch.FloatStorage",
    [BLMI_STORAGE_F16] = "torch.HalfStorage",
    [BLMI_STORAGE_BF16] = "torch.BFloat16Storage",
    [BLMI_STORAGE_F64] = "torch.DoubleStorage",
    [BLMI_STORAGE_I64] = "torch.LongStorage",
    [BLMI_STORAGE_I32] = "torch.IntStorage",
    [BLMI_STORAGE_U8] = "torch.ByteStorage",
    [BLMI_STORAGE_I16] = "torch.ShortStorage",
    [BLMI_STORAGE_I8] = "torch.CharStorage",
    [BLMI_STORAGE_BOOL] = "torch.BoolStorage",
    [BLMI_PASSED_OVER] = "argparse.Namespace",
    [BLMI_PASSED_OVER + 1] = "numpy.core.multiarray.scalar",
    [BLMI_PASSED_OVER + 2] = "numpy._core.multiarray.scalar",
    [BLMI_PASSED_OVER + 3] = "numpy.dtype",
    [BLMI_PASSED_OVER + 4] = "_codecs.encode",
};

const char *blmi_global_name(blmi_global global)
{
    return globals[global];
}

// ---- values and the stack -------------------------------------------------------------

static blm_status refuse(machine *m, const char *what)
{
    return blmi_fail(m->err, BLM_EINPUT, "%s: byte %zu of the pickle: %s", m->path,
        m->opcode_at, what);
}

static blm_status push(machine *m, blmi_value *value)
{
    m->pickle->stack[m->pickle->depth++] = value;
    return BLM_OK;
}

static blm_status push_new(machine *m, blmi_value value)
{
    blmi_value *made = &m->pickle->values[m->pickle->value_count++];
    *made = value;
    return push(m, made);
}

// The value on top; NULL if there is none above the last mark.
static blmi_value *top(const machine *m)
{
    return m->pickle->depth > 0 ? m->pickle->stack[m->pickle->depth - 1] : NULL;
}

static blmi_value *pop(machine *m)
{
    blmi_value *value = top(m);
    if (value != NULL)
        m->pickle->depth--;
    return value;
}

static bool is(const blmi_value *value, blmi_value_kind kind)
{
    return value != NULL && value->kind == kind;
}

// Pops the values above the last mark, and the mark.  The values stay valid until the
// next push.
static blm_status pop_to_mark(machine *m, blmi_value ***values, size_t *count)
{
    blmi_pickle *p = m->pickle;
    size_t at = p->depth;
    while (at > 0 && p->stack[at - 1] != NULL)
        at--;
    if (at == 0)
        return refuse(m, "no mark on the stack");
    *values = p->stack + at;
    *count = p->depth - at;
    p->depth = at - 1;
    return BLM_OK;
}

// An unsigned operand of 1, 2, 4 or 8 bytes.
static uint64_t operand(machine *m, int size)
{
    switch (size) {
    case 1:
        return blmi_cursor_u8(&m->cursor);
    case 2:
        return blmi_cursor_u16le(&m->cursor);
    case 4:
        return blmi_cursor_u32le(&m->cursor);
    default:
        return blmi_cursor_u64le(&m->cursor);
    }
}

// ---- opcodes: each gets the number in its row of the table ----------------------------

static blm_status op_skip(machine *m, int size)
{
    blmi_cursor_take(&m->cursor, (size_t)size);
    return BLM_OK;
}

static blm_status op_other(machine *m, int size)
{
    blmi_cursor_take(&m->cursor, (size_t)size);
    return push_new(m, (blmi_value){.kind = BLMI_OTHER});
}

static blm_status op_bytes(machine *m, int size)
{
    blmi_cursor_take(&m->cursor, operand(m, size));
    return push_new(m, (blmi_value){.kind = BLMI_OTHER});
}

static blm_status op_int(machine *m, int size)
{
    const uint64_t value = operand(m, size);
    return push_new(m, (blmi_value){.kind = BLMI_INT,
                           .as.integer = size == 4 ? (int32_t)value : (int64_t)value});
}

// Two's complement of any length, lowest byte first.
static blm_status op_long(machine *m, int size)
{
    const size_t length = operand(m, size);
    const uint8_t *bytes = blmi_cursor_take(&m->cursor, length);
    if (bytes == NULL || length > sizeof(int64_t))
        return push_new(m, (blmi_value){.kind = BLMI_OTHER});
    uint64_t value = length > 0 && bytes[length - 1] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = length; i-- > 0;)
        value = value << 8 | bytes[i];
    return push_new(m, (blmi_value){.kind = BLMI_INT, .as.integer = (int64_t)value});
}

static blm_status op_text(machine *m, int size)
{
    const size_t length = operand(m, size);
    const char *bytes = (const char *)blmi_cursor_take(&m->cursor, length);
    return push_new(
        m, (blmi_value){.kind = BLMI_TEXT,
               .as.text = {bytes != NULL ? bytes : "", bytes != NULL ? length : 0}});
}

static blm_status op_mark(machine *m, int unused)
{
    (void)unused;
    return push(m, NULL);
}

static blm_status op_pop(machine *m, int unused)
{
    (void)unused;
    if (m->pickle->depth == 0)
        return refuse(m, "the stack is empty");
    m->pickle->depth--;
    return BLM_OK;
}

static blm_status op_pop_mark(machine *m, int unused)
{
    blmi_value **values;
    size_t count;
    (void)unused;
    return pop_to_mark(m, &values, &count);
}

static blm_status op_list(machine *m, int unused)
{
    (void)unused;
    return push_new(m, (blmi_value){.kind = BLMI_LIST});
}

static blm_status op_append(machine *m, int unused)
{
    (void)unused;
    if (pop(m) == NULL || !is(top(m), BLMI_LIST))
        return refuse(m, "expected a list and a value on the stack");
    return BLM_OK;
}

static blm_status op_appends(machine *m, int unused)
{
    BLMI_TRY(op_pop_mark(m, unused));
    if (!is(top(m), BLMI_LIST))
        return refuse(m, "expected a list below the mark");
    return BLM_OK;
}

// Makes a tuple of the top `count` values; -1: of those above the mark.
static blm_status op_tuple(machine *m, int count)
{
    blmi_pickle *p = m->pickle;
    blmi_value **values = NULL;
    size_t length = (size_t)count;
    if (count < 0)
        BLMI_TRY(pop_to_mark(m, &values, &length));
    else {
        for (int i = 0; i < count; i++)
            if (pop(m) == NULL)
                return refuse(m, "too few values for a tuple");
        values = p->stack + p->depth;
    }
    const blmi_value **items = p->items + p->item_count;
    for (size_t i = 0; i < length; i++)
        items[i] = values[i];
    p->item_count += length;
    return push_new(m, (blmi_value){.kind = BLMI_TUPLE, .as.tuple = {items, length}});
}

static blm_status op_dict(machine *m, int unused)
{
    (void)unused;
    return push_new(m, (blmi_value){.kind = BLMI_DICT});
}

static void set_item(
    machine *m, blmi_value *dict, const blmi_value *key, const blmi_value *value)
{
    if (key->kind != BLMI_TEXT)
        return;
    blmi_entry *entry = &m->pickle->entries[m->pickle->entry_count++];
    *entry = (blmi_entry){key->as.text, value, NULL};
    if (dict->as.dict.first == NULL)
        dict->as.dict.first = entry;
    else
        dict->as.dict.last->next = entry;
    dict->as.dict.last = entry;
}

static blm_status op_set_item(machine *m, int unused)
{
    (void)unused;
    const blmi_value *value = pop(m), *key = pop(m);
    blmi_value *dict = top(m);
    if (value == NULL || key == NULL || !is(dict, BLMI_DICT))
        return refuse(m, "expected a dict, a key and a value on the stack");
    set_item(m, dict, key, value);
    return BLM_OK;
}

static blm_status op_set_items(machine *m, int unused)
{
    blmi_value **values;
    size_t count;
    (void)unused;
    BLMI_TRY(pop_to_mark(m, &values, &count));
    blmi_value *dict = top(m);
    if (!is(dict, BLMI_DICT) || count % 2 != 0)
        return refuse(m, "expected a dict below the mark, keys and values above it");
    for (size_t i = 0; i < count; i += 2)
        set_item(m, dict, values[i], values[i + 1]);
    return BLM_OK;
}

static blm_status memoize(machine *m, uint64_t index)
{
    blmi_pickle *p = m->pickle;
    if (top(m) == NULL || index >= m->cursor.size)
        return refuse(m, "nothing to memoize, or its number is too large");
    p->memo_count += p->memo[index] == NULL;
    p->memo[index] = top(m);
    return BLM_OK;
}

static blm_status op_put(machine *m, int size)
{
    return memoize(m, operand(m, size));
}

static blm_status op_memoize(machine *m, int unused)
{
    (void)unused;
    return memoize(m, m->pickle->memo_count);
}

static blm_status op_get(machine *m, int size)
{
    const uint64_t index = operand(m, size);
    if (index >= m->cursor.size || m->pickle->memo[index] == NULL)
        return refuse(m, "gets a value that was not memoized");
    return push(m, m->pickle->memo[index]);
}

// ---- objects --------------------------------------------------------------------------

static blm_status push_global(machine *m, blmi_text module, blmi_text name)
{
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
        const char *known = globals[i];
        if (strlen(known) == module.size + 1 + name.size &&
            memcmp(known, module.bytes, module.size) == 0 && known[module.size] == '.' &&
            memcmp(known + module.size + 1, name.bytes, name.size) == 0)
            return push_new(
                m, (blmi_value){.kind = BLMI_GLOBAL, .as.global = (blmi_global)i});
    }
    return blmi_fail(m->err, BLM_EINPUT,
        "%s: global %.*s.%.*s is not allowed in a state dict", m->path, (int)module.size,
        module.bytes, (int)name.size, name.bytes);
}

// The bytes up to the next newline, which is also consumed.
static blmi_text line(machine *m)
{
    const size_t left = blmi_cursor_left(&m->cursor);
    const char *bytes = (const char *)m->cursor.bytes + m->cursor.at;
    const char *end = left > 0 ? memchr(bytes, '\n', left) : NULL;
    const size_t size = end != NULL ? (size_t)(end - bytes) : left;
    blmi_cursor_take(&m->cursor, size + 1);
    return (blmi_text){bytes, size};
}

static blm_status op_global(machine *m, int unused)
{
    (void)unused;
    const blmi_text module = line(m), name = line(m);
    return push_global(m, module, name);
}

static blm_status op_stack_global(machine *m, int unused)
{
    (void)unused;
    const blmi_value *name = pop(m), *module = pop(m);
    if (!is(name, BLMI_TEXT) || !is(module, BLMI_TEXT))
        return refuse(m, "expected the two names of a global on the stack");
    return push_global(m, module->as.text, name->as.text);
}

static bool is_shape(const blmi_value *value)
{
    if (!is(value, BLMI_TUPLE) || value->as.tuple.count > BLMI_MAX_RANK)
        return false;
    for (size_t i = 0; i < value->as.tuple.count; i++)
        if (value->as.tuple.items[i]->kind != BLMI_INT)
            return false;
    return true;
}

// ("storage", type, key, device, count) names an array of the archive.  Before PyTorch
// 1.6 a None follows.
static blm_status op_storage(machine *m, int unused)
{
    (void)unused;
    const blmi_value *tuple = pop(m);
    if (!is(tuple, BLMI_TUPLE) || tuple->as.tuple.count < 5 ||
        tuple->as.tuple.count > 6 ||
        (tuple->as.tuple.count == 6 && tuple->as.tuple.items[5]->kind != BLMI_OTHER))
        return refuse(m, "expected a tuple of five that describes a storage");
    const blmi_value *const *item = tuple->as.tuple.items;
    static const char kind[] = "storage";
    if (!is(item[0], BLMI_TEXT) || item[0]->as.text.size != sizeof kind - 1 ||
        memcmp(item[0]->as.text.bytes, kind, sizeof kind - 1) != 0 ||
        !is(item[1], BLMI_GLOBAL) || item[1]->as.global < BLMI_STORAGE_F32 ||
        item[1]->as.global >= BLMI_PASSED_OVER || !is(item[2], BLMI_TEXT) ||
        !is(item[4], BLMI_INT) || item[4]->as.integer < 0)
        return refuse(m, "expected \"storage\", its type, key, device and count");
    return push_new(
        m, (blmi_value){.kind = BLMI_STORAGE,
               .as.storage = {item[2], item[1]->as.global, item[4]->as.integer}});
}

// _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks), and
// _rebuild_tensor without the last two.
static blm_status rebuild_tensor(
    machine *m, const blmi_value *const *item, size_t count, size_t least)
{
    if (count < least || !is(item[0], BLMI_STORAGE) || !is(item[1], BLMI_INT) ||
        !is_shape(item[2]) || !is_shape(item[3]) ||
        item[2]->as.tuple.count != item[3]->as.tuple.count)
        return refuse(
            m, "expected a tensor's storage, offset, shape and strides (at most 8)");
    return push_new(
        m, (blmi_value){.kind = BLMI_TENSOR,
               .as.tensor = {item[0], item[2], item[3], item[1]->as.integer}});
}

static blm_status op_reduce(machine *m, int unused)
{
    (void)unused;
    const blmi_value *arguments = pop(m), *callable = pop(m);
    if (!is(arguments, BLMI_TUPLE) || !is(callable, BLMI_GLOBAL))
        return refuse(m, "expected a global and a tuple on the stack");
    const blmi_value *const *item = arguments->as.tuple.items;
    const size_t count = arguments->as.tuple.count;
    switch (callable->as.global) {
    case BLMI_ORDERED_DICT:
        return count == 0 ? op_dict(m, 0) : refuse(m, "an OrderedDict with arguments");
    case BLMI_REBUILD_TENSOR:
        return rebuild_tensor(m, item, count, 6);
    case BLMI_REBUILD_OLD_TENSOR:
        return rebuild_tensor(m, item, count, 4);
    case BLMI_REBUILD_PARAMETER: // (tensor, requires_grad, hooks)
        if (count < 1 || item[0]->kind != BLMI_TENSOR)
            return refuse(m, "a Parameter that is not a tensor");
        return push_new(m, *item[0]);
    default:
        return callable->as.global >= BLMI_PASSED_OVER
                   ? push_new(m, (blmi_value){.kind = BLMI_OTHER})
                   : refuse(m, "a storage type is not a function");
    }
}

// Makes an object of a class that is ignored.
static blm_status op_new_object(machine *m, int unused)
{
    (void)unused;
    const blmi_value *arguments = pop(m), *class = pop(m);
    if (!is(arguments, BLMI_TUPLE) || !is(class, BLMI_GLOBAL) ||
        class->as.global < BLMI_PASSED_OVER)
        return refuse(m, "an object of a class that is not allowed in a state dict");
    return push_new(m, (blmi_value){.kind = BLMI_OTHER});
}

// Ignores the attributes of an OrderedDict, such as _metadata, or of an ignored object.
static blm_status op_build(machine *m, int unused)
{
    (void)unused;
    if (pop(m) == NULL || !(is(top(m), BLMI_DICT) || is(top(m), BLMI_OTHER)))
        return refuse(m, "expected an OrderedDict and its attributes on the stack");
    return BLM_OK;
}

// ---- the machine ----------------------------------------------------------------------

typedef struct opcode {
    uint8_t code;
    blm_status (*run)(machine *, int);
    int number; // bytes of the operand, or number of values
} opcode;

static const opcode opcodes[] = {
    {0x80, op_skip, 1},         // PROTO
    {0x95, op_skip, 8},         // FRAME
    {'N', op_other, 0},         // NONE
    {0x88, op_other, 0},        // NEWTRUE
    {0x89, op_other, 0},        // NEWFALSE
    {'G', op_other, 8},         // BINFLOAT
    {'K', op_int, 1},           // BININT1
    {'M', op_int, 2},           // BININT2
    {'J', op_int, 4},           // BININT
    {0x8a, op_long, 1},         // LONG1
    {'X', op_text, 4},          // BINUNICODE
    {0x8c, op_text, 1},         // SHORT_BINUNICODE
    {'B', op_bytes, 4},         // BINBYTES
    {'C', op_bytes, 1},         // SHORT_BINBYTES
    {'(', op_mark, 0},          // MARK
    {'0', op_pop, 0},           // POP
    {'1', op_pop_mark, 0},      // POP_MARK
    {']', op_list, 0},          // EMPTY_LIST
    {'a', op_append, 0},        // APPEND
    {'e', op_appends, 0},       // APPENDS
    {')', op_tuple, 0},         // EMPTY_TUPLE
    {0x85, op_tuple, 1},        // TUPLE1
    {0x86, op_tuple, 2},        // TUPLE2
    {0x87, op_tuple, 3},        // TUPLE3
    {'t', op_tuple, -1},        // TUPLE
    {'}', op_dict, 0},          // EMPTY_DICT
    {'s', op_set_item, 0},      // SETITEM
    {'u', op_set_items, 0},     // SETITEMS
    {'q', op_put, 1},           // BINPUT
    {'r', op_put, 4},           // LONG_BINPUT
    {0x94, op_memoize, 0},      // MEMOIZE
    {'h', op_get, 1},           // BINGET
    {'j', op_get, 4},           // LONG_BINGET
    {'c', op_global, 0},        // GLOBAL
    {0x93, op_stack_global, 0}, // STACK_GLOBAL
    {'Q', op_storage, 0},       // BINPERSID
    {'R', op_reduce, 0},        // REDUCE
    {0x81, op_new_object, 0},   // NEWOBJ
    {'b', op_build, 0},         // BUILD
};

enum { STOP = '.' };

static blm_status step(machine *m, uint8_t code)
{
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++)
        if (opcodes[i].code == code)
            return opcodes[i].run(m, opcodes[i].number);
    return blmi_fail(m->err, BLM_EINPUT,
        "%s: byte %zu of the pickle: opcode 0x%02x is not allowed in a state dict",
        m->path, m->opcode_at, code);
}

static blm_status run(machine *m)
{
    for (;;) {
        m->opcode_at = m->cursor.at;
        const uint8_t code = blmi_cursor_u8(&m->cursor);
        if (code == STOP && !m->cursor.overrun)
            break;
        const blm_status status = m->cursor.overrun ? BLM_OK : step(m, code);
        if (m->cursor.overrun)
            return refuse(m, "the pickle is truncated");
        BLMI_TRY(status);
    }
    m->pickle->root = pop(m);
    m->pickle->length = m->cursor.at;
    return m->pickle->root != NULL ? BLM_OK : refuse(m, "the pickle contains no value");
}

blm_status blmi_pickle_read(
    const char *path, const void *bytes, size_t size, blmi_pickle **out, blm_error *err)
{
    blmi_pickle *p = blmi_alloc_zero(1, sizeof *p);
    if (p == NULL)
        return blmi_no_memory(err, "a pickle", 1, sizeof *p);
    blm_status status;
    p->values = blmi_alloc(size, sizeof *p->values);
    p->items = blmi_alloc(size, sizeof *p->items);
    p->entries = blmi_alloc(size / 2, sizeof *p->entries);
    p->stack = blmi_alloc(size, sizeof *p->stack);
    p->memo = blmi_alloc_zero(size, sizeof *p->memo);
    if (p->values == NULL || p->items == NULL || p->entries == NULL || p->stack == NULL ||
        p->memo == NULL)
        status = blmi_no_memory(err, "a pickle", size, sizeof *p->values);
    else {
        machine m = {p, blmi_cursor_over(bytes, size), 0, path, err};
        status = run(&m);
    }
    if (status == BLM_OK)
        *out = p;
    else
        blmi_pickle_free(p);
    return status;
}

const blmi_value *blmi_pickle_root(const blmi_pickle *pickle)
{
    return pickle->root;
}

size_t blmi_pickle_length(const blmi_pickle *pickle)
{
    return pickle->length;
}

const blmi_value *blmi_pickle_values(const blmi_pickle *pickle, size_t *count)
{
    *count = pickle->value_count;
    return pickle->values;
}

void blmi_pickle_free(blmi_pickle *pickle)
{
    if (pickle == NULL)
        return;
    blmi_free(pickle->memo);
    blmi_free(pickle->stack);
    blmi_free(pickle->entries);
    blmi_free(pickle->items);
    blmi_free(pickle->values);
    blmi_free(pickle);
}
