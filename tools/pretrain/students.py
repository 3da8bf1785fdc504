"""The networks that can be trained: the variants of ConTNet, and `c`, a ResNet-18 to layer3.

A student takes normalised images (N, 3, 224, 224) and returns a map for each of its
`sides`, (N, channels, side, side).
"""

from collections import namedtuple

import contnet
import resnet

Student = namedtuple("Student", "build channels sides")

STUDENTS = {
    name: Student(
        lambda name=name: contnet.ConTNet(name),
        [2 * base, 4 * base, 8 * base],
        (28, 14, 7),
    )
    for name, (base, _, _) in contnet.VARIANTS.items()
}
STUDENTS["c"] = Student(resnet.ResNet, list(resnet.WIDTHS[1:]), (28, 14))


def name_of(state):
    """The name of the student that a state dict is of."""
    return "c" if "layer1.0.conv1.weight" in state else contnet.variant_of(state)
