// blemish: finds defects in images after seeing good images only.
//
// status.h: how every function of the library says what went wrong.
//
// A function that can fail returns a blm_status and takes, as its last argument, a
// blm_error that the caller owns (NULL if the text is not wanted).  On failure the text
// is one line without a newline: which file or argument, what was found, what was
// expected.  On success the text is left alone, and so are output arguments on failure.
// Nothing prints, exits or aborts.
#ifndef BLEMISH_STATUS_H
#define BLEMISH_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BLM_API __attribute__((visibility("default")))
#else
#define BLM_API
#endif

// Functions that take or fill in structs which may grow at their end.  They are compiled
// into the program and hand the sizes that it was built with to functions whose names end
// in _sized; so it goes on running with later libraries.  What a program does not know is
// left at its default; what the library does not know must be zero (BLM_EUSAGE).  Only
// these structs grow, and those that the library makes: rectangles, colours, texts and
// points of curves do not.
#define BLM_SIZED static inline

typedef enum blm_status {
    BLM_OK = 0,
    BLM_EUSAGE =
        1, // an argument of the caller's is out of range, or two contradict each other
    BLM_EINPUT = 2, // a file or buffer cannot be read, or does not hold what was expected
    BLM_ESYSTEM = 3, // the operating system refused: no space, no permission to write
    BLM_ENOMEM = 4,  // out of memory
    BLM_EBUG =
        5, // an invariant does not hold: a fault of the library's, please report it
} blm_status;

typedef struct blm_error {
    char
        text[1024]; // UTF-8, one line, ends with a zero; control characters shown as \xNN
} blm_error;

// The status in a word or two, for logs: "ok", "usage", "bad input", ...  Static text.
BLM_API const char *blm_status_name(blm_status status);

#ifdef __cplusplus
}
#endif
#endif
