// check.h: includes cmocka with the headers it needs, for every test, and has a few
// helpers.
#ifndef BLEMISH_TESTS_CHECK_H
#define BLEMISH_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "blemish/status.h"

// Fails with the error's text when a call did not give BLM_OK.
#define assert_ok(call, err)                                                             \
    do {                                                                                 \
        if ((call) != BLM_OK)                                                            \
            fail_msg("%s: %s", #call, (err).text);                                       \
    } while (0)

#endif
