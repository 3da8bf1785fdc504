// fingerprint.h: a hash that identifies the build of the program.
#ifndef BLEMISH_CLI_FINGERPRINT_H
#define BLEMISH_CLI_FINGERPRINT_H

#include <stdint.h>

// Adds all code that runs to a hash (apps/blemish/result.h): the content of the program
// and of libblemish, and the build ids of all other libraries.
uint64_t cli_fingerprint(uint64_t hash);

#endif
