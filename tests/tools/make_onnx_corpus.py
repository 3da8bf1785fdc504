#!/usr/bin/env python3
"""Writes tests/corpus/onnx: small ONNX networks, and broken ones.

expected.tsv has a line for each file: its name, and what the refusal must say if it is refused.
Messages of Protocol Buffers are written here, field by field, as onnx.proto numbers them.
"""
import os
import struct

FOLDER = os.path.join(os.path.dirname(__file__), "..", "corpus", "onnx")
FLOAT, INT64 = 1, 7


# ---- messages -------------------------------------------------------------------------

def varint(value):
    out = b""
    while True:
        out += bytes([value & 127 | (128 if value > 127 else 0)])
        value >>= 7
        if value == 0:
            return out


def number(field, value):
    return varint(field << 3) + varint(value & (1 << 64) - 1)


def message(field, *parts):
    content = b"".join(p.encode() if isinstance(p, str) else p for p in parts)
    return varint(field << 3 | 2) + varint(len(content)) + content


def tensor(name, shape, values, kind="f"):
    """As it stands in a graph: field 5."""
    data = struct.pack(f"<{len(values)}{kind}", *values)
    dims = b"".join(number(1, n) for n in shape)
    return message(5, dims, number(2, FLOAT if kind == "f" else INT64), message(8, name),
                   message(9, data))


def outside(name, shape, place):
    dims = b"".join(number(1, n) for n in shape)
    entries = b"".join(message(13, message(1, k), message(2, v)) for k, v in place.items())
    return message(5, dims, number(2, FLOAT), message(8, name), entries, number(14, 1))


def attribute(name, value):
    if isinstance(value, int):
        return message(5, message(1, name), number(3, value), number(20, 2))
    if isinstance(value, float):
        return message(5, message(1, name), varint(2 << 3 | 5), struct.pack("<f", value),
                       number(20, 1))
    return message(5, message(1, name), b"".join(number(8, v) for v in value), number(20, 7))


def node(kind, inputs, outputs, **attributes):
    return message(1, b"".join(message(1, i) for i in inputs),
                   b"".join(message(2, o) for o in outputs), message(4, kind),
                   b"".join(attribute(k, v) for k, v in attributes.items()))


def value(field, name, shape, kind=FLOAT):
    dims = b"".join(message(1, number(1, n)) if isinstance(n, int) else
                    message(1, message(2, n)) for n in shape)
    return message(field, message(1, name),
                   message(2, message(1, number(1, kind), message(2, dims))))


def model(*graph, behind=b""):
    return (number(1, 8) + message(7, message(2, "graph"), *graph) + message(8, number(2, 13)) +
            behind)


# ---- networks -------------------------------------------------------------------------

def weights(count, seed):
    """Numbers in -0.5 to 0.5."""
    state, out = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2 ** 31
        out.append(round(state / 2 ** 31 - 0.5, 4))
    return out


INPUT = value(11, "image", ["n", 3, "h", "w"])
OUTPUT = value(12, "deep", ["n", 6, "a", "b"])
W1, B1 = weights(4 * 3 * 9, 1), weights(4, 2)
W2, B2 = weights(6 * 4 * 9, 3), weights(6, 4)
TENSORS = (tensor("w1", [4, 3, 3, 3], W1) + tensor("b1", [4], B1) +
           tensor("w2", [6, 4, 3, 3], W2) + tensor("b2", [6], B2))
CONV = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}


def first(x="image"):
    return node("Conv", [x, "w1", "b1"], ["c1"], **CONV) + node("Relu", ["c1"], ["fine"])


SECOND = node("Conv", ["fine", "w2", "b2"], ["c2"], **CONV) + node("Relu", ["c2"], ["deep"])
NODES = first() + SECOND


def tokens():
    """A token of zeros before those of the fine grid, for images of 32 x 32."""
    return model(
        value(11, "image", [1, 3, 32, 32]), value(12, "tokens", [1, 257, 4]), TENSORS,
        tensor("shape", [3], [1, 4, 256], "q"), tensor("zeros", [1, 1, 4], [0.0] * 4),
        first(), node("Reshape", ["fine", "shape"], ["rows"]),
        node("Transpose", ["rows"], ["cells"], perm=[0, 2, 1]),
        node("Concat", ["zeros", "cells"], ["tokens"], axis=1))


def pixels():
    """Images of (n, h, w, 3), an output of (n, h / 2, w / 2, 4)."""
    return model(
        value(11, "image", ["n", "h", "w", 3]), value(12, "map", ["n", "a", "b", 4]), TENSORS,
        node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]), first("planes"),
        node("Transpose", ["fine"], ["map"], perm=[0, 2, 3, 1]))


def classifier():
    return model(INPUT, value(12, "classes", ["n", 6]), TENSORS, NODES,
                 node("GlobalAveragePool", ["deep"], ["mean"]),
                 node("Flatten", ["mean"], ["classes"]))


def elsewhere(**place):
    data = {"location": "elsewhere.onnx.data", "offset": "0", "length": str(4 * len(W1)), **place}
    return model(INPUT, OUTPUT, outside("w1", [4, 3, 3, 3], data), tensor("b1", [4], B1),
                 tensor("w2", [6, 4, 3, 3], W2), tensor("b2", [6], B2), NODES)


def nested(depth):
    graph = node("Identity", ["image"], ["inner"])
    for _ in range(depth):
        graph = message(1, message(1, "image"), message(2, "deep"), message(4, "If"),
                        message(5, message(1, "then_branch"), message(6, graph)))
    return model(INPUT, OUTPUT, graph)


whole = model(INPUT, OUTPUT, TENSORS, NODES)
FILES = [  # name, content, part of the message if it is refused
    ("two", whole, None),
    ("tokens", tokens(), None),
    ("pixels", pixels(), None),
    ("classifier", classifier(), None),
    ("elsewhere", elsewhere(), None),
    ("listed_twice", model(INPUT, value(11, "w1", [4, 3, 3, 3]), OUTPUT, TENSORS, NODES), None),
    ("metadata", model(INPUT, OUTPUT, TENSORS, NODES, behind=message(
        14, message(1, "key"), message(2, "value"))), None),
    ("branch", nested(3), None),
    ("fixed", model(value(11, "image", [1, 3, 32, 32]), OUTPUT, TENSORS, NODES), None),
    ("batch8", model(value(11, "image", [8, 3, 32, 32]), OUTPUT, TENSORS, NODES), None),
    ("oblong", model(value(11, "image", [1, 3, 32, 64]), OUTPUT, TENSORS, NODES), None),
    ("half", model(value(11, "image", ["n", 3, "h", "w"], 10), OUTPUT, TENSORS, NODES), None),
    ("empty", b"", "not an ONNX model"),
    ("text", b"not an ONNX network at all\n", "not an ONNX model"),
    ("no_graph", number(1, 8), "not an ONNX model"),
    ("no_nodes", model(INPUT, OUTPUT), "no graph with nodes"),
    ("cut", whole[:-20], "not an ONNX model, or damaged"),
    ("cut_inside", model(INPUT, OUTPUT, TENSORS, NODES + varint(1 << 3 | 2) + varint(1 << 40)),
     "damaged"),
    ("node_is_number", model(INPUT, OUTPUT, NODES, number(1, 5)), "graph is damaged"),
    ("group", model(INPUT, OUTPUT, NODES, varint(1 << 3 | 3)), "damaged"),
    ("endless_number", b"\xff" * 12, "not an ONNX model"),
    ("field_zero", whole + b"\x02\x00", "damaged"),
    ("no_input", model(OUTPUT, TENSORS, NODES), "0 inputs, expected 1"),
    ("two_inputs", model(INPUT, value(11, "mask", [1]), OUTPUT, TENSORS, NODES),
     "2 inputs, expected 1"),
    ("long_input", model(value(11, "x" * 300, ["n", 3, "h", "w"]), OUTPUT, TENSORS, NODES),
     "name is longer than"),
    ("rank_nine", model(value(11, "image", [1] * 9), OUTPUT, TENSORS, NODES), "is damaged"),
    ("same_name", model(INPUT, OUTPUT, TENSORS, NODES, node("Relu", ["c1"], ["fine"])),
     "two values have the name fine"),
    ("circle", model(INPUT, OUTPUT, node("Relu", ["deep"], ["fine"]),
                     node("Relu", ["fine"], ["deep"])), "order of computation"),
    ("itself", model(INPUT, OUTPUT, node("Relu", ["deep"], ["deep"])), "order of computation"),
    ("deep", nested(12), "nested too deep"),
    ("folder", elsewhere(location="../two.onnx"), "does not lie beside it"),
    ("dots", elsewhere(location=".."), "does not lie beside it"),
    ("root", elsewhere(location="/etc/passwd"), "does not lie beside it"),
    ("odd_offset", elsewhere(offset="-4"), "damaged"),
    ("odd_length", elsewhere(length="many"), "damaged"),
    ("two_files", model(INPUT, OUTPUT, outside("w1", [4, 3, 3, 3], {"location": "a"}),
                        outside("b1", [4], {"location": "b"}), NODES), "several other files"),
]

if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    for name, content, _ in FILES:
        with open(os.path.join(FOLDER, name + ".onnx"), "wb") as file:
            file.write(content)
    with open(os.path.join(FOLDER, "elsewhere.onnx.data"), "wb") as file:
        file.write(struct.pack(f"<{len(W1)}f", *W1))
    with open(os.path.join(FOLDER, "expected.tsv"), "w") as file:
        for name, _, refusal in FILES:
            file.write(name + (f"\t{refusal}" if refusal else "") + "\n")
