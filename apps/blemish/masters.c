#include "apps/blemish/masters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/blemish/batch.h"
#include "apps/blemish/dataset.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/records.h"
#include "apps/blemish/result.h"
#include "blemish/render.h"

static const char first_line[] = "blemish masters 1\n";
enum { MOST_MASTERS = 1000000 };

char *cli_masters_path(const char *model)
{
    return cli_format("%s.masters", model);
}

static cli_master *add(cli_masters *out, const char *name)
{
    out->items = cli_grow(out->items, out->count, &out->capacity, sizeof *out->items);
    cli_master *master = &out->items[out->count++];
    *master = (cli_master){
        .name = cli_format("%s", name), .path = cli_format("%s/%s", out->folder, name)};
    return master;
}

void cli_masters_free(cli_masters *masters)
{
    for (size_t i = 0; i < masters->count; i++) {
        free(masters->items[i].name);
        free(masters->items[i].path);
    }
    free(masters->items);
    free(masters->folder);
    *masters = (cli_masters){0};
}

// ---- a folder

static int add_file(cli_masters *out, const cli_file *file)
{
    const char *slash = strchr(file->below, '/');
    if (slash == NULL) {
        cli_complain("%s: a master must be in the folder good, or in one of defective "
                     "parts such as bad",
            file->path);
        return CLI_EXIT_INPUT;
    }
    if (strchr(file->below, '\n') != NULL) {
        cli_complain("%s: a master cannot have a line break in its name", file->path);
        return CLI_EXIT_INPUT;
    }
    cli_master *master = add(out, file->below);
    master->expected = cli_is_good_folder(file->below, (size_t)(slash - file->below))
                           ? BLM_VERDICT_OK
                           : BLM_VERDICT_NG;
    master->hash = master->found = CLI_HASH_START;
    return cli_hash_content(&master->hash, master->path);
}

static int read_folder(const char *folder, const cli_choice *choice, cli_masters *out)
{
    cli_files files = {0};
    out->folder = realpath(folder, NULL);
    if (out->folder == NULL) {
        cli_complain("%s: cannot read: %s", folder, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    int code = cli_list_path(folder, choice, &files);
    for (size_t i = 0; code == CLI_EXIT_OK && i < files.count; i++) {
        code = cli_worse(add_file(out, &files.items[i]), cli_interrupted());
        if (code == CLI_EXIT_OK)
            out->items[i].found = out->items[i].hash;
    }
    cli_files_free(&files);
    return code;
}

// ---- a list

static int bad_list(const char *path, size_t line)
{
    cli_complain("%s: line %zu is not one of a list of masters, expected \"OK HASH "
                 "NAME\" or \"NG HASH NAME\"",
        path, line);
    return CLI_EXIT_INPUT;
}

// Reads "OK 0123456789abcdef good/000.png".
static int read_line(const char *text, cli_masters *out)
{
    uint64_t hash;
    int used = 0;
    if ((strncmp(text, "OK ", 3) != 0 && strncmp(text, "NG ", 3) != 0) ||
        sscanf(text + 3, "%16" SCNx64 " %n", &hash, &used) != 1 || used != 17 ||
        text[3 + used] == '\0' || out->count >= MOST_MASTERS)
        return 0;
    cli_master *master = add(out, text + 3 + used);
    master->expected = text[0] == 'O' ? BLM_VERDICT_OK : BLM_VERDICT_NG;
    master->hash = hash;
    return 1;
}

static int read_lines(const char *path, const char *folder, FILE *file, cli_masters *out)
{
    char *text = NULL;
    size_t room = 0, line = 0;
    ssize_t length;
    int good = 1;
    while (good && (length = getline(&text, &room, file)) > 0) {
        line++;
        if (line == 1) {
            good = strcmp(text, first_line) == 0;
            continue;
        }
        if (text[length - 1] == '\n')
            text[length - 1] = '\0';
        if (line == 2 && (good = strncmp(text, "folder ", 7) == 0))
            out->folder = cli_format("%s", folder != NULL ? folder : text + 7);
        else if (good)
            good = read_line(text, out);
    }
    free(text);
    if (good && line > 2)
        return CLI_EXIT_OK;
    return bad_list(path, good ? line + 1 : line);
}

static int read_list(const char *path, const char *folder, cli_masters *out)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        cli_complain("%s: cannot read the list of masters: %s", path, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    const int code = read_lines(path, folder, file, out);
    fclose(file);
    return code;
}

// Compares the files with the list.
static int find_changes(cli_masters *masters)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; code == CLI_EXIT_OK && i < masters->count; i++) {
        cli_master *master = &masters->items[i];
        struct stat info;
        code = cli_interrupted();
        if (stat(master->path, &info) != 0) {
            master->state = CLI_MASTER_MISSING;
            continue;
        }
        master->found = CLI_HASH_START;
        if (cli_hash_content(&master->found, master->path) != CLI_EXIT_OK)
            master->state = CLI_MASTER_UNREADABLE;
        else if (master->found != master->hash)
            master->state = CLI_MASTER_CHANGED;
    }
    return code;
}

int cli_masters_open(
    const char *path, const char *folder, const cli_choice *choice, cli_masters *out)
{
    struct stat info;
    *out = (cli_masters){0};
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return read_folder(path, choice, out);
    const int code = read_list(path, folder, out);
    return code == CLI_EXIT_OK ? find_changes(out) : code;
}

// ---- judging

typedef struct session {
    cli_masters *masters;
    const size_t *index; // of each judged file
} session;

static int keep(void *context, const cli_outcome *outcome)
{
    const session *s = context;
    cli_master *master = &s->masters->items[s->index[outcome->index]];
    if (outcome->status != BLM_OK) {
        master->state = CLI_MASTER_UNREADABLE;
        return CLI_EXIT_OK;
    }
    master->verdict = outcome->result.verdict;
    master->score = outcome->result.score;
    master->threshold = outcome->result.threshold;
    master->reasons = outcome->result.reasons;
    master->state =
        master->verdict == master->expected ? CLI_MASTER_RIGHT : CLI_MASTER_WRONG;
    return CLI_EXIT_OK;
}

size_t cli_masters_right(const cli_masters *masters)
{
    size_t right = 0;
    for (size_t i = 0; i < masters->count; i++)
        right += masters->items[i].state == CLI_MASTER_RIGHT;
    return right;
}

int cli_masters_judge(
    const cli_masters_options *how, const blm_model *model, cli_masters *masters)
{
    const char **paths = cli_alloc(masters->count, sizeof *paths);
    size_t *index = cli_alloc(masters->count, sizeof *index);
    size_t count = 0;
    for (size_t i = 0; i < masters->count; i++)
        if (masters->items[i].state == CLI_MASTER_RIGHT) { // nothing is known against it
            index[count] = i;
            paths[count++] = masters->items[i].path;
        }
    session s = {.masters = masters, .index = index};
    const cli_batch batch = {.paths = paths,
        .count = count,
        .decode = how->decode,
        .threads = how->threads,
        .talk = how->talk,
        .context = &s,
        .report = keep};
    const int code = cli_batch_run(&batch, model);
    free(index);
    free(paths);
    return cli_worse(
        code, cli_masters_right(masters) == masters->count ? CLI_EXIT_OK : CLI_EXIT_NG);
}

// ---- words

const char *cli_master_state_name(cli_master_state state)
{
    static const char *const names[] = {
        [CLI_MASTER_RIGHT] = "right",
        [CLI_MASTER_WRONG] = "wrong",
        [CLI_MASTER_MISSING] = "missing",
        [CLI_MASTER_CHANGED] = "changed",
        [CLI_MASTER_UNREADABLE] = "unreadable",
    };
    return names[state];
}

char *cli_master_text(const cli_master *m)
{
    switch (m->state) {
    case CLI_MASTER_RIGHT:
        return cli_format("%s, as expected", blm_verdict_name(m->verdict));
    case CLI_MASTER_WRONG: {
        char *reasons = cli_reasons_text(m->reasons);
        char *text = cli_format("%s (score %.6g, threshold %.6g%s%s), expected %s",
            blm_verdict_name(m->verdict), m->score, m->threshold,
            *reasons != '\0' ? "; " : "", reasons, blm_verdict_name(m->expected));
        free(reasons);
        return text;
    }
    case CLI_MASTER_MISSING:
        return cli_format("missing, expected the file with hash %016" PRIx64, m->hash);
    case CLI_MASTER_CHANGED:
        return cli_format("changed: its hash is %016" PRIx64 ", expected %016" PRIx64,
            m->found, m->hash);
    case CLI_MASTER_UNREADABLE:
        break;
    }
    return cli_format("cannot be read");
}

void cli_masters_complain(const cli_masters *masters)
{
    for (size_t i = 0; i < masters->count; i++) {
        const cli_master *m = &masters->items[i];
        if (m->state == CLI_MASTER_RIGHT)
            continue;
        char *text = cli_master_text(m);
        cli_complain("master %s: %s", m->path, text);
        free(text);
    }
}

// ---- writing

int cli_masters_save(const cli_masters *masters, const char *path)
{
    blm_error err;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        cli_complain("%s: cannot write: %s", path, strerror(errno));
    if (out == NULL)
        return CLI_EXIT_SYSTEM;
    fprintf(out, "%sfolder %s\n", first_line, masters->folder);
    for (size_t i = 0; i < masters->count; i++)
        fprintf(out, "%s %016" PRIx64 " %s\n",
            blm_verdict_name(masters->items[i].expected), masters->items[i].hash,
            masters->items[i].name);
    blm_status status = BLM_ENOMEM;
    snprintf(err.text, sizeof err.text, "%s: out of memory", path);
    if (fclose(out) == 0)
        status = blm_bytes_write(&(blm_bytes){(uint8_t *)text, size}, path, &err);
    free(text);
    return status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, &err);
}

// ---- models with masters

static int write_model(
    const cli_masters_options *how, const blm_model *model, const char *output)
{
    blm_model *again;
    blm_error err;
    const blm_status status = how->weights_outside
                                  ? blm_model_save_without_weights(model, output, &err)
                                  : blm_model_save(model, output, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    if (!how->weights_outside)
        return CLI_EXIT_OK;
    if (blm_model_open(output, &again, &err) == BLM_OK)
        blm_model_free(again);
    else
        cli_complain("%s; the model can be used once they are there", err.text);
    return CLI_EXIT_OK;
}

// A model that replaces one with masters may judge them in another way.
static void remark_on_list(const char *output, const cli_talk *talk)
{
    char *list = cli_masters_path(output);
    if (!talk->quiet && access(list, F_OK) == 0)
        cli_complain("%s lists masters, which are not judged: expected --masters, or "
                     "blemish verify",
            list);
    free(list);
}

int cli_masters_write_model(const blm_model *model, const char *output, const char *path,
    const cli_masters_options *how)
{
    const cli_choice choice = {.quiet = how->talk->quiet};
    cli_masters masters = {0};
    if (path == NULL) {
        remark_on_list(output, how->talk);
        return write_model(how, model, output);
    }
    int code = cli_masters_open(path, NULL, &choice, &masters);
    if (code == CLI_EXIT_OK)
        code = cli_masters_judge(how, model, &masters);
    cli_masters_complain(&masters);
    if (code == CLI_EXIT_NG)
        cli_complain("%zu of %zu masters are judged right: no model is written",
            cli_masters_right(&masters), masters.count);
    if (code == CLI_EXIT_OK)
        code = write_model(how, model, output);
    if (code == CLI_EXIT_OK) {
        char *list = cli_masters_path(output);
        code = cli_masters_save(&masters, list);
        free(list);
    }
    cli_masters_free(&masters);
    return code;
}
