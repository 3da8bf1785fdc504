#!/usr/bin/env python3
"""Exports the result of distil.py for `blemish import --pre-norm`: a flat state dict.

    export.py b_state.pt b.pt --photos FOLDER

The averaged weights in half precision to layer3, no classifier.  The output of every
stage is scaled to a mean variance over the photos: --variance at 14 x 14, four
times that at 28 x 28 and a quarter at 7 x 7, where a value stands for fewer or more of
those cells.  That changes the unit of a stage alone, and the blocks that follow take it
in; but to fitted covariances eps = 0.01 is added in that unit.  The default is about what
ResNet-18's layer3 has, for which features that eps was chosen (PaDiM, Defard et al.).
"""

import argparse

import torch

import contnet
import images
import resnet
import students


@torch.no_grad()
def variances(net, photos, count):
    """The mean over its channels of the variance of each stage's output."""
    chosen, maps = torch.randperm(len(photos))[:count].tolist(), []
    for i in range(0, len(chosen), 8):
        x = images.augment(photos.take(chosen[i : i + 8]))
        maps.append([m.half() for m in net.eval()(images.normalise(x))])
    return [
        torch.cat(stage).float().transpose(0, 1).flatten(1).var(1).mean().item()
        for stage in zip(*maps)
    ]


def rescale_contnet(w, stage, factor):
    """Multiplies the output of layer<stage>, and of no other, in a state dict."""
    own, following = blocks(w, stage), blocks(w, stage + 1)
    for k in w:
        if k.startswith((own[-1] + "out_conv", own[-1] + "downsample")):
            w[k] = w[k] * factor
        # All blocks of a stage except the last add to its input.
        elif k.startswith(tuple(b + "out_conv" for b in following[:-1])):
            w[k] = w[k] * factor
        elif k.startswith(tuple(following)) and k.endswith("bn.running_mean"):
            w[k] = w[k] * factor
        elif k.startswith(tuple(following)) and k.endswith("bn.running_var"):
            w[k] = (w[k] + contnet.BN_EPS) * factor**2 - contnet.BN_EPS


def blocks(w, stage):
    """The prefixes of the names of a stage's blocks."""
    count = contnet.count_blocks(w, f"layer{stage}.")
    return [f"layer{stage}.ConTBlock{b}." for b in range(count)]


def export(state, photos, variance, count=256):
    w = contnet.floats(state.get("ema", state))
    student = students.STUDENTS[students.name_of(w)]
    net = student.build()
    net.load_state_dict(w)
    rescale = resnet.rescale if isinstance(net, resnet.ResNet) else rescale_contnet
    first = 4 - len(student.sides)  # the last is layer3
    for i, v in enumerate(variances(net, photos, count)):
        factor = (variance * (student.sides[i] / 14) ** 2 / v) ** 0.5
        rescale(w, first + i, factor)
    w = contnet.halves(w)
    bad = [k for k, v in w.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise SystemExit(f"{bad[0]}: not finite in half precision")
    return w


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("state", help="of distil.py, or weights alone")
    p.add_argument("weights", help="the file to write")
    p.add_argument("--photos", required=True, help="as for distil.py")
    p.add_argument("--variance", type=float, default=0.04)
    a = p.parse_args()
    torch.manual_seed(0)
    state = contnet.load(a.state)
    torch.save(export(state, images.Photos(a.photos, 1), a.variance), a.weights)


if __name__ == "__main__":
    main()
