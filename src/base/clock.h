// clock.h: measures time.
#ifndef BLMI_BASE_CLOCK_H
#define BLMI_BASE_CLOCK_H

// Milliseconds of a monotonic clock from an arbitrary start.
double blmi_clock_ms(void);

#endif
