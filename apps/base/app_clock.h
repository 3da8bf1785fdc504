// app_clock.h: measures time.
#ifndef BLEMISH_APPS_CLOCK_H
#define BLEMISH_APPS_CLOCK_H

// Milliseconds of a monotonic clock from an arbitrary start.
double app_clock_ms(void);

#endif
