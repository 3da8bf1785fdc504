#!/usr/bin/env python3
"""Writes tests/corpus/safetensors: files that a reader must refuse, each with a part of the
expected message, and files that it must accept.  Run in the root of the project."""
import os
import struct

FOLDER = "tests/corpus/safetensors"
A = '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
B = '"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}'
OURS = '"__metadata__":{"checksum":"%s","format":"blemish-weights","format_version":"%s"}'


def tensor(dtype, shape, begin, end):
    return '{"t":{"dtype":"%s","shape":%s,"data_offsets":[%s,%s]}}' % (dtype, shape, begin, end)


GOOD = {  # name: (header, bytes of data)
    "two": ("{%s,%s}" % (A, B), 11),
    "none": ("{}", 0),
    "padded": ("{%s}   " % A, 8),
    "metadata": ('{"__metadata__":{"made":"by hand"},%s}' % A, 8),
    "scalar": (tensor("F64", "[]", 0, 8), 8),
    "empty_tensors": ('{"e":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},%s,'
                      '"f":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}' % A, 8),
    "unsorted": ("{%s,%s}" % (B, A), 11),
    "unicode": ('{"\\u00e4\\ud834\\udd1e":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8),
    "unknown_member": (tensor("F32", "[2]", 0, 8).replace('"shape"', '"more":[{}],"shape"'), 8),
}
BAD = {  # name: (header, bytes of data, part of the message)
    "blank_first": (" {%s}" % A, 8, "does not begin with '{'"),
    "array": ("[]", 0, "does not begin with '{'"),
    "no_header": ("", 0, "does not begin with '{'"),
    "half_json": ('{"a":', 0, "not valid JSON"),
    "two_values": ("{%s}{}" % A, 8, "not valid JSON"),
    "deep": ('{"a":' + "[" * 5000 + "]" * 5000 + "}", 0, "maximum parsing depth"),
    "key_twice": ("{%s,%s}" % (A, A), 8, "duplicate object key"),
    "nul_in_name": ('{"a\\u0000b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8, "not valid JSON"),
    "not_utf8": (b'{"a\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8, "unable to decode byte 0xff"),
    "tensor_is_number": ('{"t":1}', 0, "tensor t: expected an object"),
    "metadata_is_array": ('{"__metadata__":[]}', 0, "__metadata__: expected an object"),
    "metadata_number": ('{"__metadata__":{"n":1}}', 0, "metadata n: expected a string"),
    "no_dtype": ('{"t":{"shape":[1],"data_offsets":[0,4]}}', 4, "tensor t has no dtype"),
    "unknown_dtype": (tensor("F8_E4M3", "[4]", 0, 4), 4, "has the dtype F8_E4M3, expected"),
    "no_shape": ('{"t":{"dtype":"F32","data_offsets":[0,4]}}', 4, "expected a shape"),
    "rank_nine": (tensor("U8", "[1,1,1,1,1,1,1,1,1]", 0, 1), 1, "a shape of at most 8 numbers"),
    "negative_length": (tensor("F32", "[-1]", 0, 4), 4, "number 1 of the shape is not a whole number"),
    "real_length": (tensor("F32", "[1,1.0]", 0, 4), 4, "number 2 of the shape is not a whole number"),
    "huge_length": (tensor("F32", "[99999999999999999999]", 0, 4), 4, "too big integer"),
    "huge_shape": (tensor("F32", "[4294967296,4294967296]", 0, 0), 0, "the shape is too large"),
    "huge_but_empty": (tensor("F32", "[0,4294967296,4294967296]", 0, 0), 0, "the shape is too large"),
    "no_offsets": ('{"t":{"dtype":"F32","shape":[1]}}', 4, "data_offsets are not two rising numbers"),
    "three_offsets": (tensor("F32", "[1]", 0, "4,4"), 4, "data_offsets are not two rising numbers"),
    "falling_offsets": (tensor("F32", "[1]", 4, 0), 4, "data_offsets are not two rising numbers"),
    "negative_offset": (tensor("F32", "[1]", -4, 0), 4, "data_offsets are not two rising numbers"),
    "beyond_end": (tensor("F32", "[2]", 0, 8), 4, "ends at byte 8 of the data, which has 4"),
    "shape_and_offsets": (tensor("F32", "[3]", 0, 8), 8, "takes 8 bytes, expected 12"),
    "hole_at_start": (tensor("F32", "[1]", 4, 8), 8, "begins at byte 4 of the data, expected 0: a hole"),
    "hole_between": ('{%s,"c":{"dtype":"U8","shape":[3],"data_offsets":[9,12]}}' % A, 12, "expected 8: a hole"),
    "overlap": ('{%s,"c":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}' % A, 8, "expected 8: an overlap"),
    "same_place": ('{%s,"c":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' % A, 8, "an overlap"),
    "bytes_left": ("{%s}" % A, 9, "end at byte 8 of the data, which has 9"),
    "misaligned": ('{"c":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},'
                   '"d":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}', 6, "not aligned to its items of 4"),
    "must_understand": ('{"__metadata__":{"!mirror":"yes"},%s}' % A, 8, "a newer version of blemish, which understands !mirror"),
    "no_version": ('{"__metadata__":{"format":"blemish-weights"}}', 0, "format_version (none)"),
    "newer": ("{%s}" % OURS % ("0" * 32, "2.0"), 0, "format_version 2.0 of blemish-weights, this program reads 1.x"),
    "major_ten": ("{%s}" % OURS % ("0" * 32, "10.0"), 0, "format_version 10.0 of blemish-weights"),
    "no_checksum": ('{"__metadata__":{"format":"blemish-model","format_version":"1.0"}}', 0, "without a checksum"),
    "wrong_checksum": ("{%s,%s}" % (OURS % ("5" * 32, "1.0"), A), 8, "damaged, or changed"),
    "short_checksum": ("{%s,%s}" % (OURS % ("5", "1.0"), A), 8, "damaged, or changed"),
    "moved_checksum": ('{"__metadata__":{"a":"","checksum":"%s"},%s}' % ("5" * 32, A), 8, "damaged, or changed"),
}
RAW = {  # name: (bytes, part of the message)
    "no_bytes": (b"", "0 bytes, too few"),
    "seven_bytes": (b"\2\0\0\0\0\0\0", "7 bytes, too few"),
    "cut_off": (struct.pack("<Q", 100) + b"{}", "a header of 100 bytes, but the file has only 2 more"),
    "longest": (struct.pack("<Q", 2**64 - 1) + b"{}", "a header of 18446744073709551615 bytes, expected at most"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(20), "not a safetensors file"),
}


def save(name, content):
    with open(os.path.join(FOLDER, name + ".safetensors"), "wb") as file:
        file.write(content)


def build(header, size):
    header = header.encode() if isinstance(header, str) else header
    header += b" " * (-len(header) % 8)  # so that data is aligned, as any writer does
    return struct.pack("<Q", len(header)) + header + bytes(range(1, size + 1))


os.makedirs(FOLDER, exist_ok=True)
for name in os.listdir(FOLDER):
    os.remove(os.path.join(FOLDER, name))
lines = []
for name, (header, size) in GOOD.items():
    save(name, build(header, size))
    lines.append(f"{name}\n")
for name, (header, size, message) in BAD.items():
    save(name, build(header, size))
    lines.append(f"{name}\t{message}\n")
for name, (content, message) in RAW.items():
    save(name, content)
    lines.append(f"{name}\t{message}\n")
with open(os.path.join(FOLDER, "expected.tsv"), "w") as file:
    file.writelines(lines)
