#include "apps/blemish/weights_list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/blemish/memory.h"

static int is_path(const char *text)
{
    int found = *text == '/' || *text == '.';
    char *parts = cli_format("%s", text), *rest = parts, *part;
    while ((part = strsep(&rest, ",")) != NULL)
        found = found || (strchr(part, '/') != NULL && access(part, F_OK) == 0);
    free(parts);
    return found;
}

void cli_weights_split(const char *text, cli_weights_list *out)
{
    *out = (cli_weights_list){0};
    size_t capacity = 0;
    out->items = cli_grow(NULL, 0, &capacity, sizeof *out->items);
    out->count = 1;
    if (text == NULL) {
        out->items[0] = NULL;
        return;
    }
    out->text = cli_format("%s", text);
    out->items[0] = out->text;
    for (char *slash = is_path(text) ? NULL : strchr(out->text, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        out->items =
            cli_grow(out->items, (size_t)out->count, &capacity, sizeof *out->items);
        out->items[out->count++] = slash + 1;
    }
}

void cli_weights_free(cli_weights_list *list)
{
    free(list->items);
    free(list->text);
    *list = (cli_weights_list){0};
}
