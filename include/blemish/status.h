// status.h: errors, and how structs can grow.
//
// A function that can fail returns a blm_status.  Its last argument is a blm_error that
// the caller owns; NULL if the text is not wanted.  On failure the text is one line
// without a newline: which file or argument, what was found, what was expected; output
// arguments are unchanged.  On success the text is unchanged.  The library never prints,
// exits or aborts.
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

// Marks functions with structs that may grow at their end.  They are compiled into the
// program and pass its sizes of the structs to a function whose name ends in _sized.  So
// a program runs with later libraries.  Members that the program does not know have their
// defaults; members that the library does not know must be zero (BLM_EUSAGE).  Structs
// that only the library makes may grow too.  Rectangles, colours, texts and points of
// curves never grow.
#define BLM_SIZED static inline

typedef enum blm_status {
    BLM_OK = 0,
    BLM_EUSAGE = 1,  // an argument is out of range, or two contradict each other
    BLM_EINPUT = 2,  // a file or buffer cannot be read or has unexpected content
    BLM_ESYSTEM = 3, // the operating system refused: no space, no permission to write
    BLM_ENOMEM = 4,  // out of memory
    BLM_EBUG = 5,    // an internal error of the library; please report it
} blm_status;

typedef struct blm_error {
    char text[1024]; // UTF-8, one line, zero-terminated; control characters as \xNN
} blm_error;

// The name of a status, for logs: "ok", "usage", "bad input", ...  Static text.
BLM_API const char *blm_status_name(blm_status status);

#ifdef __cplusplus
}
#endif
#endif
