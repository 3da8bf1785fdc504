// stress_print.h: prints a study with changed images, and writes its page.
#ifndef BLEMISH_CLI_STRESS_PRINT_H
#define BLEMISH_CLI_STRESS_PRINT_H

#include "apps/blemish/stress_study.h"

void cli_stress_print(const cli_stress *study);
// names: of the model and of the images.
void cli_stress_print_json(const cli_stress *study, const char *const names[2]);
// Writes the page; returns the exit code.
int cli_stress_write(const cli_stress *study, const blm_model *model,
    const char *const names[2], const char *path);

#endif
