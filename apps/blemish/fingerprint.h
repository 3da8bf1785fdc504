// fingerprint.h: tells one build of the program from any other.
#ifndef BLEMISH_CLI_FINGERPRINT_H
#define BLEMISH_CLI_FINGERPRINT_H

#include <stdint.h>

// Adds all code that runs to a hash (apps/blemish/result.h): the content of the program
// and of libblemish, and which build every other library is.
uint64_t cli_fingerprint(uint64_t hash);

#endif
