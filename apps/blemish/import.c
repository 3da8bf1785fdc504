// blemish import: converts a published checkpoint to a weights file.
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/verbs.h"
#include "blemish/weights.h"

typedef struct settings {
    const char *output, *form;
    int pre_norm, post_norm;
    blm_recipe recipe; // of an ONNX network
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "WEIGHTS", "File to write", AT(output), 0, 0, NULL},
    {"form", 0, CLI_TEXT, "FORM", "Form of the network, if its tensors do not show it",
        AT(form), 0, 0, NULL},
    {"pre-norm", 0, CLI_FLAG, NULL, "Same as --form pre-norm", AT(pre_norm), 0, 0, NULL},
    {"post-norm", 0, CLI_FLAG, NULL, "Same as --form post-norm", AT(post_norm), 0, 0,
        NULL},
    {"taps", 0, CLI_FIELD, "LIST", "ONNX: outputs, names of its values (its own)",
        AT(recipe), 0, 0, NULL},
    {"size", 0, CLI_FIELD, "WxH", "ONNX: size at which it is tried (224x224)", AT(recipe),
        0, 0, NULL},
    {"mean", 0, CLI_FIELD, "R,G,B", "ONNX: mean that it takes (0.485,0.456,0.406)",
        AT(recipe), 0, 0, NULL},
    {"std", 0, CLI_FIELD, "R,G,B", "ONNX: deviation it takes (0.229,0.224,0.225)",
        AT(recipe), 0, 0, NULL},
    CLI_RUNTIME_OPTIONS,
};

static int is_onnx(const char *path)
{
    const char *end = strrchr(path, '.');
    return end != NULL && strcmp(end, ".onnx") == 0;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.output = NULL};
    blm_recipe_init(&set.recipe);
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
    const char *path = arguments.items[0];
    if (is_onnx(path) && form != NULL)
        return cli_usage(verb, "%s: an ONNX network has no form", path);
    const blm_status status =
        is_onnx(path) ? blm_weights_import_onnx(path, set.output, &set.recipe, &err)
                      : blm_weights_import(path, set.output, form, &err);
    return status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, &err);
}

const cli_verb cli_import = {
    .name = "import",
    .arguments = "CHECKPOINT -o WEIGHTS",
    .summary = "Convert a published checkpoint to weights",
    .notes =
        "A checkpoint of ConTNet does not show where the network normalises: it needs\n"
        "--pre-norm or --post-norm.  The message lists the forms where one is needed.\n"
        "A file that ends with .onnx is an ONNX network, which ONNX Runtime runs.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
