#include "apps/blemish/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/cli_text.h"

static void print_string(const char *text)
{
    char *valid = cli_utf8(text);
    putchar('"');
    for (const char *c = valid; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            printf("\\u%04x", (unsigned)*c);
        else
            putchar(*c);
    }
    putchar('"');
    free(valid);
}

// Writes what comes before every value: comma and key.
static void begin(cli_json *json, const char *key)
{
    if (json->comma)
        fputs(", ", stdout);
    if (key != NULL) {
        print_string(key);
        fputs(": ", stdout);
    }
    json->comma = 1;
}

void cli_json_open(cli_json *json, const char *key, char bracket)
{
    begin(json, key);
    putchar(bracket);
    json->comma = 0;
}

void cli_json_close(cli_json *json, char bracket)
{
    putchar(bracket);
    json->comma = 1;
}

void cli_json_text(cli_json *json, const char *key, const char *text)
{
    begin(json, key);
    if (text == NULL)
        fputs("null", stdout);
    else
        print_string(text);
}

void cli_json_number(cli_json *json, const char *key, double number)
{
    char digits[32];
    begin(json, key);
    if (!isfinite(number)) {
        fputs("null", stdout);
        return;
    }
    for (int precision = 6; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number)
            break;
    }
    fputs(digits, stdout);
}

void cli_json_integer(cli_json *json, const char *key, int64_t number)
{
    begin(json, key);
    printf("%lld", (long long)number);
}

void cli_json_bool(cli_json *json, const char *key, int on)
{
    begin(json, key);
    fputs(on ? "true" : "false", stdout);
}

void cli_json_end_line(cli_json *json)
{
    putchar('\n');
    json->comma = 0;
}
