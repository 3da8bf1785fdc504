// json.h: writes JSON to stdout, one value a line.
//
// Names are made valid UTF-8, numbers have as many digits as it takes to read the same
// number back, and what is not finite becomes null.
#ifndef BLEMISH_CLI_JSON_H
#define BLEMISH_CLI_JSON_H

#include <stdint.h>

typedef struct cli_json {
    int comma; // a value stands before this one
} cli_json;

// bracket: '{' or '['.  key: NULL outside of objects.
void cli_json_open(cli_json *json, const char *key, char bracket);
void cli_json_close(cli_json *json, char bracket);                     // '}' or ']'
void cli_json_text(cli_json *json, const char *key, const char *text); // NULL: null
void cli_json_number(cli_json *json, const char *key, double number);
void cli_json_integer(cli_json *json, const char *key, int64_t number);
void cli_json_bool(cli_json *json, const char *key, int on);
void cli_json_end_line(cli_json *json);

#endif
