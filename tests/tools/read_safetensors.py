#!/usr/bin/env python3
"""Reads the file format, as a second reader written from doc/format.md: checks the structure of a
file, except the checksum, and prints its metadata, then each tensor in the order of the data:
name, type, shape, first byte in the file, CRC-32."""
import json
import struct
import sys
import zlib

SIZES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "U8": 1}


def unique(pairs):
    assert len(dict(pairs)) == len(pairs), "a key occurs twice"
    return dict(pairs)


with open(sys.argv[1], "rb") as file:
    content = file.read()
(length,) = struct.unpack_from("<Q", content)
start = 8 + length
assert length <= 1 << 20 and start <= len(content), "header length"
assert start % 64 == 0, "data does not begin at a multiple of 64"
assert content[8:].startswith(b'{"__metadata__":{"checksum":"'), "checksum is not where it belongs"
header = json.loads(content[8:start], object_pairs_hook=unique)
metadata = header.pop("__metadata__")
assert len(metadata["checksum"]) == 32 and set(metadata["checksum"]) <= set("0123456789abcdef")
for key in sorted(metadata):
    if key != "checksum":
        print(f"{key}: {metadata[key]}")

end, last = start, (-64, "")
for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    size = SIZES[tensor["dtype"]]
    for number in tensor["shape"]:
        size *= number
    begin = start + tensor["data_offsets"][0]
    assert begin == end, f"{name}: a hole or an overlap"
    end = start + tensor["data_offsets"][1]
    assert end - begin == size, f"{name}: shape and offsets"
    alignment = (size | 64) & -(size | 64)
    assert begin % alignment == 0 and begin % SIZES[tensor["dtype"]] == 0, f"{name}: alignment"
    assert last < (-alignment, name), f"{name}: order"
    last = (-alignment, name)
    print(name, tensor["dtype"], tensor["shape"], begin, f"{zlib.crc32(content[begin:end]):08x}")
assert end == len(content), "bytes after the last tensor"
