#!/usr/bin/python3
"""Writes tests/golden/pipeline_synth/: scores of images of blemish-synth.

The method is that of reference.py (network and statistics in float64); the weights come from the formula
of reference_weights.py.  Needs only these programs and blemish-synth.

    make_synth_golden.py [--only CASE,...] [--out FOLDER] path/to/blemish-synth

reference.py and what it imports are found in $BLM_SHARED/golden or ../shared/golden.  Two runs give the
same bytes.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import torch
from PIL import Image

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(os.environ.get("BLM_SHARED", os.path.join(ROOT, "..", "shared")), "golden"))
import reference  # noqa: E402
import reference_weights  # noqa: E402

SEED, TRAIN, TEST, FIRST_TEST = 20260, 8, 4, 1000000
KINDS = ("scratch", "crack", "stain", "dent", "contamination", "missing")  # in blemish-synth's order

# The defaults of a case.
DEFAULT = {
    "variant": "Ti", "relative": True, "qkv_bias": True, "pre_norm": True, "avgdown": False,
    "stages": ["layer2", "layer3"], "input_width": 224, "input_height": 224, "filter": "bilinear",
    "epsilon": 0.01, "sigma": 4.0, "category": "flange", "picture_width": 320, "picture_height": 240,
}
FABRIC = {"category": "fabric", "picture_width": 256, "picture_height": 256}
CASES = {
    "ti": {},
    "ti_fabric": FABRIC,
    "m": {"variant": "M"},
    "s_no_qkv_bias": {"variant": "S", "qkv_bias": False},
    "b_avgdown": {"variant": "B", "avgdown": True},
    "ti_absolute_post": {"relative": False, "pre_norm": False},
    "ti_layer1_layer2": {"stages": ["layer1", "layer2"], **FABRIC},
    "ti_layer2": {"stages": ["layer2"]},
    "ti_layer3": {"stages": ["layer3"]},
    "ti_all_stages": {"stages": ["layer1", "layer2", "layer3", "layer4"]},
    "ti_448": {"input_width": 448, "input_height": 448},
    "ti_448x224": {"input_width": 448, "input_height": 224},
    "ti_bicubic": {"filter": "bicubic", **FABRIC},
    "ti_epsilon_sigma": {"epsilon": 0.25, "sigma": 2.5},
}


def formula_backbone(case):
    """The case's network in float64."""
    stages = max(int(name[-1]) for name in case["stages"])
    switches = {name: case[name] for name in ("relative", "qkv_bias", "pre_norm", "avgdown")}
    shapes = reference.contnet.ConTNet(case["variant"], stages, **switches).state_dict()
    tensors = {}
    for name, tensor in shapes.items():
        given = name.endswith(("relative_position_index", "num_batches_tracked"))
        tensors[name] = tensor if given else torch.from_numpy(
            reference_weights.formula_tensor(name, tuple(tensor.shape)))
    return reference.backbone(tensors, case["variant"], stages, **switches)


def make_pictures(synth, case):
    """[(split, kind, index, rgb (height, width, 3) uint8)], training pictures first."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([synth, "--seed", str(SEED), "--train", str(TRAIN), "--test", str(TEST), "--size",
                        f"{case['picture_width']}x{case['picture_height']}", "--categories", case["category"],
                        folder], check=True)
        folder = os.path.join(folder, case["category"])
        found = [(split, kind, name) for split in ("train", "test")
                 for kind in os.listdir(os.path.join(folder, split))
                 for name in os.listdir(os.path.join(folder, split, kind))]
        # blemish-synth numbers the test pictures on: the good ones, then one of each kind in turns.
        bad = [kind for kind in KINDS if os.path.isdir(os.path.join(folder, "test", kind))]
        good = (TEST + 2) // 3
        pictures = []
        for split, kind, name in found:
            number = int(name[:-4])
            index = number
            if split == "test":
                index += FIRST_TEST
                if kind != "good":
                    index = FIRST_TEST + good + number * len(bad) + bad.index(kind)
            rgb = reference.read_rgb(os.path.join(folder, split, kind, name))
            pictures.append((split, kind, index, rgb))
        return sorted(pictures, key=lambda picture: picture[2])


def network_inputs(case, pictures):
    size = (case["input_width"], case["input_height"])
    how = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}[case["filter"]]
    resized = [np.asarray(Image.fromarray(rgb).resize(size, how)) for *_, rgb in pictures]
    return resized, [reference.network_input(rgb) for rgb in resized]


def embedding(case, model, inputs):
    """(N, D, h, w) on the finest grid of the case's stages, a picture at a time."""
    rows = []
    for x in inputs:
        outputs = reference.stage_outputs(model, x[None])
        chosen = [outputs[int(name[-1]) - 1] for name in case["stages"]]
        height = max(y.shape[2] for y in chosen)
        rows.append(np.concatenate([y.repeat(height // y.shape[2], 2).repeat(height // y.shape[2], 3)
                                    for y in chosen], 1))
    return np.concatenate(rows)


def distances_from(samples, others, epsilon):
    """(K,) distances of (K, D) samples from the Gaussian fitted to the (N, D) others.

    The same as reference.mahalanobis(samples, *reference.gaussian(others)), but in the few directions that
    N samples span, and so a hundred times as fast: what lies outside of them is divided by epsilon."""
    mean = others.mean(0)
    _, spread, directions = np.linalg.svd(others - mean, full_matrices=False)
    within = (samples - mean) @ directions.T
    without = samples - mean - within @ directions
    variance = spread ** 2 / (len(others) - 1) + epsilon
    return np.sqrt((within ** 2 / variance).sum(1) + (without ** 2).sum(1) / epsilon)


def distances(features, epsilon):
    """(TRAIN + TEST, h, w): leave-one-out distances, then those of the test pictures."""
    columns = reference.by_position(features)
    result = np.empty(columns.shape[:2])
    for position, samples in enumerate(columns):
        train, test = samples[:TRAIN], samples[TRAIN:]
        for i in range(TRAIN):
            result[position, i] = distances_from(train[i:i + 1], np.delete(train, i, 0), epsilon)[0]
        result[position, TRAIN:] = distances_from(test, train, epsilon)
    reference.EPSILON = epsilon
    for position in (0, len(columns) // 2, len(columns) - 1):  # held against the definition
        train, test = columns[position, :TRAIN], columns[position, TRAIN:]
        defined = np.concatenate((reference.leave_one_out_distances(train),
                                  reference.mahalanobis(test, *reference.gaussian(train))))
        np.testing.assert_allclose(result[position], defined, rtol=1e-9)
    return result.T.reshape(-1, *features.shape[2:])


def finished(case, grid):
    """What JSON says of a grid of distances."""
    map_ = reference.blur(reference.resize_map(grid, case["input_height"], case["input_width"]))
    row, column = np.unravel_index(map_.argmax(), map_.shape)
    return {"score": reference.short(map_.max()), "peak": [int(row), int(column)]}


def scores(maps):
    return np.array([item["score"] for item in maps])


def run(case, synth):
    reference.SIGMA = case["sigma"]
    pictures = make_pictures(synth, case)
    resized, inputs = network_inputs(case, pictures)
    model = formula_backbone(case)
    features = embedding(case, model, inputs)
    grids = distances(features, case["epsilon"])
    results = [finished(case, grid) for grid in grids]
    single = distances(embedding(case, model.float(), inputs), case["epsilon"])
    change = np.abs(scores([finished(case, grid) for grid in single]) / scores(results) - 1).max()
    height = grids.shape[1]
    images = []
    for (split, kind, index, rgb), small, grid, result in zip(pictures, resized, grids, results):
        item = {"split": split, "kind": kind, "index": index, "rgb_crc32": f"{zlib.crc32(rgb.tobytes()):08x}",
                "resized_crc32": f"{zlib.crc32(small.tobytes()):08x}", **result}
        if split == "test":
            item["distance_rows"] = {str(row): [reference.short(v) for v in grid[row]]
                                     for row in (0, height // 2, height - 1)}
        images.append(item)
    return {**case, "weights": "formula", "seed": SEED, "grid_width": grids.shape[2], "grid_height": height,
            "features": features.shape[1],
            "float32_backbone_change": float(f"{change:.2g}"), "images": images}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("synth")
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--out", default=os.path.join(ROOT, "tests", "golden", "pipeline_synth"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.only.split(","):
        result = run({**DEFAULT, **CASES[name]}, args.synth)
        with open(os.path.join(args.out, name + ".json"), "w") as file:
            # A line for each picture keeps differences readable.
            head = json.dumps({key: value for key, value in result.items() if key != "images"})[:-1]
            images = ",\n    ".join(json.dumps(image) for image in result["images"])
            file.write(f'{head}, "images": [\n    {images}\n]}}\n')
        print(name, result["float32_backbone_change"], [image["score"] for image in result["images"]], flush=True)


if __name__ == "__main__":
    main()
