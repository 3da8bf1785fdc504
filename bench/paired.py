#!/usr/bin/python3
"""Computes differences of image AUROC between recipes, with paired bootstrap intervals.

    blemish sweep DATASET --json --scores ... | bench/paired.py NUMBER_OF_DEFECTIVE_IMAGES

Recipes are compared with the one of the grid nearest to the default (all channels, no unit variance, no
shrinkage, sigma 4, layer2 and layer3, 224 x 224), or with line N, if N is the second argument.  Draws the
same images for both recipes, good and defective images separately, 2000 times.
"""
import json
import sys

import numpy as np


def auroc(bad, good):
    """Over the last axis, ties half."""
    rank = np.sort(good, axis=-1)
    below = np.array([np.searchsorted(g, b, "left") for g, b in zip(rank, bad)])
    upto = np.array([np.searchsorted(g, b, "right") for g, b in zip(rank, bad)])
    return (below + upto).mean(-1) / (2 * good.shape[-1])


def plainness(p):
    odd = [p["unit_variance"], p["channels"] > 0, p["shrinkage"] > 0, p["sigma"] != 4, p["stages"] != "2,3",
           p["width"] != 224, p["filter"] != "bilinear"]
    return sum(odd), abs(np.log(p["epsilon"] / 0.01))


def main():
    points = [json.loads(line) for line in sys.stdin]
    bad = int(sys.argv[1])
    base = points[int(sys.argv[2])] if len(sys.argv) > 2 else min(points, key=plainness)
    count = len(base["test_scores"])
    rng = np.random.default_rng(0)
    draw_bad = rng.integers(0, bad, (2000, bad))
    draw_good = rng.integers(bad, count, (2000, count - bad))

    def draws(p):
        s = np.array(p["test_scores"])
        return auroc(s[draw_bad], s[draw_good])

    there = draws(base)
    for p in points:
        low, high = np.percentile(draws(p) - there, [2.5, 97.5])
        print(f"{p['image_auroc'] - base['image_auroc']:+.4f} ({low:+.4f} to {high:+.4f})  stages {p['stages']}, "
              f"channels {p['channels']} (seed {p['seed']}), unit variance {p['unit_variance']}, "
              f"shrinkage {p['shrinkage']:g}, epsilon {p['epsilon']:g}, sigma {p['sigma']:g}, "
              f"{p['width']} x {p['height']} {p['filter']}")


main()
