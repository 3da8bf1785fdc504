// masters.h: masters are parts known to be good or defective, which a model must judge
// right before it is used.
//
// The list of the masters of a model is a text file beside it, MODEL.masters:
//
//     blemish masters 1
//     folder /parts/masters
//     OK 0123456789abcdef good/000.png
//     NG 89abcdef01234567 dent/000.png
//
// A line has the expected verdict, the hash of the file (cli_hash, 16 hex digits), and
// its path below the folder.
#ifndef BLEMISH_CLI_MASTERS_H
#define BLEMISH_CLI_MASTERS_H

#include "apps/blemish/listing.h"
#include "apps/blemish/options.h"

typedef enum cli_master_state {
    CLI_MASTER_RIGHT,
    CLI_MASTER_WRONG,
    CLI_MASTER_MISSING,    // there is no such file
    CLI_MASTER_CHANGED,    // its hash is another one
    CLI_MASTER_UNREADABLE, // it could not be read or scored, which has been reported
} cli_master_state;

typedef struct cli_master {
    char *name; // below the folder
    char *path;
    blm_verdict expected; // OK or NG
    uint64_t hash, found; // of the file: as listed, as it is
    cli_master_state state;
    // With the states RIGHT and WRONG.
    blm_verdict verdict;
    double score, threshold;
    unsigned reasons;
} cli_master;

typedef struct cli_masters {
    char *folder;      // absolute
    cli_master *items; // (count)
    size_t count, capacity;
} cli_masters;

// The list of a model; the caller frees it.
char *cli_masters_path(const char *model);

// Reads masters from a folder, where those in good, ok or normal must be OK and those in
// all other subfolders NG, or from a list.  folder: where the masters of a list are;
// NULL: where it says.  Errors are reported; returns 0 or the exit code.  Call
// cli_masters_free in either case.
int cli_masters_open(
    const char *path, const char *folder, const cli_choice *choice, cli_masters *out);
void cli_masters_free(cli_masters *masters);

typedef struct cli_masters_options {
    int threads; // 0: all cores
    blm_decode_options decode;
    const cli_talk *talk;
    int weights_outside; // of cli_masters_write_model: the model does not contain them
} cli_masters_options;

// Judges the masters.  Returns 0 if all are judged right, 1 if not, or the exit code of a
// failure.
int cli_masters_judge(
    const cli_masters_options *how, const blm_model *model, cli_masters *masters);
// Describes each master that is not judged right, one line on stderr for each.
void cli_masters_complain(const cli_masters *masters);
size_t cli_masters_right(const cli_masters *masters);
// "wrong"; static text.
const char *cli_master_state_name(cli_master_state state);
// What is wrong with it, in words; the caller frees it.
char *cli_master_text(const cli_master *master);

// Writes the list, complete or not at all.  Returns the exit code.
int cli_masters_save(const cli_masters *masters, const char *path);

// For verbs that write a model: writes it to `output` if it judges all masters right, and
// their list beside it.  path: of a folder or a list; NULL: no masters.  Returns the exit
// code, 1 if a master is judged wrong.
int cli_masters_write_model(const blm_model *model, const char *output, const char *path,
    const cli_masters_options *how);

#define CLI_MASTERS_OPTION(type)                                                         \
    {                                                                                    \
        "masters", 0, CLI_TEXT, "DIR",                                                   \
            "Write no model unless it judges these masters right",                       \
            offsetof(type, masters), 0, 0, NULL                                          \
    }

#endif
