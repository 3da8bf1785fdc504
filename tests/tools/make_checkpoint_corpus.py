#!/usr/bin/env python3
"""Writes tests/corpus/checkpoint: files of torch.save that a reader must accept, and files that it
must refuse, each with a part of the expected message.  Needs PyTorch; run in the root of the
project."""
import io
import os
import pickle
import struct
import warnings
import zipfile
from collections import OrderedDict

import torch

FOLDER = "tests/corpus/checkpoint"
lines = []


def save_pickle(name, content):
    """The pickle of a file on its own, for the fuzzer to start from."""
    with zipfile.ZipFile(io.BytesIO(content)) as file, open(os.path.join(FOLDER, name + ".pkl"), "wb") as out:
        out.write(file.read("archive/data.pkl"))


def save(name, content, message=None):
    with open(os.path.join(FOLDER, name + ".pt"), "wb") as file:
        file.write(content)
    lines.append(name + ("\t" + message if message else "") + "\n")


# ---- what must be taken: the tensors are always those of `model()` ----------------------------


def model():
    """Tensors w (2, 3) float and n, a scalar integer."""
    return OrderedDict(w=torch.arange(6, dtype=torch.float32).reshape(2, 3), n=torch.tensor(5000000000))


def written(content, **options):
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def deflated(content):
    """The same archive, its entries deflated."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename), old.read(info), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def views():
    """The same values, but as views of one storage with a margin of 77."""
    storage = torch.full((20,), 77.0)
    view = storage.as_strided((2, 3), (1, 4), 5)
    view.copy_(model()["w"])
    return OrderedDict(w=view, n=torch.tensor([7, 5000000000])[1])


def module():
    holder = torch.nn.Module()
    for name, tensor in model().items():
        holder.register_buffer(name, tensor)
    parallel = torch.nn.Module()
    parallel.module = holder
    return parallel.state_dict()


def save_good():
    optimizer = {"state": {0: {"step": 3, "exp_avg": torch.zeros(2, dtype=torch.int16), "none": None}},
                 "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "seed": 2**80, "last": -1, "old": -(2**40),
                                   "done": True, "params": list(range(1100))}]}
    for protocol in (2, 3, 4, 5):
        if protocol == 3:  # the first that has bytes
            optimizer["note"], optimizer["big"] = b"bytes", b"x" * 300
        content = written({"model": model(), "optimizer": optimizer, "epoch": 70000}, pickle_protocol=protocol)
        save(f"protocol{protocol}", content)
        save_pickle(f"protocol{protocol}", content)
    save("flat", written(dict(model())))
    save("deflated", deflated(written(model())))
    save("views", written(views()))
    save("module", written(module()))
    save("parameters", written({k: torch.nn.Parameter(v, requires_grad=False) for k, v in model().items()}))
    for name in ("model", "state_dict", "model_state_dict", "ema", "net"):
        save("under_" + name, written({"best": torch.tensor(1.0), name: model()}))
    save("under_both", written({"state_dict": {"model": model()}}))
    same = model()["w"]
    save("same_twice", written({"w": same, "n": model()["n"], "other": {"w": same}}))


# ---- what must be refused: pickles made by hand ------------------------------------------------


def text(string):
    return b"X" + struct.pack("<I", len(string.encode())) + string.encode()


def number(value):
    return b"\x8a\x08" + struct.pack("<q", value)


def numbers(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(kind="FloatStorage", key="0", count=4):
    return b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(key) + text("cpu") + number(count) + b"tQ"


def tensor(shape=(4,), strides=(1,), offset=0, made=None):
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + (made or storage()) + number(offset) + numbers(shape)
            + numbers(strides) + b"\x89}tR")


def state_dict(*pairs):
    return b"\x80\x02}(" + b"".join(text(name) + value for name, value in pairs) + b"u."


def archive(data, arrays=(("0", bytes(16)),), top="archive/", method=zipfile.ZIP_STORED, more=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in [("data.pkl", data)] + [("data/" + k, v) for k, v in arrays] + list(more):
            file.writestr(zipfile.ZipInfo(top + name), content, method)
    return out.getvalue()


PICKLES = {  # name: (pickle, part of the message)
    "empty": (b"", "the pickle is truncated"),
    "no_stop": (b"\x80\x02}", "the pickle is truncated"),
    "cut_text": (b"\x80\x02X\xff\xff\xff\x7fabc.", "the pickle is truncated"),
    "cut_global": (b"\x80\x02cos\nsystem", "the pickle is truncated"),
    "nothing": (b"\x80\x02.", "contains no value"),
    "only_a_mark": (b"\x80\x02(.", "contains no value"),
    "system": (b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.", "global os.system"),
    "stack_system": (b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "global posix.system"),
    "dotted": (b"\x80\x02ccollections.OrderedDict\n\n.", "global collections.OrderedDict."),
    "escape": (b"\x80\x02ca\x1b[31m\nb\n.", "global a\\x1b[31m.b"),
    "object": (pickle.dumps(io.BytesIO(b"x"), 2), "global _io.BytesIO"),
    "newobj": (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "an object of a class that is not allowed"),
    "text_opcode": (b"I5\n.", "opcode 0x49"),
    "no_memo": (b"\x80\x02h\x05.", "was not memoized"),
    "huge_memo": (b"\x80\x02]r\xff\xff\xff\xff.", "its number is too large"),
    "memo_of_mark": (b"\x80\x02(q\0.", "nothing to memoize"),
    "no_mark": (b"\x80\x02]e.", "no mark"),
    "tuple_of_nothing": (b"\x80\x02\x85.", "too few values for a tuple"),
    "tuple_over_mark": (b"\x80\x02N(N\x86.", "too few values for a tuple"),
    "append_to_dict": (b"\x80\x02}Na.", "expected a list"),
    "appends_to_none": (b"\x80\x02N(Ne.", "expected a list"),
    "set_on_list": (b"\x80\x02]NNs.", "expected a dict"),
    "odd_items": (b"\x80\x02}(NNNu.", "expected a dict below the mark"),
    "items_on_mark": (b"\x80\x02((NNu.", "expected a dict below the mark"),
    "pop_nothing": (b"\x80\x020.", "the stack is empty"),
    "reduce_nothing": (b"\x80\x02R.", "expected a global and a tuple"),
    "reduce_text": (b"\x80\x02X\x01\0\0\0a)R.", "expected a global and a tuple"),
    "dict_of_pairs": (b"\x80\x02ccollections\nOrderedDict\n]\x85R.", "an OrderedDict with arguments"),
    "call_a_storage": (b"\x80\x02ctorch\nFloatStorage\n)R.", "a storage type is not a function"),
    "build_on_list": (b"\x80\x02]}b.", "expected an OrderedDict and its attributes"),
    "parameter_of_none": (b"\x80\x02ctorch._utils\n_rebuild_parameter\nN\x85R.", "a Parameter that is not a tensor"),
    "storage_of_text": (b"\x80\x02X\x01\0\0\x000Q.", "a tuple of five"),
    "storage_of_four": (b"\x80\x02(" + text("storage") * 4 + b"tQ.", "a tuple of five"),
    "storage_of_a_function": (state_dict(("t", tensor(made=storage("_utils")))), "global torch._utils"),
    "storage_of_a_dict": (b"\x80\x02(" + text("storage") + b"ccollections\nOrderedDict\n" + text("0") + text("cpu")
                          + number(1) + b"tQ.", 'expected "storage"'),
    "negative_storage": (state_dict(("t", tensor(made=storage(count=-1)))), 'expected "storage"'),
    "tensor_of_none": (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(NNNNNNtR.", "expected a tensor's storage"),
    "ranks_differ": (state_dict(("t", tensor((2, 2), (1,)))), "expected a tensor's storage"),
    "rank_nine": (state_dict(("t", tensor((1,) * 9, (1,) * 9))), "expected a tensor's storage"),
    "text_in_shape": (state_dict(("t", tensor().replace(number(4) + b"t(", text("4") + b"t("))), "expected a tensor's storage"),
    "list": (b"\x80\x02].", "does not contain a dict"),
    "no_tensor": (b"\x80\x02}X\x01\0\0\0aK\x01s.", "does not contain a state dict"),
    "no_tensor_inside": (state_dict(("t", tensor()), ("model", b"}")), "does not contain a state dict"),
    "deep": (b"\x80\x02" + b"]" * 20000 + b"a" * 19999 + b".", "does not contain a dict"),
    "marks": (b"\x80\x02" + b"(" * 20000 + b".", "contains no value"),
    "contains_itself": (b"\x80\x02}q\0X\x05\0\0\0modelh\0s.", "does not contain a state dict"),
    "negative_shape": (state_dict(("t", tensor((-4,)))), "tensor t: shape, strides or offset are negative"),
    "negative_stride": (state_dict(("t", tensor((4,), (-1,), 3))), "are negative or too large"),
    "negative_offset": (state_dict(("t", tensor(offset=-1))), "are negative or too large"),
    "huge_shape": (state_dict(("t", tensor((2**40, 2**40), (0, 0)))), "are negative or too large"),
    "huge_reach": (state_dict(("t", tensor((4, 2), (2**62, 2**62)))), "are negative or too large"),
    "huge_offset": (state_dict(("t", tensor((4,), (1,), 2**63 - 1))), "are negative or too large"),
    "huge_storage": (state_dict(("t", tensor(made=storage(count=2**62)))), "are negative or too large"),
    "beyond_storage": (state_dict(("t", tensor((3,), (1,), 2))), "tensor t reaches item 4 of a storage of 4"),
    "strided_beyond": (state_dict(("t", tensor((2, 2), (3, 1)))), "tensor t reaches item 4 of a storage of 4"),
    "broadcast_bomb": (state_dict(("t", tensor((2**28,), (0,)))), "the limit of 536870912"),
    "storage_bomb": (state_dict(("t", tensor(made=storage(count=2**28)))), "storages of more bytes than the limit of 536870912"),
    "short_type": (state_dict(("t", tensor(made=storage("ShortStorage", count=8)))), "tensor t is a torch.ShortStorage"),
    "quantised": (state_dict(("t", tensor(made=storage("QInt8Storage")))), "global torch.QInt8Storage"),
    "no_entry": (state_dict(("t", tensor(made=storage(key="9")))), "the entry data/9 is missing"),
    "long_key": (state_dict(("t", tensor(made=storage(key="9" * 70)))), "name of a storage is too long"),
    "short_storage": (state_dict(("t", tensor(made=storage(count=5)))), "its storage has 16 bytes, expected 5 items of 4"),
    "long_storage": (state_dict(("t", tensor((2,), made=storage(count=2)))), "has 16 bytes, expected at most 8"),
    "name_with_nul": (state_dict(("a\0b", tensor())), "name contains a zero byte"),
    "name_twice": (state_dict(("a", tensor()), ("module.a", tensor())), "tensor a is stored twice"),
}


def save_bad():
    for name, (data, message) in PICKLES.items():
        save(name, archive(data), message)
    good = state_dict(("t", tensor()))
    save("deflated_bomb", archive(good, [("0", bytes(1 << 20))], method=zipfile.ZIP_DEFLATED),
         "the entry data/0 has 1048576 bytes, expected at most 16")
    save("pickle_bomb", archive(good + bytes(5 << 20), method=zipfile.ZIP_DEFLATED), "expected at most 4194304")
    damaged = archive(good, [("0", b"0123456789abcdef")])
    save("wrong_crc", damaged.replace(b"0123456789", b"0123x56789"), "the entry data/0 is damaged")
    save("big_endian", archive(good, more=[("byteorder", b"big")]), "its byteorder is not little")
    save("no_folder", archive(good, top=""), "without FOLDER/data.pkl")
    save("other_zip", archive(good, top="a/b/"), "without FOLDER/data.pkl")
    save("half_zip", archive(good)[:200], "damaged zip archive")
    legacy = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."  # its magic and protocol numbers
    save("legacy", legacy, "written by a PyTorch before 1.6")
    save("picture", b"\x89PNG\r\n\x1a\n" + bytes(20), "not a zip archive")
    save("nothing_at_all", b"", "not a zip archive")


warnings.filterwarnings("ignore")
os.makedirs(FOLDER, exist_ok=True)
for old in os.listdir(FOLDER):
    os.remove(os.path.join(FOLDER, old))
save_good()
save_bad()
with open(os.path.join(FOLDER, "expected.tsv"), "w") as file:
    file.writelines(lines)
