// blemish import: converts a published checkpoint to a weights file.
#include "apps/blemish/exit.h"
#include "apps/blemish/verbs.h"
#include "blemish/weights.h"

typedef struct settings {
    const char *output, *form;
    int pre_norm, post_norm;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "WEIGHTS", "File to write", AT(output), 0, 0, NULL},
    {"form", 0, CLI_TEXT, "FORM", "Form of the network, if its tensors do not show it",
        AT(form), 0, 0, NULL},
    {"pre-norm", 0, CLI_FLAG, NULL, "Same as --form pre-norm", AT(pre_norm), 0, 0, NULL},
    {"post-norm", 0, CLI_FLAG, NULL, "Same as --form post-norm", AT(post_norm), 0, 0,
        NULL},
};

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.output = NULL};
    cli_arguments arguments;
    const int parsed = cli_parse(verb, argc, argv, &set, &arguments);
    if (parsed >= 0)
        return parsed;
    if (arguments.count != 1 || set.output == NULL)
        return cli_usage(verb, "expected %s", verb->arguments);
    if ((set.form != NULL) + set.pre_norm + set.post_norm > 1)
        return cli_usage(verb, "expected one of --form, --pre-norm and --post-norm");
    const char *form = set.pre_norm ? "pre-norm" : set.post_norm ? "post-norm" : set.form;
    blm_error err;
    const blm_status status =
        blm_weights_import(arguments.items[0], set.output, form, &err);
    return status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, &err);
}

const cli_verb cli_import = {
    .name = "import",
    .arguments = "CHECKPOINT -o WEIGHTS",
    .summary = "Convert a published checkpoint to weights",
    .notes =
        "A checkpoint of ConTNet does not show where the network normalises: it needs\n"
        "--pre-norm or --post-norm.  The message lists the forms where one is needed.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
