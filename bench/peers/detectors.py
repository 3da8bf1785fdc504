#!/usr/bin/env python3
"""anomalib's PaDiM or PatchCore (ResNet-18) and blemish on the same images, as whole processes.

Both learn from DATASET/train/good and score all of DATASET/test.  The wall time and the peak
memory of a process count from its start to its end, start-up and reading of images included.
"""
import argparse
import csv
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

from common import ROOT, append, commit, print_table, quantiles, wait_for_quiet

SIDE = 224  # of the input, for both
SHARED = os.path.join(ROOT, "..", "shared")
# anomalib's class for each preset; layers of ResNet-18 with weights in each, norms included.
PRESETS = {"padim": "Padim", "patchcore": "Patchcore"}
LAYERS = {"Padim": 2 * 15, "Patchcore": 2 * 15}


# ---- anomalib: each function is a process of its own -----------------------------------------

def model_of(kind, weights):
    """anomalib's model as it comes, but for the input's size and where the weights are from."""
    import numpy as np
    import torch
    from anomalib import models
    cls = getattr(models, kind)
    model = cls(backbone="resnet18", pre_trained=False, visualizer=False, evaluator=False,
                pre_processor=cls.configure_pre_processor((SIDE, SIDE)))
    with np.load(weights) as z:
        tensors = {k: torch.from_numpy(z[k].astype("float32")) for k in z.files}
    # The file's batch norms are folded into its convolutions; here theirs become a mere shift.
    loaded = 0
    for name, module in model.model.feature_extractor.named_modules():
        name = name.rpartition("feature_extractor.")[2]
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data.copy_(tensors[name + ".weight"])
            loaded += 1
        elif isinstance(module, torch.nn.BatchNorm2d):
            conv = name.replace("downsample.1", "downsample.0").replace("bn", "conv")
            module.weight.data.fill_((1 + module.eps) ** 0.5)
            module.bias.data.copy_(tensors[conv + ".bias"])
            loaded += 1
    if loaded != LAYERS[kind]:
        raise SystemExit(f"{weights}: {loaded} layers of {LAYERS[kind]} were found")
    return model


def torchvision_file(weights, path):
    """The same weights under torchvision's names, as `blemish import` reads them."""
    import numpy as np
    import torch
    import torchvision
    net = torchvision.models.resnet18(weights=None)
    with np.load(weights) as z:
        tensors = {k: torch.from_numpy(z[k].astype("float32")) for k in z.files}
    for name, module in net.named_modules():
        if isinstance(module, torch.nn.Conv2d) and name + ".weight" in tensors:
            module.weight.data.copy_(tensors[name + ".weight"])
        elif isinstance(module, torch.nn.BatchNorm2d):
            conv = name.replace("downsample.1", "downsample.0").replace("bn", "conv")
            if conv + ".bias" in tensors:
                module.weight.data.fill_((1 + module.eps) ** 0.5)
                module.bias.data.copy_(tensors[conv + ".bias"])
    torch.save(net.state_dict(), path)


def images_of(dataset):
    return sorted(glob.glob(os.path.join(dataset, "test", "*", "*.*")))


def anomalib_fit(kind, dataset, weights, folder):
    """Engine.fit, as the documentation shows it, and the model exported for the inferencer."""
    import torch
    from anomalib.data import Folder
    from anomalib.deploy import ExportType
    from anomalib.engine import Engine
    torch.manual_seed(0)
    data = Folder(name="set", root=dataset, normal_dir="train/good", test_split_mode="none",
                  val_split_mode="none", train_batch_size=32, num_workers=0)
    engine = Engine(default_root_dir=folder, logger=False, accelerator="cpu",
                    enable_progress_bar=False, limit_val_batches=0)
    model = model_of(kind, weights)
    engine.fit(model=model, datamodule=data)
    engine.export(model, ExportType.TORCH, export_root=folder)


def scores_of(inferencer, paths, maps):
    import numpy as np
    for path in paths:
        said = inferencer.predict(path)
        score, heat = (np.asarray(v, np.float32).squeeze() for v in
                       (said.pred_score, said.anomaly_map))
        print(f"{path},{float(score):.9g}")
        if maps:
            np.save(os.path.join(maps, str(len(os.listdir(maps))).zfill(6)), heat)


def anomalib_torch(folder, paths, maps):
    from anomalib.deploy import TorchInferencer
    path = os.path.join(folder, "weights", "torch", "model.pt")
    scores_of(TorchInferencer(path=path, device="cpu"), paths, maps)


def bare_batches(paths):
    """(n, 3, SIDE, SIDE) normalised as ImageNet's, 32 at a time, read by two threads."""
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    import torch
    from PIL import Image

    def read(path):
        x = np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.BILINEAR))
        x = (x / np.float32(255) - np.float32([.485, .456, .406])) / np.float32([.229, .224, .225])
        return torch.from_numpy(x.astype("float32").transpose(2, 0, 1).copy())

    with ThreadPoolExecutor(2) as pool:
        for i in range(0, len(paths), 32):
            yield torch.stack(list(pool.map(read, paths[i:i + 32])))


def bare_fit(kind, dataset, weights, folder):
    """The same model without Lightning around it: the least that it costs in PyTorch."""
    import torch
    torch.manual_seed(0)
    model = model_of(kind, weights).model.train()
    model.feature_extractor.eval()
    for x in bare_batches(sorted(glob.glob(os.path.join(dataset, "train", "good", "*.*")))):
        model(x)
    if kind == "Padim":
        model.fit()
    else:
        model.subsample_embedding(0.1)
    torch.save(model, os.path.join(folder, "bare.pt"))


def bare_score(folder, paths, _):
    import torch
    model = torch.load(os.path.join(folder, "bare.pt"), weights_only=False).eval()
    with torch.inference_mode():
        scores = [s for x in bare_batches(paths) for s in model(x).pred_score.flatten().tolist()]
    for path, score in zip(paths, scores):
        print(f"{path},{score:.9g}")


# ---- measuring a process ---------------------------------------------------------------------

def measure(command, **more):
    """(seconds, peak MB, stdout) of a process that must succeed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as talk:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=talk, **more)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        talk.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}: {process.returncode}\n{talk.read()[-2000:]}")
        return seconds, usage.ru_maxrss / 1024, out.read()


def step(name, *arguments):
    """A process of its own: its peak memory would otherwise count for all that are started later.

    Without the threshold, glibc's heap grows by 18 MB for each patch that anomalib's coreset
    chooses: 24 GB did not suffice for 31 images.
    """
    environment = dict(os.environ, TRUST_REMOTE_CODE="1", HF_HUB_OFFLINE="1",
                       MALLOC_MMAP_THRESHOLD_="4000000")
    return measure([sys.executable, os.path.abspath(__file__), "--step", name, *arguments],
                   env=environment)


def run_step(name, arguments):
    if not name.endswith(("_torch", "_score")):
        return globals()[name](*arguments)
    folder, maps, *paths = arguments
    return globals()[name](folder, paths, maps)


# ---- accuracy --------------------------------------------------------------------------------

def auroc(dataset, said):
    """Image AUROC of lines 'path,score'."""
    from sklearn.metrics import roc_auc_score
    rows = [r for r in csv.reader(said.splitlines()) if len(r) == 2]
    bad = [os.path.basename(os.path.dirname(path)) != "good" for path, _ in rows]
    if len(rows) != len(images_of(dataset)):
        raise SystemExit(f"{len(rows)} scores of {len(images_of(dataset))} images")
    return roc_auc_score(bad, [float(score) for _, score in rows])


def pixel_auroc(dataset, maps):
    """Of maps in the order of images_of; masks by NEAREST."""
    import numpy as np
    from PIL import Image
    from sklearn.metrics import roc_auc_score
    heat, truth = [], []
    for path, name in zip(images_of(dataset), sorted(os.listdir(maps))):
        kind, file = path.split(os.sep)[-2:]
        mask = os.path.join(dataset, "ground_truth", kind, os.path.splitext(file)[0] + "_mask.png")
        heat.append(np.load(os.path.join(maps, name)))
        truth.append(np.zeros((SIDE, SIDE), bool) if kind == "good" else
                     np.asarray(Image.open(mask).convert("L").resize((SIDE, SIDE), 0)) > 0)
    return roc_auc_score(np.ravel(truth), np.ravel(heat))


# ---- the comparison --------------------------------------------------------------------------

class Anomalib:
    def __init__(self, name, args, fit, score):
        self.name, self.args, self.fit_step, self.score_step = name, args, fit, score
        self.folder = os.path.join(args.scratch, name.replace(" ", "_"))
        os.makedirs(self.folder)

    def fit(self):
        return step(self.fit_step, PRESETS[self.args.preset], self.args.dataset,
                    self.args.resnet, self.folder)

    def score(self, paths):
        return step(self.score_step, self.folder, "", *paths)

    def accuracy(self):
        maps = os.path.join(self.folder, "maps")
        os.makedirs(maps)
        said = step(self.score_step, self.folder, maps, *images_of(self.args.dataset))[2]
        pixel = pixel_auroc(self.args.dataset, maps) if os.listdir(maps) else float("nan")
        return auroc(self.args.dataset, said), pixel


class Blemish:
    """A recipe of blemish: a preset with the same ResNet-18, or the default with own weights."""

    def __init__(self, name, options, args):
        self.name, self.options, self.args = f"blemish {commit()} {name}", options, args
        self.model = os.path.join(args.scratch, name.replace(" ", "_") + ".model")

    def fit(self):
        return measure([self.args.blemish, "fit", os.path.join(self.args.dataset, "train", "good"),
                        *self.options, "--keep-copies", "-o", self.model, "--quiet"])

    def score(self, paths):
        return measure([self.args.blemish, "detect", self.model, *paths, "--json", "--quiet"])

    def accuracy(self):
        said = measure([self.args.blemish, "eval", self.model, self.args.dataset, "--json",
                        "--quiet"])[2]
        said = json.loads(said)
        return said["image_auroc"], said["pixel_auroc"]


def compare(args, programs):
    taken = {p.name: {"fit": [], "score all": [], "score one": []} for p in programs}
    every = images_of(args.dataset)
    for _ in range(args.rounds):
        for p in programs:
            print(p.name, file=sys.stderr)
            for case, work in (("fit", p.fit), ("score all", lambda p=p: p.score(every)),
                               ("score one", lambda p=p: p.score(every[:1]))):
                wait_for_quiet(args.wait)
                taken[p.name][case].append(work()[:2])
    return taken, {p.name: p.accuracy() for p in programs}


def rows_of(taken, accuracy, base):
    for case in ("fit", "score all", "score one"):
        for column, quantity in ((0, "s"), (1, "peak MB")):
            ours = quantiles([t[column] for t in taken[base][case]])[0]
            for name, cases in taken.items():
                median, low, high = quantiles([t[column] for t in cases[case]])
                yield case, name, quantity, median, low, high, median / ours
    for i, quantity in enumerate(("image AUROC", "pixel AUROC")):
        for name, values in accuracy.items():
            v = values[i]
            if v == v:  # the bare model's maps are not kept: no pixel AUROC
                yield "accuracy", name, quantity, v, v, v, v / accuracy[base][i]


def main():
    if sys.argv[1:2] == ["--step"]:
        return run_step(sys.argv[2], sys.argv[3:])
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--blemish", default=os.path.join(ROOT, "build/release/apps/blemish/blemish"))
    p.add_argument("--preset", choices=PRESETS, default="padim")
    p.add_argument("--weights", default="b", help="of blemish's default recipe; \"\": without it")
    p.add_argument("--dataset", default=os.path.join(SHARED, "data/magnetic_tile"))
    p.add_argument("--resnet", default=os.path.join(SHARED, "pretrain/resnet18.npz"))
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--wait", type=float, default=60, help="seconds for a quiet machine")
    p.add_argument("--csv", default=os.path.join(ROOT, "bench/results.csv"))
    args = p.parse_args()
    from importlib.metadata import version
    name = f"anomalib {version('anomalib')}"
    with tempfile.TemporaryDirectory() as args.scratch:
        resnet = os.path.join(args.scratch, "resnet18")
        step("torchvision_file", args.resnet, resnet + ".pth")
        measure([args.blemish, "import", resnet + ".pth", "-o", resnet + ".safetensors"])
        ours = [Blemish(args.preset, ["--like", args.preset, "-w", resnet + ".safetensors"], args)]
        if args.weights:
            ours.append(Blemish("default " + args.weights, ["-w", args.weights], args))
        theirs = [Anomalib(f"{name} Engine", args, "anomalib_fit", "anomalib_torch"),
                  Anomalib(f"{name} bare", args, "bare_fit", "bare_score")]
        taken, accuracy = compare(args, ours + theirs)
        rows = list(rows_of(taken, accuracy, ours[0].name))
    print_table(("case", "program", "", "median", "p10", "p90", "times blemish"), rows)
    append(args.csv, f"{args.preset} {os.path.basename(args.dataset)}", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
