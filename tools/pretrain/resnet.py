"""The network of `weights c`: a ResNet-18 (He et al. 2016) to layer3, without classifier.

Parameters are named as in torchvision.  forward(x) -> [layer2, layer3]: (N, 128, 28, 28)
and (N, 256, 14, 14) for a 224 x 224 input, both after their last ReLU.
"""

import torch.nn as nn
import torch.nn.functional as F

WIDTHS = (64, 128, 256)  # of layer1, layer2, layer3
BLOCKS = 2  # a layer


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample = None
        if stride > 1:
            conv = nn.Conv2d(cin, cout, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, widths=WIDTHS):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        cin = widths[0]
        for i, cout in enumerate(widths):
            blocks = [Block(cin, cout, 2 if i else 1)]
            blocks += [Block(cout, cout, 1) for _ in range(BLOCKS - 1)]
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
            cin = cout
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        second = self.layer2(self.layer1(x))
        return [second, self.layer3(second)]


def rescale(w, layer, factor):
    """Multiplies the output of layer<layer>, and of no other, in a state dict.

    A ReLU passes a positive factor on; the convolutions that follow take it back.
    """
    own, following = f"layer{layer}.", f"layer{layer + 1}.0."
    for k in w:
        last = ".bn2." in k or ".downsample.1." in k
        norm = last and k.endswith((".weight", ".bias"))
        inside = k.endswith(".conv1.weight") and not k.startswith(own + "0.")
        if k.startswith(own) and norm:
            w[k] = w[k] * factor
        elif k.startswith(own) and inside:
            w[k] = w[k] / factor
        elif k in (following + "conv1.weight", following + "downsample.0.weight"):
            w[k] = w[k] / factor
