#!/usr/bin/env python3
"""Measures how well features find defects: the paper's pipeline (Dini & Rahtu 2023) in PyTorch.

    evaluate.py --data CATEGORY --backbone student=b.pt --stages 14,7
    evaluate.py --data CATEGORY --backbone resnet18=FILE --backbone lite1=FILE \\
                --stages 28,14 --standardise --eps 0.1,1 --tolerance 1

CATEGORY is a folder in MVTec layout; defective images without a mask count for the image
metrics alone.  Stages are named by the side of their grid, 28, 14 or 7: layer1, layer2 or
layer3 of ConTNet, layer2 or layer3 of the ResNet `c`, or what teachers ask of them.
Those of several backbones are joined at the finest grid by nearest upsampling.  With
--tolerance R a distance is the least among the Gaussians within R cells.  --eps takes
several values.  Prints for each, tab-separated: category, backbones, stages, channels,
tolerance, eps, image AUROC, pixel AUROC, AU-PRO (0.3), on 224 x 224, and the share of the
defective images whose score is above those of 95 % of the good ones in the test set.
"""

import argparse
import os

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.ndimage import gaussian_filter, label

import contnet
import images
import students
import teachers


def load_student(path, post):
    """-> a function: images -> {side: map}."""
    s = contnet.load(path)
    w = contnet.floats(s.get("ema", s))
    name = students.name_of(w)
    if name == "c":
        net = students.STUDENTS[name].build()
    else:
        net = contnet.ConTNet(
            name,
            pre_norm=not post,
            relative=any("relative_position_bias_table" in k for k in w),
            qkv_bias=any(k.endswith("qkv.bias") for k in w),
            avgdown=any("downsample.conv.conv" in k for k in w),
        )
    net.load_state_dict({k: w.get(k, v) for k, v in net.state_dict().items()})
    net.eval()
    return lambda x: dict(zip(students.STUDENTS[name].sides, net(x)))


def load_teachers(specs):
    teach = teachers.Teachers(specs, "cpu")
    return lambda x: dict(zip(teach.sides, teach(x)))


def load_backbones(specs, post):
    """-> functions; those of students first, in the order given."""
    own = [s for s in specs if s.startswith("student=")]
    others = [s for s in specs if s not in own]
    nets = [load_student(s.partition("=")[2], post) for s in own]
    return nets + [load_teachers(others)] * bool(others)


def listing(folder):
    return [
        os.path.join(folder, n)
        for n in sorted(os.listdir(folder))
        if n.lower().endswith(images.KINDS)
    ]


def test_set(root):
    """-> paths, which are defective (N), masks (N, 224, 224) or None."""
    paths, bad, masks = [], [], []
    masked = os.path.isdir(f"{root}/ground_truth")
    for kind in sorted(os.listdir(f"{root}/test")):
        for path in listing(f"{root}/test/{kind}"):
            paths.append(path)
            bad.append(kind != "good")
            m = np.zeros((images.CROP, images.CROP), bool)
            if bad[-1] and masked:
                name = os.path.splitext(os.path.basename(path))[0]
                im = Image.open(f"{root}/ground_truth/{kind}/{name}_mask.png").convert(
                    "L"
                )
                m = np.asarray(im.resize((images.CROP, images.CROP), Image.NEAREST)) > 0
            masks.append(m)
    return paths, np.array(bad), np.stack(masks) if masked else None


def read(path):
    im = (
        Image.open(path).convert("RGB").resize((images.CROP, images.CROP), Image.BILINEAR)
    )
    return torch.from_numpy(np.array(im)).permute(2, 0, 1)


@torch.no_grad()
def features(nets, paths, stages):
    """-> (positions, images, channels) and the grid's side."""
    out, side = [], max(stages)
    for i in range(0, len(paths), 16):
        x = torch.stack([read(p) for p in paths[i : i + 16]]).float() / 255
        found = [net(images.normalise(x)) for net in nets]
        maps = [maps[s] for s in stages for maps in found]
        maps = [F.interpolate(m, size=(side, side), mode="nearest") for m in maps]
        out.append(torch.cat(maps, 1).flatten(2).permute(2, 0, 1))
    return torch.cat(out, 1), side


def neighbours(p, side, reach):
    """The positions within `reach` cells of position p of a grid, p among them."""
    y, x = divmod(p, side)
    rows = range(max(0, y - reach), min(side, y + reach + 1))
    columns = range(max(0, x - reach), min(side, x + reach + 1))
    return [r * side + c for r in rows for c in columns]


def distances(train, test, eps, side, reach):
    """Mahalanobis distances (images, positions) under the sample covariance + eps I.

    The least among those of the Gaussians within `reach` cells.

    With fewer images than channels the inverse is taken through the Gram matrix K = X X':
    (X'X / (N-1) + eps I)^-1 = (I - X' (K + eps (N-1) I)^-1 X) / eps, by Woodbury.
    """
    n, d = train.shape[1:]
    out = torch.full(test.shape[:2], torch.inf, dtype=torch.float64)
    for p in range(len(train)):
        at = neighbours(p, side, reach)
        x, y = train[p].double(), test[at].flatten(0, 1).double()
        x, y = x - x.mean(0), y - x.mean(0)
        if n < d:
            c = torch.linalg.cholesky(
                x @ x.T + eps * (n - 1) * torch.eye(n, dtype=x.dtype)
            )
            z = torch.linalg.solve_triangular(c, x @ y.T, upper=False)
            square = ((y * y).sum(1) - (z * z).sum(0)) / eps
        else:
            c = torch.linalg.cholesky(
                x.T @ x / (n - 1) + eps * torch.eye(d, dtype=x.dtype)
            )
            square = torch.linalg.solve_triangular(c, y.T, upper=False).square().sum(0)
        out[at] = out[at].minimum(square.clamp(min=0).sqrt().view(len(at), -1))
    return out.T


def anomaly_maps(d, side):
    """Distances (images, positions) -> maps (images, 224, 224)."""
    d = d.reshape(-1, 1, side, side).float()
    d = F.interpolate(
        d, size=(images.CROP, images.CROP), mode="bilinear", align_corners=False
    )
    return np.stack([gaussian_filter(m, 4) for m in d[:, 0].numpy()])


def curve_area(score, pos, neg, limit=1.0):
    """Area, over [0, limit] and divided by it, under sum(pos) against sum(neg)."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)  # ties are one point
    y = np.append(0, np.cumsum(pos[order], dtype=np.float64)[last])
    x = np.append(0, np.cumsum(neg[order], dtype=np.float64)[last])
    x, y = x / x[-1], y / y[-1]
    k = np.searchsorted(x, limit, "right")
    if k < len(x):
        at_limit = y[k - 1] + (y[k] - y[k - 1]) * (limit - x[k - 1]) / (x[k] - x[k - 1])
        x, y = np.append(x[:k], limit), np.append(y[:k], at_limit)
    return float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum() / limit)


def region_weights(masks):
    """1 / area on each 8-connected region, so that every region has weight 1; 0 elsewhere."""
    w = np.zeros(masks.shape)
    for m, o in zip(masks, w):
        regions, n = label(m, np.ones((3, 3)))
        o[m] = (1 / np.maximum(np.bincount(regions.ravel(), minlength=n + 1), 1))[
            regions[m]
        ]
    return w


def found_share(score, bad, false_alarms=0.05):
    """Share of the defective images above that quantile of the scores of good images."""
    return float((score[bad] > np.quantile(score[~bad], 1 - false_alarms)).mean())


def measures(maps, bad, masks):
    """-> image AUROC, pixel AUROC, AU-PRO (nan without masks), share found."""
    score = maps.max((1, 2))
    pixel = pro = float("nan")
    if masks is not None:
        good = ~masks.ravel()
        pixel = curve_area(maps.ravel(), masks.ravel(), good)
        pro = curve_area(maps.ravel(), region_weights(masks).ravel(), good, 0.3)
    return curve_area(score, bad, ~bad), pixel, pro, found_share(score, bad)


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--data", required=True)
    p.add_argument(
        "--backbone",
        required=True,
        action="append",
        metavar="NAME=FILE",
        help=f"student or one of {', '.join(teachers.KINDS)}; may be given several times",
    )
    p.add_argument("--post-norm", action="store_true", help="of a student ConTNet")
    p.add_argument("--stages", default="14,7")
    p.add_argument("--eps", default="0.01")
    p.add_argument("--tolerance", type=int, default=0, metavar="R", help="in cells")
    p.add_argument(
        "--standardise",
        action="store_true",
        help="bring every channel to mean 0 and variance 1, as targets are",
    )
    return p.parse_args()


def main():
    a = arguments()
    nets = load_backbones(a.backbone, a.post_norm)
    stages = [int(s) for s in a.stages.split(",")]
    paths, bad, masks = test_set(a.data)
    train, side = features(nets, listing(f"{a.data}/train/good"), stages)
    test, _ = features(nets, paths, stages)
    if a.standardise:
        mean, std = train.mean((0, 1)), train.std((0, 1)).clamp(min=1e-3)
        train, test = (train - mean) / std, (test - mean) / std
    for eps in map(float, a.eps.split(",")):
        d = distances(train, test, eps, side, a.tolerance)
        print(
            os.path.basename(a.data.rstrip("/")),
            *a.backbone,
            a.stages,
            train.shape[2],
            a.tolerance,
            eps,
            *(f"{v:.4f}" for v in measures(anomaly_maps(d, side), bad, masks)),
            sep="\t",
            flush=True,
        )


if __name__ == "__main__":
    main()
