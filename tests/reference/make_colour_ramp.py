#!/usr/bin/python3
"""Prints the table of src/render/colour.c.

The ramp is a curve in OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab/): lightness
rises linearly, and (a, b) moves along an arc of a circle at constant speed, so that equal steps of
a value are equal steps in OKLab.  The circle is about as large as sRGB allows.
"""
import numpy as np

LOW, HIGH = 0.16, 0.94  # lightness
CENTRE, RADIUS = (0.043, 0.011), 0.12  # of the circle in (a, b)
FROM, TO = -115.0, 125.0  # degrees
STEPS = 16


def srgb(lightness, a, b):
    """(..., 3) in 0..1 from OKLab."""
    l, m, s = (np.array(lightness + i * a + j * b) ** 3 for i, j in (
        (0.3963377774, 0.2158037573), (-0.1055613458, -0.0638541728), (-0.0894841775, -1.2914855480)))
    linear = np.stack((4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
                       -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
                       -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s), -1)
    assert linear.min() > 0 and linear.max() < 1, "leaves sRGB"
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def ramp(t):
    """(len(t), 3) sRGB in 0..1 for t in 0..1."""
    angle = np.radians(FROM + (TO - FROM) * t)
    return srgb(LOW + (HIGH - LOW) * t, CENTRE[0] + RADIUS * np.cos(angle), CENTRE[1] + RADIUS * np.sin(angle))


if __name__ == "__main__":
    ramp(np.linspace(0, 1, 1001))
    for r, g, b in np.rint(ramp(np.linspace(0, 1, STEPS + 1)) * 255).astype(int):
        print(f"    {{{r}, {g}, {b}}},")
