#!/usr/bin/env python3
"""Other backbones in ONNX Runtime, OpenVINO and blemish, taking turns.

ResNet-18 and Wide-ResNet-50-2 to layer3, EfficientNet-Lite0 to stride 16, DINOv2 S/14 at 448 x 448:
random weights, one image, float, on one thread and on two.  README.md says how to set up.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

from common import ROOT, Worker, append, print_table, quantiles, wait_for_quiet
from network import MEAN, STD, Blemish

HERE = os.path.dirname(os.path.abspath(__file__))
AGREE = 1e-3  # largest difference / largest value of the output


# ---- the networks: (module of the output, state dict under the names of `import`) ---------

def resnet(name):
    import torch
    import torchvision
    net = getattr(torchvision.models, name)(weights=None).eval()

    class ToLayer3(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            n = self.net
            x = n.maxpool(n.relu(n.bn1(n.conv1(x))))
            return n.layer3(n.layer2(n.layer1(x)))

    return ToLayer3().eval(), net.state_dict()


def lite0(_):
    """timm's network, its tensors under the names of the package efficientnet-lite0."""
    import timm
    import torch
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    own = net.state_dict()
    renamed = {"conv_stem": "_conv_stem", "bn1": "_bn0"}
    expand = {"conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv",
              "bn2": "_bn1", "conv_pwl": "_project_conv", "bn3": "_bn2"}
    plain = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv",
             "bn2": "_bn2"}
    number = 0
    for s, stage in enumerate(net.blocks):
        for b in range(len(stage)):
            for theirs, ours in (plain if s == 0 else expand).items():
                renamed[f"blocks.{s}.{b}.{theirs}"] = f"_blocks.{number}.{ours}"
            number += 1
    state = {}
    for name, tensor in own.items():
        layer, leaf = name.rsplit(".", 1)
        if layer in renamed:
            state[f"{renamed[layer]}.{leaf}"] = tensor

    class ToStride16(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            x = self.net.bn1(self.net.conv_stem(x))
            for stage in self.net.blocks[:5]:
                x = stage(x)
            return x

    return ToStride16().eval(), state


def dinov2(_):
    """Positions of 32 x 32 cells, so that no program has to resample them."""
    import timm
    import torch
    net = timm.create_model("vit_small_patch14_dinov2", pretrained=False, img_size=448).eval()

    class Tokens(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net.forward_features(x)[:, 1:].transpose(1, 2)

    return Tokens().eval(), net.state_dict()


IMAGENET, LITE = (MEAN, STD), (127 / 255, 128 / 255)
CASES = {  # make, name, tap, side, (mean, deviation)
    "ResNet-18": (resnet, "resnet18", "layer3", 224, IMAGENET),
    "Wide-ResNet-50-2": (resnet, "wide_resnet50_2", "layer3", 224, IMAGENET),
    "EfficientNet-Lite0": (lite0, "", "block10", 224, LITE),
    "DINOv2-S14": (dinov2, "", "norm", 448, IMAGENET),
}


def picture(side):
    """(side, side, 3) bytes: waves and noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side]
    waves = 128 + 60 * np.sin(x / 9.0) * np.cos(y / 13.0)
    return np.clip(waves[..., None] + rng.normal(0, 12, (side, side, 3)), 0, 255).astype(np.uint8)


def prepare(folder, blemish, case):
    """Writes net.onnx, x.npy, y0.npy, x.png and weights.safetensors into folder."""
    import torch
    from PIL import Image
    make, name, _, side, (mean, deviation) = CASES[case]
    torch.manual_seed(0)
    net, state = make(name)
    image = picture(side)
    Image.fromarray(image).save(os.path.join(folder, "x.png"))
    x = ((image / 255.0 - mean) / deviation).transpose(2, 0, 1)[None].astype(np.float32)
    x = torch.from_numpy(np.ascontiguousarray(x))
    np.save(os.path.join(folder, "x.npy"), x.numpy())
    with torch.inference_mode():
        np.save(os.path.join(folder, "y0.npy"), net(x).numpy())
    torch.onnx.export(net, (x,), os.path.join(folder, "net.onnx"), input_names=["x"],
                      output_names=["y"], dynamo=True, verbose=False)
    checkpoint, out = (os.path.join(folder, n) for n in ("net.pth", "weights.safetensors"))
    torch.save({k: v for k, v in state.items() if not k.endswith("num_batches_tracked")},
               checkpoint)
    subprocess.run([blemish, "import", checkpoint, "-o", out], check=True,
                   stdout=subprocess.DEVNULL)
    return out


class Ours(Blemish):
    """`blemish bench` at a tap and a size."""

    def __init__(self, args, case, folder, weights, threads):
        tap, side = CASES[case][2:4]
        args.ours, args.threads = weights, threads
        self.extra = ["--taps", tap, "--size", f"{side}x{side}"]
        super().__init__(args, "f32", 1, os.path.join(folder, "x.png"))
        y = np.load(os.path.join(folder, "y0.npy")).astype(np.float64)
        for key, ours in (("output_mean", y.mean()), ("output_rms", np.sqrt((y * y).mean()))):
            error = abs(self.said[key] - ours) / np.abs(y).max()
            self.about["error"] = max(self.about["error"], error)

    def run(self, runs):
        self.command = self.command[:2] + self.extra + \
            [w for w in self.command[2:] if w not in self.extra]
        return super().run(runs)


def compare(args, case, folder, weights, threads):
    """Rounds in which each takes its turn -> {name: (about, times)}, ms of the floor"""
    ours = Ours(args, case, folder, weights, threads)
    peers = {"blemish": ours}
    for name in args.peers:
        peers[name] = Worker([os.path.join(HERE, "network.py"), "--worker", folder, name, "f32",
                              str(threads)])
    times = {name: [] for name in peers}
    for _ in range(args.rounds):
        for name, peer in peers.items():
            wait_for_quiet(args.wait)
            times[name].append(quantiles(peer.ask(str(args.runs)))[0])
    for name, peer in peers.items():
        peer.close()
        if peer.about["error"] > AGREE:
            raise SystemExit(f"{case}, {name}: differs by {peer.about['error']:.2g}")
    return {n: (p.about, times[n]) for n, p in peers.items()}, quantiles(ours.floor)[0]


def rows_of(case, threads, measured, floor):
    """The ratio is the median of those of each round."""
    base = measured["blemish"][1]
    case = f"{case}, {threads} thread{'s' if threads > 1 else ''}"
    middle = quantiles(base)[0]
    yield case, "floor", "ms an image", floor, floor, floor, floor / middle
    for name, (about, times) in measured.items():
        ratio = quantiles([t / b for t, b in zip(times, base)])[0]
        yield (case, f"{name} {about['version']}", "ms an image", *quantiles(times), ratio)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--blemish", default=os.path.join(ROOT, "build/release/apps/blemish/blemish"))
    p.add_argument("--cases", default=",".join(CASES))
    p.add_argument("--threads", default="1,2")
    p.add_argument("--peers", default="onnxruntime,openvino")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--runs", type=int, default=7, help="runs a turn, of which the median counts")
    p.add_argument("--wait", type=float, default=60, help="seconds for a quiet machine")
    p.add_argument("--csv", default=os.path.join(ROOT, "bench/results.csv"))
    args = p.parse_args()
    args.peers = [n for n in args.peers.split(",") if n]
    threads = [int(n) for n in args.threads.split(",")]
    for case in args.cases.split(","):
        with tempfile.TemporaryDirectory() as folder:
            weights = prepare(folder, args.blemish, case)
            for n in threads:
                rows = list(rows_of(case, n, *compare(args, case, folder, weights, n)))
                print_table(("case", "program", "", "median", "p10", "p90", "times blemish"),
                            rows)
                sys.stdout.flush()
                append(args.csv, "backbones", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
