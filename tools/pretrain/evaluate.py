#!/usr/bin/env python3
"""How well features find defects: the paper's pipeline (Dini & Rahtu 2023) in PyTorch.

    evaluate.py --data CATEGORY --backbone contnet=b.pt --stages 14,7
    evaluate.py --data CATEGORY --backbone resnet18=FILE --backbone lite1=FILE \\
                --stages 14,7 --standardise --eps 0.1,1

CATEGORY is a folder in MVTec layout with masks.  Stages are named by the side of their
grid, 28, 14 or 7: layer1, layer2 or layer3 of ConTNet, or what teachers ask of it.  They
are joined at the finest grid by nearest upsampling.  --eps takes several values.  Prints
for each, tab-separated: category, backbone, stages, channels, eps, image AUROC, pixel
AUROC, AU-PRO (0.3), on 224 x 224.
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
import teachers


def load_contnet(path, post):
    s = contnet.load(path)
    w = contnet.floats(s.get("ema", s))
    net = contnet.ConTNet(
        contnet.variant_of(w),
        pre_norm=not post,
        relative=any("relative_position_bias_table" in k for k in w),
        qkv_bias=any(k.endswith("qkv.bias") for k in w),
        avgdown=any("downsample.conv.conv" in k for k in w),
    )
    net.load_state_dict({k: w[k] for k in net.state_dict()})
    net.eval()
    return net


def listing(folder):
    return [
        os.path.join(folder, n)
        for n in sorted(os.listdir(folder))
        if n.lower().endswith(images.KINDS)
    ]


def test_set(root):
    """-> paths, which are defective (N), masks (N, 224, 224)."""
    paths, bad, masks = [], [], []
    for kind in sorted(os.listdir(f"{root}/test")):
        for path in listing(f"{root}/test/{kind}"):
            paths.append(path)
            bad.append(kind != "good")
            m = np.zeros((images.CROP, images.CROP), bool)
            if bad[-1]:
                name = os.path.splitext(os.path.basename(path))[0]
                im = Image.open(f"{root}/ground_truth/{kind}/{name}_mask.png").convert(
                    "L"
                )
                m = np.asarray(im.resize((images.CROP, images.CROP), Image.NEAREST)) > 0
            masks.append(m)
    return paths, np.array(bad), np.stack(masks)


def read(path):
    im = (
        Image.open(path).convert("RGB").resize((images.CROP, images.CROP), Image.BILINEAR)
    )
    return torch.from_numpy(np.array(im)).permute(2, 0, 1)


@torch.no_grad()
def features(net, paths, stages):
    """-> (positions, images, channels) and the grid's side."""
    out, side = [], max(stages)
    for i in range(0, len(paths), 16):
        maps = net(
            images.normalise(
                torch.stack([read(p) for p in paths[i : i + 16]]).float() / 255
            )
        )
        maps = [maps[teachers.SIDES.index(s)] for s in stages]
        maps = [F.interpolate(m, size=(side, side), mode="nearest") for m in maps]
        out.append(torch.cat(maps, 1).flatten(2).permute(2, 0, 1))
    return torch.cat(out, 1), side


def distances(train, test, eps):
    """Mahalanobis distances (images, positions) under the sample covariance + eps I.

    With fewer images than channels the inverse is taken through the Gram matrix K = X X':
    (X'X / (N-1) + eps I)^-1 = (I - X' (K + eps (N-1) I)^-1 X) / eps, by Woodbury.
    """
    n, d = train.shape[1:]
    out = torch.empty(test.shape[:2], dtype=torch.float64)
    for p in range(len(train)):
        x, y = train[p].double(), test[p].double()
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
        out[p] = square.clamp(min=0).sqrt()
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
    """1 / area on each 8-connected region, so that every region weighs 1; 0 elsewhere."""
    w = np.zeros(masks.shape)
    for m, o in zip(masks, w):
        regions, n = label(m, np.ones((3, 3)))
        o[m] = (1 / np.maximum(np.bincount(regions.ravel(), minlength=n + 1), 1))[
            regions[m]
        ]
    return w


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--data", required=True)
    p.add_argument(
        "--backbone",
        required=True,
        action="append",
        metavar="NAME=FILE",
        help=f"contnet, or one or several of {', '.join(teachers.KINDS)}",
    )
    p.add_argument("--post-norm", action="store_true")
    p.add_argument("--stages", default="14,7")
    p.add_argument("--eps", default="0.01")
    p.add_argument(
        "--standardise",
        action="store_true",
        help="bring every channel to mean 0 and variance 1, as targets are",
    )
    a = p.parse_args()
    name, _, path = a.backbone[0].partition("=")
    if name == "contnet":
        net = load_contnet(path, a.post_norm)
    else:
        net = teachers.Teachers(a.backbone, "cpu")
    stages = [int(s) for s in a.stages.split(",")]
    paths, bad, masks = test_set(a.data)
    train, side = features(net, listing(f"{a.data}/train/good"), stages)
    test, _ = features(net, paths, stages)
    if a.standardise:
        mean, std = train.mean((0, 1)), train.std((0, 1)).clamp(min=1e-3)
        train, test = (train - mean) / std, (test - mean) / std
    weights, good = region_weights(masks).ravel(), ~masks.ravel()
    for eps in map(float, a.eps.split(",")):
        m = anomaly_maps(distances(train, test, eps), side)
        areas = (
            curve_area(m.max((1, 2)), bad, ~bad),
            curve_area(m.ravel(), masks.ravel(), good),
            curve_area(m.ravel(), weights, good, 0.3),
        )
        print(
            os.path.basename(a.data.rstrip("/")),
            *a.backbone,
            a.stages,
            train.shape[2],
            eps,
            *(f"{v:.4f}" for v in areas),
            sep="\t",
            flush=True,
        )


if __name__ == "__main__":
    main()
