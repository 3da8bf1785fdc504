#!/usr/bin/env python3
"""Prints what PyTorch reads from a checkpoint, for tests/golden/checkpoint/*.tsv: name, type,
shape and CRC-32 of the little-endian bytes in row-major order, sorted by name.

    list_checkpoint.py FILE [ENTRY]     ENTRY: of the outer dict
"""
import sys
import zlib

import torch

TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64",
         torch.int64: "I64", torch.int32: "I32", torch.uint8: "U8"}
tensors = torch.load(sys.argv[1], map_location="cpu")
if len(sys.argv) > 2:
    tensors = tensors[sys.argv[2]]
rows = []
for name, tensor in tensors.items():
    bits = tensor.detach().contiguous()
    if bits.dtype == torch.bfloat16:
        bits = bits.view(torch.int16)
    shape = ",".join(map(str, tensor.shape))
    crc = zlib.crc32(bits.numpy().tobytes())
    rows.append(f"{name.removeprefix('module.')}\t{TYPES[tensor.dtype]}\t[{shape}]\t{crc:08x}")
print("\n".join(sorted(rows)))
