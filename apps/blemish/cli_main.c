// blemish: finds defects in images after seeing good images only.
#include <stdio.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/verbs.h"

static const cli_verb *const verbs[] = {&cli_fit, &cli_detect, &cli_eval, &cli_calibrate,
    &cli_stress_verb, &cli_repeat, &cli_verify, &cli_sweep, &cli_tune, &cli_table,
    &cli_info, &cli_import, &cli_bench};
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static void print_usage(FILE *out)
{
    fprintf(out, "Usage: blemish VERB [options] ...\n\n"
                 "Finds defects in images after seeing good images only.\n\nVerbs:\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-12s%s\n", verbs[i]->name, verbs[i]->summary);
    fprintf(out, "  %-12s%s\n", "completion", "Print a completion script for bash");
    fprintf(out,
        "\n`blemish VERB --help` lists the options, `blemish --version` prints the "
        "version.\nExit codes: 0 done; 1 an image is NG (with --exit-status) or a "
        "master judged\nwrong; 2 wrong usage; 3 bad input; 4 system or memory; 5 an "
        "image cannot be judged\n(with --exit-status).\n");
}

static int print_version(void)
{
    printf(
        "blemish %s\nlicence: Apache-2.0\nbuild: %s\nimages:", blm_version(), CLI_BUILD);
    const char *name;
    int built_in;
    for (int i = 0; (name = blm_image_format(i, &built_in)) != NULL; i++)
        printf(" %s%s", name, built_in ? "" : " (not in this build)");
    printf("\n");
    return cli_flush();
}

int main(int argc, char **argv)
{
    const char *name = argc < 2 ? "" : argv[1];
    cli_catch_signals();
    if (strcmp(blm_version(), BLM_VERSION) != 0) {
        cli_complain(
            "the library found is version %s, expected %s", blm_version(), BLM_VERSION);
        return CLI_EXIT_SYSTEM;
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(name, verbs[i]->name) == 0)
            return verbs[i]->run(verbs[i], argc - 1, argv + 1);
    }
    if (strcmp(name, "--version") == 0)
        return print_version();
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return cli_flush();
    }
    if (strcmp(name, "completion") == 0) {
        cli_print_completion(verbs, VERB_COUNT);
        return cli_flush();
    }
    if (*name != '\0')
        cli_complain("there is no verb \"%s\"", name);
    print_usage(stderr);
    return CLI_EXIT_USAGE;
}
