#!/usr/bin/env python3
"""anomalib's PaDiM (ResNet-18) and blemish on the same images, as whole processes.

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


# ---- anomalib: each function is a process of its own -----------------------------------------

def padim(weights):
    """anomalib's PaDiM as it comes, but for the size of the input and where its weights are from."""
    import numpy as np
    import torch
    from anomalib.models import Padim
    model = Padim(backbone="resnet18", pre_trained=False, visualizer=False, evaluator=False,
                  pre_processor=Padim.configure_pre_processor((SIDE, SIDE)))
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
    if loaded != 2 * 15:
        raise SystemExit(f"{weights}: {loaded} layers of 30 were found")
    return model


def images_of(dataset):
    return sorted(glob.glob(os.path.join(dataset, "test", "*", "*.*")))


def anomalib_fit(dataset, weights, folder, loaders):
    """Engine.fit, as the documentation shows it, and the model exported for the inferencer."""
    import torch
    from anomalib.data import Folder
    from anomalib.deploy import ExportType
    from anomalib.engine import Engine
    torch.manual_seed(0)
    data = Folder(name="set", root=dataset, normal_dir="train/good", test_split_mode="none",
                  val_split_mode="none", train_batch_size=32, num_workers=int(loaders))
    engine = Engine(default_root_dir=folder, logger=False, accelerator="cpu",
                    enable_progress_bar=False, limit_val_batches=0)
    model = padim(weights)
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


def bare_fit(dataset, weights, folder, _):
    """The same model without Lightning around it: the least that PaDiM costs in PyTorch."""
    import torch
    torch.manual_seed(0)
    model = padim(weights).model.train()
    model.feature_extractor.eval()
    for x in bare_batches(sorted(glob.glob(os.path.join(dataset, "train", "good", "*.*")))):
        model(x)
    model.fit()
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
    environment = dict(os.environ, TRUST_REMOTE_CODE="1", HF_HUB_OFFLINE="1")
    return measure([sys.executable, os.path.abspath(__file__), "--step", name, *arguments],
                   env=environment)


def run_step(name, arguments):
    if name.endswith("_fit"):
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
        return step(self.fit_step, self.args.dataset, self.args.resnet, self.folder, "0")

    def score(self, paths):
        return step(self.score_step, self.folder, "", *paths)

    def accuracy(self):
        maps = os.path.join(self.folder, "maps")
        os.makedirs(maps)
        said = step(self.score_step, self.folder, maps, *images_of(self.args.dataset))[2]
        pixel = pixel_auroc(self.args.dataset, maps) if os.listdir(maps) else float("nan")
        return auroc(self.args.dataset, said), pixel


class Blemish:
    def __init__(self, weights, args):
        self.name, self.args = f"blemish {commit()} {os.path.basename(weights)}", args
        self.weights = weights
        self.model = os.path.join(args.scratch, os.path.basename(weights) + ".model")

    def fit(self):
        return measure([self.args.blemish, "fit", os.path.join(self.args.dataset, "train", "good"),
                        "--weights", self.weights, "-o", self.model, "--quiet"])

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
    p.add_argument("--weights", default="s", help="of blemish, several with commas between")
    p.add_argument("--dataset", default=os.path.join(SHARED, "data/magnetic_tile"))
    p.add_argument("--resnet", default=os.path.join(SHARED, "pretrain/resnet18.npz"))
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--wait", type=float, default=60, help="seconds for a quiet machine")
    p.add_argument("--csv", default=os.path.join(ROOT, "bench/results.csv"))
    args = p.parse_args()
    from importlib.metadata import version
    name = f"anomalib {version('anomalib')}"
    with tempfile.TemporaryDirectory() as args.scratch:
        ours = [Blemish(w, args) for w in args.weights.split(",")]
        theirs = [Anomalib(f"{name} Engine", args, "anomalib_fit", "anomalib_torch"),
                  Anomalib(f"{name} bare", args, "bare_fit", "bare_score")]
        taken, accuracy = compare(args, ours + theirs)
        rows = list(rows_of(taken, accuracy, ours[0].name))
    print_table(("case", "program", "", "median", "p10", "p90", "times blemish"), rows)
    append(args.csv, f"padim {os.path.basename(args.dataset)}", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
