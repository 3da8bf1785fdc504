#!/usr/bin/env python3
"""Half a minute of distil.py on a CPU: synthetic photos, a random teacher, ConTNet-Ti and
the ResNet `c`.

Checks that the losses fall, that a stopped run goes on, that a state begins a new
schedule, that a stored ring serves a second run, that targets are whitened, that a
deepened network computes the same, that an exported one does, and, where SciPy is there,
that a tolerance is the least distance among the neighbours.
Exits 77 (skipped) where PyTorch is absent.
"""

import os
import sys
import tempfile
import zipfile

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from PIL import Image
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

import contnet
import distil
import export
import students
import teachers


def write_photos(folder, random):
    """Sixteen images of blocks: eight files of any shape, eight more in a zip."""
    with zipfile.ZipFile(f"{folder}/pack.zip", "w") as pack:
        for i in range(16):
            blocks = random.randint(0, 256, (4 + i % 3, 5, 3)).astype(np.uint8)
            path = f"{folder}/{i}.png"
            Image.fromarray(blocks).resize((300, 260), Image.NEAREST).save(path)
            if i % 2:
                pack.write(path, os.path.basename(path))
                os.remove(path)


def write_teacher(path, random):
    """A ResNet-18 of random weights under torchvision's names, norms folded."""
    shapes = {"conv1": (64, 3, 7)}
    for layer in (1, 2, 3):
        cin, cout = 32 << max(1, layer - 1), 32 << layer
        for b in (0, 1):
            shapes[f"layer{layer}.{b}.conv1"] = (cout, cout if b else cin, 3)
            shapes[f"layer{layer}.{b}.conv2"] = (cout, cout, 3)
        if layer > 1:
            shapes[f"layer{layer}.0.downsample.0"] = (cout, cin, 1)
    arrays = {}
    for name, (cout, cin, k) in shapes.items():
        spread = np.sqrt(2 / (cin * k * k))
        arrays[name + ".weight"] = random.normal(0, spread, (cout, cin, k, k)).astype(
            np.float16
        )
        arrays[name + ".bias"] = np.zeros(cout, np.float16)
    np.savez(path, **arrays)


def run(folder, samples, *more, variant="Ti"):
    distil.main(
        [
            "--variant",
            variant,
            "--photos",
            folder,
            "--teacher",
            f"resnet18={folder}/t.npz",
            "--state",
            f"{folder}/s.pt",
            "--samples",
            str(samples),
            "--lr",
            "3e-3",
            "--batch",
            "8",
            "--micro",
            "4",
            "--ring",
            "32",
            "--threads",
            "2",
            *more,
        ]
    )
    return contnet.load(f"{folder}/s.pt")


def loss(state, folder):
    """Of the state's network, as it is now, on crops drawn from a fixed seed."""
    torch.manual_seed(1)
    teach = teachers.Teachers([f"resnet18={folder}/t.npz"], "cpu")
    net, heads = contnet.ConTNet("Ti"), distil.Heads([96, 192, 384], teach.splits)
    net.load_state_dict(state["net"])
    heads.load_state_dict(state["heads"])
    ring = distil.Ring(distil.Photos(folder, 1), teach, 16, "cpu")
    ring.renew(*ring.due(16))
    with torch.no_grad():
        x, t = ring.read(torch.arange(16), [])
        return sum(heads(net(x), t)).item()


def check_folding():
    """A batch norm folded into its convolution gives the same results."""
    torch.manual_seed(4)
    conv, bn = (
        torch.nn.Conv2d(3, 8, 3, bias=False),
        torch.nn.BatchNorm2d(8, eps=1e-3).eval(),
    )
    for q in (bn.weight, bn.bias, bn.running_mean, bn.running_var):
        torch.nn.init.uniform_(q, 0.5, 2)
    w = {f"c.{k}": v for k, v in conv.state_dict().items()}
    w.update({f"b.{k}": v for k, v in bn.state_dict().items()})
    x = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        a, b = bn(conv(x)), F.conv2d(x, *teachers.folded(w, "c", "b", 1e-3))
    assert (a - b).abs().max() <= 1e-5 * a.abs().max(), "a folded norm differs"


def check_growth():
    """A deepened network computes the same as the shallow one."""
    torch.manual_seed(2)
    shallow, deep = contnet.ConTNet("S").eval(), contnet.ConTNet("M").eval()
    for m in shallow.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.5, 2)
    deep.load_state_dict(contnet.grow(shallow.state_dict(), deep))
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        for a, b in zip(shallow(x), deep(x)):
            assert (a - b).abs().max() <= 1e-4 * a.abs().max(), "a grown network differs"


def check_export(state, folder):
    """The exported network is the averaged one, with each stage in its new unit."""
    flat = export.export(state, distil.Photos(folder, 1), 0.04, 16)
    assert all(v.dtype in (torch.float16, torch.int64) for v in flat.values())
    student = students.STUDENTS[students.name_of(flat)]
    nets = [student.build().eval() for _ in range(2)]
    nets[0].load_state_dict(state["ema"])
    nets[1].load_state_dict(contnet.floats(flat))
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        for a, b in zip(nets[0](x), nets[1](x)):
            factor = (a * b).sum() / a.square().sum()
            assert (
                factor * a - b
            ).abs().max() <= 2e-2 * b.abs().max(), "an export differs"
    torch.manual_seed(3)
    found = export.variances(nets[1], distil.Photos(folder, 1), 16)
    assert len(found) == len(student.sides)
    for v, wanted in zip(found, (0.16, 0.04, 0.01)):
        assert wanted / 2 < v < wanted * 2, f"a variance of {v:.3g}, not {wanted}"


def check_whitening():
    """With a small C, a teacher's channels come out uncorrelated among themselves."""
    torch.manual_seed(5)
    maps = torch.randn(64, 8, 6, 6)
    maps[:, 1] += maps[:, 0]  # within the first teacher
    maps[:, 5] += maps[:, 0]  # between the two: stays
    target = distil.Target([4, 4], 1e-6)
    target.fit(maps)
    c = torch.cov(target(maps).transpose(0, 1).flatten(1))
    assert c[:4, :4].sub(torch.eye(4)).abs().max() < 1e-2, "a teacher is not whitened"
    assert c[5, 0] > 0.5, "two teachers were whitened together"


def check_tolerance():
    """On a grid of 4 x 4: the least over neighbours of the distance by the inverse."""
    try:
        import evaluate
    except ImportError as e:
        print(f"not checked, tolerance: {e}")
        return
    torch.manual_seed(6)
    for images in (12, 3):  # more and fewer than channels
        train, test = torch.randn(16, images, 5), torch.randn(16, 7, 5)
        found = evaluate.distances(train, test, 0.1, 4, 1)
        inverse = [torch.linalg.inv(torch.cov(x.T) + 0.1 * torch.eye(5)) for x in train]
        for p in range(16):
            least = torch.full((7,), torch.inf)
            for q in range(16):
                if max(abs(p // 4 - q // 4), abs(p % 4 - q % 4)) <= 1:
                    y = test[p] - train[q].mean(0)
                    least = least.minimum(((y @ inverse[q]) * y).sum(1).sqrt())
            assert (found[:, p] - least).abs().max() < 1e-3 * least.max(), (images, p)


def check_resnet(folder):
    """Two runs on one stored ring: the second begins with the crops of the first."""
    options = ("--store", f"{folder}/ring", "--reuse", "0", "--whiten", "0.1")
    options += ("--state", f"{folder}/c.pt")
    run(folder, 8, *options, variant="c")
    with open(f"{folder}/ring/maps28", "rb") as f:
        stored = f.read()
    run(folder, 64, *options, variant="c")
    with open(f"{folder}/ring/maps28", "rb") as f:
        assert f.read() == stored and any(stored), "the stored ring was renewed"
    state = contnet.load(f"{folder}/c.pt")
    assert (state["seen"], state["step"]) == (64, 8)
    assert (state["heads"]["targets.0.whiten"] != torch.eye(128)).any()
    check_export(state, folder)


def main():
    random = np.random.RandomState(0)
    with tempfile.TemporaryDirectory() as folder:
        write_photos(folder, random)
        write_teacher(f"{folder}/t.npz", random)
        begun = run(folder, 8)
        assert (begun["seen"], begun["step"]) == (8, 1), "the first step was not counted"
        done = run(folder, 128)
        assert (done["seen"], done["step"]) == (
            128,
            16,
        ), "the run did not go on where it was"
        before, after = loss(begun, folder), loss(done, folder)
        print(f"loss {before:.3f} after a step, {after:.3f} after 16")
        assert after < 0.9 * before, "the loss does not fall"
        check_export(done, folder)
        os.rename(f"{folder}/s.pt", f"{folder}/old.pt")
        anew = run(folder, 8, "--from", f"{folder}/old.pt", "--lr", "1e-4")
        assert (anew["seen"], anew["step"]) == (
            8,
            1,
        ), "--from did not begin a new schedule"
        assert loss(anew, folder) < 0.9 * before, "--from lost the weights"
        check_resnet(folder)
    check_whitening()
    check_tolerance()
    check_growth()
    check_folding()
    print("smoke_test: passed")


if __name__ == "__main__":
    main()
