#!/usr/bin/env python3
"""Writes tests/corpus/resize/cases.txt with Pillow: a line for each resize of noise with its seed,
width, height, filter (0 bilinear, 1 bicubic, 2 nearest), width and height of the result, and the
CRC-32 of its bytes.  Byte i of the (height, width, 3) input is the top byte of number i of
tests/random.h from that seed; in every third case only its top bit counts, for 0 or 255, so that
bicubic overshoots.  Run in the root of the project."""
import random
import zlib

import numpy as np
from PIL import Image

FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.NEAREST)


def noise(seed, count):
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
        z = z + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(56)).astype(np.uint8)


def main():
    choose = random.Random(1)
    side = lambda: choose.choice((1, choose.randint(2, 9), choose.randint(10, 120), 224))
    lines = []
    for seed in range(300):
        width, height, out_width, out_height = side(), side(), side(), side()
        if seed % 10 == 0:
            out_width = width
        if seed % 15 == 0:
            out_height = height
        if seed == 299:
            width, height = 1023, 517
        rgb = noise(seed, width * height * 3).reshape(height, width, 3)
        if seed % 3 == 0:
            rgb = (rgb >> 7) * np.uint8(255)
        kind = seed // 3 % 3
        out = Image.fromarray(rgb).resize((out_width, out_height), FILTERS[kind])
        crc = zlib.crc32(np.asarray(out).tobytes())
        lines.append(f"{seed} {width} {height} {kind} {out_width} {out_height} {crc:08x}\n")
    with open("tests/corpus/resize/cases.txt", "w") as file:
        file.writelines(lines)


if __name__ == "__main__":
    main()
