#!/usr/bin/env python3
"""The network, layer1 to layer3, in other runtimes and in blemish, taking turns.

Every runtime gets the same weights and the same input, at the settings that its documentation
recommends for a CPU.  README.md says how to set up and how to read the table.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

from common import ROOT, Worker, append, commit, print_table, quantiles, serve, wait_for_quiet

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
AGREE = {"f32": 1e-3, "bf16": 0.2}  # largest difference / largest value of an output
PEERS = ("torch", "torch.compile", "onnxruntime", "openvino")
# ONNX Runtime has no bf16 on x86: its float stands beside the others' bf16.
IN_FLOAT_ONLY = ("onnxruntime",)


# ---- what is compared: weights, input, reference outputs ----------------------------------

def network(variant, weights):
    """Our PyTorch definition.  Without weights they are random (seed 0), as initialised."""
    sys.path.insert(0, os.path.join(ROOT, "tools", "pretrain"))
    import torch
    from contnet import ConTNet
    torch.manual_seed(0)
    net = ConTNet(variant, stages=3).eval()
    if weights:
        from safetensors.torch import load_file
        state = {k: v.float() for k, v in load_file(weights).items()}
        index = {k: v for k, v in net.state_dict().items() if k.endswith("_position_index")}
        net.load_state_dict({**state, **index}, strict=False)
    return net


def picture():
    """(224, 224, 3) bytes: waves and noise, what the input is made of."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:224, 0:224]
    waves = 128 + 60 * np.sin(x / 9.0) * np.cos(y / 13.0)
    return np.clip(waves[..., None] + rng.normal(0, 12, (224, 224, 3)), 0, 255).astype(np.uint8)


def prepare(folder, variant, weights, batch):
    """Writes net.pt, net.onnx, x.npy and the outputs y*.npy of eager PyTorch into folder."""
    import torch
    net = network(variant, weights)
    x = (picture() / 255.0 - MEAN) / STD
    x = np.repeat(x.transpose(2, 0, 1)[None].astype(np.float32), batch, 0)
    x = torch.from_numpy(np.ascontiguousarray(x))
    np.save(os.path.join(folder, "x.npy"), x.numpy())
    torch.save(net, os.path.join(folder, "net.pt"))
    with torch.inference_mode():
        for i, y in enumerate(net(x)):
            np.save(os.path.join(folder, f"y{i}.npy"), y.numpy())
    names = [f"layer{i + 1}" for i in range(3)]
    torch.onnx.export(net, (x,), os.path.join(folder, "net.onnx"), input_names=["x"],
                      output_names=names, dynamo=True, verbose=False)


# ---- the runtimes: each returns (about, function of x that gives the outputs) -------------

def with_torch(folder, kind, threads, compiled):
    import torch
    sys.path.insert(0, os.path.join(ROOT, "tools", "pretrain"))
    torch.set_num_threads(threads)
    net = torch.load(os.path.join(folder, "net.pt"), weights_only=False)
    net = net.eval().to(memory_format=torch.channels_last)
    if compiled:
        import torch._inductor.config as inductor
        inductor.freezing = True
        net = torch.compile(net, mode=os.environ.get("PEERS_COMPILE", "max-autotune"))

    def run(x):
        with torch.inference_mode(), \
                torch.autocast("cpu", torch.bfloat16, enabled=kind == "bf16"):
            return net(x)

    def tensor(x):
        return torch.from_numpy(x).contiguous(memory_format=torch.channels_last)

    return torch.__version__, run, tensor, lambda y: y.float().numpy()


def with_onnxruntime(folder, kind, threads):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(os.path.join(folder, "net.onnx"), options,
                                   providers=["CPUExecutionProvider"])
    return ort.__version__, lambda x: session.run(None, {"x": x}), None, None


def with_openvino(folder, kind, threads):
    import openvino as ov
    core = ov.Core()
    compiled = core.compile_model(os.path.join(folder, "net.onnx"), "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": kind})
    request = compiled.create_infer_request()

    def run(x):
        request.infer([x], share_inputs=True)
        return [request.get_output_tensor(i).data for i in range(len(compiled.outputs))]

    return ov.__version__.split("-")[0], run, None, None


def worker(folder, peer, kind, threads):
    """Checks the outputs, then times N runs for every line N."""
    make = {"onnxruntime": with_onnxruntime, "openvino": with_openvino,
            "torch": lambda *a: with_torch(*a, False),
            "torch.compile": lambda *a: with_torch(*a, True)}[peer]
    version, run, to_input, to_numpy = make(folder, kind, threads)
    x = np.load(os.path.join(folder, "x.npy"))
    x = to_input(x) if to_input else x
    error = 0.0
    for i, y in enumerate(run(x)):
        reference = np.load(os.path.join(folder, f"y{i}.npy"))
        y = to_numpy(y) if to_numpy else np.asarray(y, np.float32)
        error = max(error, float(np.abs(y - reference).max() / np.abs(reference).max()))

    def times(line):
        taken = []
        for _ in range(int(line)):
            start = time.perf_counter()
            run(x)
            taken.append(1000 * (time.perf_counter() - start) / len(x))
        return taken

    times("3")
    serve({"version": version, "error": error}, times)


# ---- blemish ------------------------------------------------------------------------------

class Blemish:
    """`blemish bench` as a peer: a new process for every turn, which warms up by itself."""

    def __init__(self, args, kind, batch, image):
        self.command = [args.blemish, "bench", "--json", "--weights", args.ours, "--images", "3",
                        "--type", kind, "--batch", str(batch), "--threads", str(args.threads)]
        self.image = image
        self.floor = []
        said = self.run(3)
        self.about = {"version": f"{said['version']} ({commit()})", "error": 0.0}
        self.said = said

    def run(self, runs):
        done = subprocess.run(self.command + ["--runs", str(max(3, runs)), self.image],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)

    def ask(self, line):
        said = self.run(int(line))
        self.floor.append(said["floor_ms"])
        return [said["median_ms"]]

    def close(self):
        pass


def check_blemish(blemish, folder):
    """Its last output has the mean and the size that PyTorch's has."""
    y = np.load(os.path.join(folder, "y2.npy")).astype(np.float64)
    for key, ours in (("output_mean", y.mean()), ("output_rms", np.sqrt((y * y).mean()))):
        said = blemish.said[key]
        blemish.about["error"] = max(blemish.about["error"], abs(said - ours) / np.abs(y).max())


# ---- the comparison -----------------------------------------------------------------------

def blemish_weights(program, weights, variant, folder):
    if weights:
        return weights
    import torch
    checkpoint, out = (os.path.join(folder, n) for n in ("random.pth", "random.safetensors"))
    torch.save(network(variant, None).state_dict(), checkpoint)
    subprocess.run([program, "import", checkpoint, "--pre-norm", "-o", out], check=True,
                   stdout=subprocess.DEVNULL)
    return out


def compare(args, kind, batch, folder):
    """Rounds in which each takes its turn -> {name: (about, times, floor)}"""
    from PIL import Image
    image = os.path.join(folder, "x.png")
    Image.fromarray(picture()).save(image)
    prepare(folder, args.variant, args.weights, batch)
    ours = Blemish(args, kind, batch, image)
    check_blemish(ours, folder)
    peers = {f"blemish {kind}": ours}
    for name in args.peers:
        used = "f32" if name in IN_FLOAT_ONLY else kind
        print(f"{name} {used} batch {batch}: getting ready", file=sys.stderr)
        peers[f"{name} {used}"] = Worker([os.path.abspath(__file__), "--worker", folder, name,
                                          used, str(args.threads)])
    times = {name: [] for name in peers}
    for _ in range(args.rounds):
        for name, peer in peers.items():
            wait_for_quiet(args.wait)
            times[name] += peer.ask(str(args.runs))
    for name, peer in peers.items():
        peer.close()
        if peer.about["error"] > AGREE[kind]:
            raise SystemExit(f"{name}: differs by {peer.about['error']:.2g}")
    return {n: (p.about, times[n]) for n, p in peers.items()}, quantiles(ours.floor)[0]


def rows_of(kind, batch, variant, measured, floor):
    base = quantiles(measured[f"blemish {kind}"][1])[0]
    case = f"ConTNet-{variant} {kind} batch {batch}"
    yield case, "floor", "ms an image", floor, floor, floor, floor / base
    for name, (about, times) in measured.items():
        median, low, high = quantiles(times)
        yield (case, f"{name} {about['version']}", "ms an image", median, low, high,
               median / base)


def main():
    if sys.argv[1:2] == ["--worker"]:
        return worker(*sys.argv[2:5], int(sys.argv[5]))
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--blemish", default=os.path.join(ROOT, "build/release/apps/blemish/blemish"))
    p.add_argument("--variant", default="B", choices=["Ti", "S", "M", "B"])
    p.add_argument("--weights", help="a weights file of blemish (random weights)")
    p.add_argument("--types", default="f32,bf16")
    p.add_argument("--batches", default="1,8")
    p.add_argument("--peers", default=",".join(PEERS))
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--rounds", type=int, default=11)
    p.add_argument("--runs", type=int, default=10, help="runs a turn")
    p.add_argument("--wait", type=float, default=60, help="seconds for a quiet machine")
    p.add_argument("--csv", default=os.path.join(ROOT, "bench/results.csv"))
    args = p.parse_args()
    args.peers = [n for n in args.peers.split(",") if n]
    with tempfile.TemporaryDirectory() as top:
        args.ours = blemish_weights(args.blemish, args.weights, args.variant, top)
        for kind in args.types.split(","):
            for batch in map(int, args.batches.split(",")):
                with tempfile.TemporaryDirectory() as folder:
                    measured, floor = compare(args, kind, batch, folder)
                rows = list(rows_of(kind, batch, args.variant, measured, floor))
                print_table(("case", "program", "", "median", "p10", "p90", "times blemish"),
                            rows)
                append(args.csv, "network", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
