"""ConTNet (Yan et al. 2021, arXiv:2104.13497) in PyTorch, as blemish trains it.

Parameters are named as in the published checkpoints, so what reads those reads a state
dict saved here.  Maps are (N, C, H, W) between blocks, (windows, tokens, C) inside an
encoder.  Input is 224 x 224: the side of every stage must divide by its patch sizes.
"""

import json
import struct
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F

VARIANTS = {  # base planes, blocks a stage, MLP width a stage
    "Ti": (48, (1, 1, 1, 1), (196, 392, 768, 768)),
    "S": (64, (1, 1, 1, 1), (256, 512, 1024, 1024)),
    "M": (64, (2, 2, 2, 2), (256, 512, 1024, 1024)),
    "B": (64, (3, 4, 6, 3), (256, 512, 1024, 1024)),
}
HEADS = (1, 2, 4, 8)
BN_EPS = 1e-5


class Conv(nn.Module):
    def __init__(self, cin, cout, k, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, k, stride, k // 2, bias=False)

    def forward(self, x):
        return self.conv(x)


class Attention(nn.Module):
    """Multi-head attention inside a window, with biases by relative position."""

    def __init__(self, planes, heads, patch, relative, qkv_bias):
        super().__init__()
        self.heads, self.relative = heads, relative
        self.qkv = nn.Linear(planes, 3 * planes, bias=qkv_bias)
        self.proj = nn.Linear(planes, planes)
        if relative:
            side = 2 * patch - 1
            table = torch.zeros(side * side, heads)
            self.relative_position_bias_table = nn.Parameter(table)
            nn.init.trunc_normal_(table, std=0.02)
            at = torch.arange(patch)
            yx = torch.stack(torch.meshgrid(at, at, indexing="ij")).flatten(1)
            d = yx[:, :, None] - yx[:, None, :] + patch - 1
            self.register_buffer("relative_position_index", d[0] * side + d[1])

    def forward(self, x):
        n, t, c = x.shape
        split = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads)
        q, k, v = split.permute(2, 0, 3, 1, 4)
        a = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1)
        if self.relative:
            index = self.relative_position_index.reshape(-1)
            bias = self.relative_position_bias_table[index].reshape(t, t, self.heads)
            a = a + bias.permute(2, 0, 1)
        return self.proj((a.softmax(-1) @ v).transpose(1, 2).reshape(n, t, c))


class Mlp(nn.Module):
    def __init__(self, planes, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(planes, width), nn.Linear(width, planes)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Norm(nn.LayerNorm):
    """Layer norm in float: autocast on a CPU leaves it in half precision."""

    def forward(self, x):
        return super().forward(x.to(self.weight.dtype))


class Encoder(nn.Module):
    """A transformer encoder over windows of patch x patch tokens that do not overlap."""

    def __init__(self, planes, width, heads, patch, relative, qkv_bias, pre_norm):
        super().__init__()
        self.patch, self.relative, self.pre_norm = patch, relative, pre_norm
        if not relative:
            rows, columns = (1, patch, 1, planes // 2), (1, 1, patch, planes // 2)
            self.pe = nn.ParameterList(
                nn.Parameter(torch.zeros(s)) for s in (rows, columns)
            )
        self.attn = Attention(planes, heads, patch, relative, qkv_bias)
        self.mlp = Mlp(planes, width)
        self.norm1, self.norm2 = Norm(planes), Norm(planes)

    def forward(self, x):
        n, c, h, w = x.shape
        p = self.patch
        x = x.permute(0, 2, 3, 1).reshape(n, h // p, p, w // p, p, c)
        x = x.transpose(2, 3).reshape(-1, p, p, c)
        if not self.relative:
            first, second = x.chunk(2, 3)
            x = torch.cat((first + self.pe[0], second + self.pe[1]), 3)
        x = x.reshape(-1, p * p, c)
        if self.pre_norm:
            x = x + self.attn(self.norm1(x))
            x = x + self.mlp(self.norm2(x))
        else:
            x = self.norm1(x + self.attn(x))
            x = self.norm2(x + self.mlp(x))
        x = x.reshape(n, h // p, w // p, p, p, c).transpose(2, 3).reshape(n, h, w, c)
        return x.permute(0, 3, 1, 2)


class ConTBlock(nn.Module):
    def __init__(self, planes, out, width, heads, patches, stride, downsample, **enc):
        super().__init__()
        self.bn = nn.BatchNorm2d(planes, eps=BN_EPS)
        self.downsample = downsample
        self.ste1 = Encoder(planes, width, heads, patches[0], **enc)
        self.ste2 = Encoder(planes, width, heads, patches[1], **enc)
        # The network's last block alone widens without striding, by a 1 x 1 convolution.
        k = 1 if downsample is not None and stride == 1 else 3
        self.out_conv = Conv(planes, out, k, stride)

    def forward(self, x):
        y = F.relu(self.bn(x))
        skip = x if self.downsample is None else self.downsample(y)
        return self.out_conv(self.ste2(self.ste1(y))) + skip


def shortcut(planes, stride, avgdown):
    if not (avgdown and stride == 2):
        return Conv(planes, 2 * planes, 1, stride)
    pool, conv = nn.AvgPool2d(2, 2), Conv(planes, 2 * planes, 1)
    return nn.Sequential(OrderedDict(avgpool=pool, conv=conv))


class ConTNet(nn.Module):
    """forward(x) -> the outputs of layer1 .. layer<stages>; there is no classifier."""

    def __init__(
        self,
        variant,
        stages=3,
        relative=True,
        qkv_bias=True,
        pre_norm=True,
        avgdown=False,
    ):
        super().__init__()
        base, blocks, widths = VARIANTS[variant]
        enc = dict(relative=relative, qkv_bias=qkv_bias, pre_norm=pre_norm)
        self.stages = stages
        self.layer0 = nn.Sequential(
            OrderedDict(conv=Conv(3, base, 7, 2), maxpool=nn.MaxPool2d(3, 2, 1))
        )
        for i in range(stages):
            planes = base << i
            stride, patches = (1, (7, 7)) if i == 3 else (2, (7, 14))
            layer = OrderedDict()
            for b in range(blocks[i]):
                end = b == blocks[i] - 1
                layer[f"ConTBlock{b}"] = ConTBlock(
                    planes,
                    2 * planes if end else planes,
                    widths[i],
                    HEADS[i],
                    patches,
                    stride if end else 1,
                    shortcut(planes, stride, avgdown) if end else None,
                    **enc,
                )
            self.add_module(f"layer{i + 1}", nn.Sequential(layer))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, nn.Linear):
                nn.init.trunc_normal_(m.weight, std=0.02)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)

    def forward(self, x):
        x, out = self.layer0(x), []
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
            out.append(x)
        return out


def load(path, device="cpu"):
    """Reads a file of torch.save that contains only tensors and plain values.

    Or the tensors of a safetensors file, as blemish's own weights are.
    """
    if not path.endswith(".safetensors"):
        return torch.load(path, map_location=device, weights_only=True)
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = bytearray(f.read())
    header.pop("__metadata__", None)
    kinds = {"F16": torch.float16, "F32": torch.float32, "I64": torch.int64}
    return {
        name: torch.frombuffer(data[slice(*t["data_offsets"])], dtype=kinds[t["dtype"]])
        .reshape(t["shape"])
        .to(device)
        for name, t in header.items()
    }


def floats(state):
    """A state dict in single precision."""
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}


def halves(state):
    """A state dict in half precision."""
    return {k: v.half() if v.is_floating_point() else v for k, v in state.items()}


def variant_of(state):
    """The name of the variant that a state dict is of."""
    base = state["layer0.conv.conv.weight"].shape[0]
    depth = len({k.split(".")[1] for k in state if k.startswith("layer3.")})
    found = [
        n for n, (b, blocks, _) in VARIANTS.items() if (b, blocks[2]) == (base, depth)
    ]
    if not found:
        raise ValueError(f"no variant has {base} planes and {depth} blocks in layer3")
    return found[0]


def grow(shallow, net):
    """State dict of a shallower variant -> one of `net` that computes the same function.

    The blocks that are added are residual branches whose last convolution is zero.  The
    strided block of a stage stays its last, the others are spread evenly among the new.
    """
    out = net.state_dict()
    for stage in (f"layer{i + 1}." for i in range(net.stages)):
        have = count_blocks(shallow, stage)
        want = count_blocks(out, stage)
        place = [round(j * (want - 1) / max(1, have - 1)) for j in range(have - 1)] + [
            want - 1
        ]
        for b in range(want):
            source = next(j for j in range(have) if place[j] >= b)
            new, old = f"{stage}ConTBlock{b}.", f"{stage}ConTBlock{source}."
            for k in (k for k in out if k.startswith(new)):
                # A new block's input is that of the block after it: so is its norm.
                if place[source] == b or k.startswith(new + "bn."):
                    out[k] = shallow[old + k[len(new) :]]
                elif k == new + "out_conv.conv.weight":
                    out[k] = torch.zeros_like(out[k])
    out.update({k: shallow[k] for k in out if k.startswith("layer0.")})
    return floats(out)


def count_blocks(state, stage):
    return len({k.split(".")[1] for k in state if k.startswith(stage)})
