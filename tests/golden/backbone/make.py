"""Writes cases.npy: what networks that no checkpoint covers give, computed in double precision.

    python3 make.py FOLDER_OF_contnet.py FOLDER_OF_reference_weights.py

cases.npy is f8 (case, stage, 32): mean and standard deviation of a stage's output (zeros where it
is not computed), and 30 of its numbers: with the output as (row, column, channel), number
i * count // 30.  The cases, in the same order, are in src/backbone/contnet_test.c; weights are by the
formula (tests/formula.h), the input (row, column, colour) is twice the noise named "input".
"""
import os
import sys

import numpy as np
import torch

sys.path[:0] = sys.argv[1:3]
from contnet import ConTNet  # noqa: E402
from reference_weights import formula_tensor, unit_noise  # noqa: E402

CASES = [  # variant, height, width, stages, relative, qkv_bias, pre_norm, avgdown
    ("M", 224, 224, 4, True, True, True, False),
    ("B", 224, 224, 3, True, True, False, True),
    ("S", 224, 224, 4, False, False, True, True),
    ("S", 448, 224, 3, False, True, False, False),
    ("Ti", 224, 448, 4, True, False, False, True),
    ("S", 448, 448, 4, True, True, True, False),
]
SAMPLES = 30


def outputs(variant, height, width, stages, relative, qkv_bias, pre_norm, avgdown):
    net = ConTNet(variant, stages, relative, qkv_bias, pre_norm, avgdown).double().eval()
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if not name.endswith(("relative_position_index", "num_batches_tracked")):
                value.copy_(torch.from_numpy(formula_tensor(name, tuple(value.shape)).astype(float)))
        x = 2 * unit_noise("input", height * width * 3).astype(np.float32).astype(float)
        x = torch.from_numpy(x.reshape(1, height, width, 3)).permute(0, 3, 1, 2)
        return [y[0].permute(1, 2, 0).numpy().ravel() for y in net(x)]


table = np.zeros((len(CASES), 4, 2 + SAMPLES))
for i, case in enumerate(CASES):
    for stage, y in enumerate(outputs(*case)):
        table[i, stage] = [y.mean(), y.std(), *(y[k * len(y) // SAMPLES] for k in range(SAMPLES))]
np.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.npy"), table)
