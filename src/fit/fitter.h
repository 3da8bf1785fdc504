// fitter.h: what other files of this module know of the fitter.
#ifndef BLMI_FIT_FITTER_H
#define BLMI_FIT_FITTER_H

enum { BLMI_FIT_BLOCK = 32 }; // images whose features wait to be accumulated together

#endif
