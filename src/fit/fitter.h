// fitter.h: constants of the fitter for other files of this folder.
#ifndef BLMI_FIT_FITTER_H
#define BLMI_FIT_FITTER_H

enum { BLMI_FIT_BLOCK = 32 }; // images whose features are accumulated together

#endif
