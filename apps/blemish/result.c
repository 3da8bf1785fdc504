#include "apps/blemish/result.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "blemish/render.h"

// ---- the key

uint64_t cli_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t cli_hash_text(uint64_t hash, const char *text)
{
    return cli_hash(hash, text, strlen(text) + 1);
}

int cli_hash_content(uint64_t *hash, const char *path)
{
    char bytes[1 << 16];
    size_t size;
    FILE *file = fopen(path, "rb");
    while (file != NULL && (size = fread(bytes, 1, sizeof bytes, file)) > 0)
        *hash = cli_hash(*hash, bytes, size);
    const int failed = file == NULL || ferror(file);
    const int reason = errno;
    if (file != NULL)
        fclose(file);
    if (!failed)
        return CLI_EXIT_OK;
    cli_complain("%s: cannot read: %s", path, strerror(reason));
    return CLI_EXIT_INPUT;
}

int cli_hash_file(uint64_t *hash, const char *path)
{
    *hash = cli_hash_text(*hash, path);
    return cli_worse(cli_hash_content(hash, path), cli_interrupted());
}

// ---- the file: one line

#define FORM                                                                             \
    "blemish table 2 key %016" PRIx64 " images %" PRId64 " %" PRId64 " %" PRId64         \
    " image_auroc %.17g pixel_auroc %.17g au_pro %.17g image_f1 %.17g pixel_f1 %.17g"    \
    " fit_s %.6g image_ms %.6g\n"
#define SCAN                                                                             \
    "blemish table 2 key %" SCNx64 " images %" SCNd64 " %" SCNd64 " %" SCNd64            \
    " image_auroc %lf pixel_auroc %lf au_pro %lf image_f1 %lf pixel_f1 %lf"              \
    " fit_s %lf image_ms %lf%c"

int cli_result_read(const char *path, uint64_t key, cli_result *out)
{
    cli_result r = {.category = out->category};
    char end = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    const int found = fscanf(file, SCAN, &r.key, &r.train, &r.good, &r.defective,
        &r.image_auroc, &r.pixel_auroc, &r.au_pro, &r.image_f1, &r.pixel_f1, &r.fit_s,
        &r.image_ms, &end);
    fclose(file);
    if (found != 12 || end != '\n' || r.key != key)
        return 0;
    *out = r;
    return 1;
}

blm_status cli_result_write(const char *path, const cli_result *r, blm_error *err)
{
    char *text = cli_format(FORM, r->key, r->train, r->good, r->defective, r->image_auroc,
        r->pixel_auroc, r->au_pro, r->image_f1, r->pixel_f1, r->fit_s, r->image_ms);
    const blm_bytes bytes = {(uint8_t *)text, strlen(text)};
    const blm_status status = blm_bytes_write(&bytes, path, err);
    free(text);
    return status;
}
