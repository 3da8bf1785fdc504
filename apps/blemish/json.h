// json.h: writes JSON to stdout, one value per line.
//
// Texts become valid UTF-8.  Numbers have as many digits as are needed to read the same
// number back; numbers that are not finite become null.
#ifndef BLEMISH_CLI_JSON_H
#define BLEMISH_CLI_JSON_H

#include <stdint.h>

typedef struct cli_json {
    int comma; // a value comes before this one
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
