#!/usr/bin/env python3
"""Trains a backbone to predict the outputs of frozen teachers on unlabelled photos.

    distil.py --variant B --photos FOLDER --teacher resnet18=FILE --teacher lite2=FILE \\
              --state b_state.pt

Linear heads on the student's maps (ConTNet: layer1 at 28 x 28, layer2 at 14 x 14, layer3
at 7 x 7; the ResNet `c`: layer2 at 28 x 28, layer3 at 14 x 14) predict those of the
teachers, with standardised channels; the heads are not kept.  With --whiten C the
principal directions of each teacher's map are also scaled by (variance + C)^-1/2, which
gives more weight to those of small variance.

New crops enter a ring; each is used about --reuse times before a newer one replaces it,
so that the teachers, which see a crop once, cost less.  With --store the ring is in files
that another run can reuse; with --reuse 0 no crop is replaced, so that runs can be
compared on the same crops without teachers.

The same command continues after a stop or a kill: --state is written every minute.  The
learning rate depends on the samples, not on time, so a run may be paused or slowed down.
On a CPU each core processes its own small batches with one thread and waits for no other
inside a product, so that a busy core slows down only itself.

--from begins a new schedule with the weights of a state (with its heads, if the teachers
are the same) or with weights only; weights of a shallower variant of the same width are
grown to --variant.
"""

import argparse
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn as nn
import torch.nn.functional as F

import contnet
import students
import teachers
from images import CROP, Photos, augment, normalise

WARM_UP = 150  # steps; not of the heads, which begin at random where a network may not
MEMORY = 0.995  # of the averaged weights, a step
FITTED = 128  # crops that whitening is found from


class Target(nn.Module):
    """The target of a stage: the maps of several teachers side by side, standardised.

    With c > 0 they are whitened in part, each teacher's channels by themselves, and
    brought back to a mean variance of 1.
    """

    def __init__(self, split, c):
        super().__init__()
        self.split, self.c = split, c
        self.norm = nn.BatchNorm2d(sum(split), affine=False)
        if c:
            self.register_buffer("whiten", torch.eye(sum(split)))

    @torch.no_grad()
    def fit(self, maps):
        """Finds the directions in maps (N, C, H, W) of some hundred crops."""
        if not self.c:
            return
        x = maps.transpose(0, 1).flatten(1)
        x = (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + 1e-5)
        begin = 0
        for part in x.split(self.split):
            variance, directions = torch.linalg.eigh(part @ part.T / x.shape[1])
            variance = variance.clamp(min=0)
            scale = (variance + self.c).rsqrt()
            scale *= (len(part) / (scale * scale * variance).sum()).sqrt()
            own = slice(begin, begin + len(part))
            self.whiten[own, own] = (directions * scale) @ directions.T
            begin += len(part)

    @torch.no_grad()
    def forward(self, t):
        t = self.norm(t.float())
        return torch.einsum("ij,njhw->nihw", self.whiten, t) if self.c else t


class Heads(nn.Module):
    """The linear predictor of a stage, its target and its loss."""

    def __init__(self, cin, splits, whiten=0.0, cosine=1.0):
        super().__init__()
        self.cosine = cosine
        self.heads = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(a, affine=False), nn.Conv2d(a, sum(b), 1))
            for a, b in zip(cin, splits)
        )
        self.targets = nn.ModuleList(Target(b, whiten) for b in splits)

    def fit(self, ring):
        """Finds the directions of whitening, if the targets are whitened."""
        for target, maps in zip(self.targets, ring.maps):
            target.fit(maps[: min(ring.filled, FITTED)].float())

    def forward(self, stages, targets):
        losses = []
        for head, target, x, t in zip(self.heads, self.targets, stages, targets):
            p, t = head(x).float(), target(t)
            loss = F.smooth_l1_loss(p, t, beta=2.0)
            if self.cosine:
                loss = loss + self.cosine * (1 - cosine_similarity(p, t).mean())
            losses.append(loss)
        return losses


def cosine_similarity(p, t):
    """Over channels; as F.cosine_similarity, in less time when t needs no gradient."""
    lengths = [v.square().sum(1).clamp(min=1e-8).rsqrt() for v in (p, t)]
    return (p * t).sum(1) * lengths[0] * lengths[1]


class Ring:
    """The newest crops (uint8) and the teachers' outputs for them (half precision).

    In memory, or in the files of a folder, with which another ring of the same teachers
    and size goes on.
    """

    def __init__(self, photos, teach, size, device, folder=None):
        self.photos, self.teach, self.device = photos, teach, device
        self.folder, self.at, self.filled, self.order = folder, 0, 0, []
        self.kind = [teach.names, list(teach.sides), size]
        if folder:
            os.makedirs(folder, exist_ok=True)
            self.recall()
        self.x = self.room("x", (size, 3, CROP, CROP), torch.uint8)
        self.maps = [
            self.room(f"maps{side}", (size, channels, side, side), torch.float16)
            for side, channels in zip(teach.sides, teach.channels)
        ]

    def room(self, name, shape, dtype):
        if not self.folder:
            return torch.empty(shape, dtype=dtype, device=self.device)
        path, size = os.path.join(self.folder, name), math.prod(shape)
        return torch.from_file(path, shared=True, size=size, dtype=dtype).view(shape)

    def recall(self):
        """Takes over the content of the folder."""
        path = os.path.join(self.folder, "ring.json")
        if os.path.exists(path):
            with open(path) as f:
                kind, self.at, self.filled = json.load(f)
            if kind != self.kind:
                raise SystemExit(f"{self.folder}: holds {kind}, not {self.kind}")

    def note(self):
        """Records how far the folder is filled."""
        if self.folder:
            with open(os.path.join(self.folder, "ring.json"), "w") as f:
                json.dump([self.kind, self.at, self.filled], f)

    def due(self, n):
        """The next n places to replace, and the photos for them."""
        if len(self.order) < n:
            self.order = torch.randperm(len(self.photos)).tolist()
        chosen, self.order = self.order[:n], self.order[n:]
        places = torch.arange(self.at, self.at + n) % len(self.x)
        self.at = (self.at + n) % len(self.x)
        self.filled = min(len(self.x), self.filled + n)
        return places, chosen

    def renew(self, places, chosen):
        with torch.no_grad(), torch.autocast(self.device, dtype=torch.bfloat16):
            x = (augment(self.photos.take(chosen).to(self.device)) * 255).round()
            maps = self.teach(normalise(x / 255))
        self.x[places] = x.to(torch.uint8)
        for store, f in zip(self.maps, maps):
            store[places] = f.half()

    def draw(self, n, but):
        """n places to train on, none of them in `but`, which is being replaced."""
        ready = torch.ones(self.filled, dtype=torch.bool)
        ready[but] = False
        ready = ready.nonzero()[:, 0]
        return ready[torch.randperm(len(ready))[:n]]

    def read(self, places, mirror):
        """The crops at these places and their maps, mirrored along the axes given."""
        x = normalise(self.x[places].float() / 255).flip(mirror)
        x = x.contiguous(memory_format=torch.channels_last)
        maps = (m[places].float().flip(mirror) for m in self.maps)
        return x, [m.contiguous(memory_format=torch.channels_last) for m in maps]


class Student:
    """The student, its heads, its optimiser and its averaged weights."""

    def __init__(self, a, teach):
        kind = students.STUDENTS[a.variant]
        self.a, self.seen, self.step, self.teachers = a, 0, 0, teach.names
        self.net = kind.build().to(a.device)
        self.heads = Heads(kind.channels, teach.splits, a.whiten, a.cosine).to(a.device)
        self.ema = None
        matrices = [q for q in self.net.parameters() if q.dim() > 1]
        vectors = [q for q in self.net.parameters() if q.dim() <= 1]
        predictors = list(self.heads.parameters())
        self.parameters = matrices + vectors + predictors
        groups = [
            {"params": matrices, "weight_decay": 0.05},
            {"params": vectors, "weight_decay": 0},
            {"params": predictors, "weight_decay": 0.05},
        ]
        self.opt = torch.optim.AdamW(groups, lr=a.lr)
        if os.path.exists(a.state):
            self.resume(contnet.load(a.state, a.device))
        elif a.start:
            self.begin_from(contnet.load(a.start, a.device))
        self.net.to(memory_format=torch.channels_last).train()
        self.heads.train()
        self.ema = self.ema or {k: v.clone() for k, v in self.net.state_dict().items()}
        self.forward = torch.compile(self.net) if a.compile else self.net

    def resume(self, s):
        if s["teachers"] != self.teachers:
            raise SystemExit(
                f"{self.a.state}: its teachers are {' '.join(s['teachers'])}; "
                "give it as --from to go on with others"
            )
        self.net.load_state_dict(s["net"])
        self.heads.load_state_dict(s["heads"])
        groups = self.opt.state_dict()["param_groups"]
        self.opt.load_state_dict({"state": s["opt"], "param_groups": groups})
        self.ema, self.seen, self.step = s["ema"], s["seen"], s["step"]

    def begin_from(self, s):
        weights = contnet.floats(s.get("ema", s))
        if students.name_of(weights) != self.a.variant:
            weights = contnet.grow(weights, self.net)
        self.net.load_state_dict(weights)
        heads = contnet.floats(s.get("heads", {}))
        same = heads.keys() == self.heads.state_dict().keys()
        if same and s.get("teachers") == self.teachers:
            self.heads.load_state_dict(heads)

    def gradients(self, x, targets):
        """Of the sum of the losses of a batch; may run in several threads at once.

        Threads share the running statistics of the norms, where an update may get lost.
        """
        with torch.autocast(self.a.device, dtype=torch.bfloat16):
            losses = self.heads(self.forward(x), targets)
            total = sum(w * v for w, v in zip(self.a.weights, losses))
        gradients = torch.autograd.grad(total, self.parameters)
        return gradients, torch.stack(losses).detach()

    def update(self, gradients, samples):
        """One step along the mean of the gradients of several batches."""
        rate = self.a.lr * cosine(self.seen / self.a.samples)
        for g, warm in zip(self.opt.param_groups, (True, True, False)):
            g["lr"] = rate * min(1, (self.step + 1) / WARM_UP) if warm else rate
        for q, *parts in zip(self.parameters, *gradients):
            q.grad = sum(parts) / len(parts)
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.opt.step()
        self.step, self.seen = self.step + 1, self.seen + samples
        keep = min(MEMORY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for k, v in self.net.state_dict().items():
                if v.is_floating_point():
                    self.ema[k].lerp_(v, 1 - keep)
                else:
                    self.ema[k].copy_(v)
        return rate

    def save(self):
        new = self.a.state + ".new"
        state = {
            "net": self.net.state_dict(),
            "heads": self.heads.state_dict(),
            "ema": self.ema,
            "opt": self.opt.state_dict()["state"],
            "seen": self.seen,
            "step": self.step,
            "teachers": self.teachers,
        }
        torch.save(state, new)
        os.replace(new, self.a.state)


def cosine(done):
    """From 1 at 0 to 0.01 at 1."""
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def train(a, student, ring, workers):
    fresh, batches = a.micro // a.reuse if a.reuse else 0, a.batch // a.micro
    begin = report = time.time()
    first, losses = student.seen, None

    def job(places, chosen, drawn, mirror):
        if chosen:
            ring.renew(places, chosen)
        return student.gradients(*ring.read(drawn, mirror))

    over = student.seen >= a.samples
    while not over:
        new = [ring.due(fresh) for _ in range(batches)]
        renewed = torch.cat([places for places, _ in new])
        drawn = ring.draw(a.batch, renewed).chunk(batches)
        mirrors = [[d for d in (2, 3) if torch.rand(()) < 0.5] for _ in range(batches)]
        done = list(workers.map(job, *zip(*new), drawn, mirrors))
        rate = student.update([g for g, _ in done], a.batch)
        now = torch.stack([v for _, v in done]).mean(0)
        losses = now if losses is None else losses.lerp(now, 1 - 0.995**batches)
        over = student.seen >= a.samples or time.time() - begin > a.minutes * 60
        if over or time.time() - report > 60:
            report = time.time()
            print(
                f"samples {student.seen} lr {rate:.2e} loss",
                *(f"{v:.4f}" for v in losses.tolist()),
                f" {(student.seen - first) / (report - begin):.2f} images/s",
                flush=True,
            )
            student.save()
            ring.note()


def fill(ring, count, workers):
    """Fills the ring to `count` crops."""
    while ring.filled < count:
        due = [ring.due(8) for _ in range(min(16, -(-(count - ring.filled) // 8)))]
        list(workers.map(ring.renew, *zip(*due)))
        ring.note()


def arguments(argv):
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--variant", required=True, choices=students.STUDENTS)
    p.add_argument(
        "--photos", required=True, help="folder of photos or of zip files of photos"
    )
    p.add_argument(
        "--teacher",
        action="append",
        required=True,
        metavar="NAME=FILE",
        help=f"one of {', '.join(teachers.KINDS)}; may be given several times",
    )
    p.add_argument("--state", required=True)
    p.add_argument("--from", dest="start", metavar="STATE")
    p.add_argument(
        "--samples",
        type=int,
        default=150000,
        help="length of the schedule; may be changed when going on",
    )
    p.add_argument(
        "--minutes", type=float, default=math.inf, help="length of this call at most"
    )
    p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--batch", type=int, help="samples a step (48; on a GPU 256)")
    p.add_argument("--micro", type=int, help="samples a job (8; on a GPU all of a step)")
    p.add_argument(
        "--reuse",
        type=int,
        help="times that a crop is learnt from (4; on a GPU 1); 0: the ring is filled "
        "first and its crops are not replaced",
    )
    p.add_argument("--ring", type=int, default=4096, help="crops in it")
    p.add_argument(
        "--store", metavar="FOLDER", help="where the ring is kept; in memory if not given"
    )
    p.add_argument(
        "--whiten", type=float, default=0, metavar="C", help="see above; 0: not at all"
    )
    p.add_argument(
        "--cosine", type=float, default=1, help="weight of the cosine distance"
    )
    p.add_argument(
        "--weights",
        type=lambda text: [float(w) for w in text.split(",")],
        default="1,1,1",
        help="of the losses of the stages, separated by commas",
    )
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--compile", action="store_true", help="torch.compile the network")
    a = p.parse_args(argv)
    a.device = "cuda" if torch.cuda.is_available() else "cpu"
    gpu = a.device == "cuda"
    a.batch = a.batch or (256 if gpu else 48)
    a.micro = a.micro or (a.batch if gpu else 8)
    a.reuse = (1 if gpu else 4) if a.reuse is None else a.reuse
    if a.batch % a.micro or (a.reuse and a.micro % a.reuse):
        p.error("--batch must be a multiple of --micro, and that one of --reuse")
    if a.ring < 4 * a.batch:
        p.error("--ring must be four times --batch at least")
    return a


def main(argv=None):
    a = arguments(argv)
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    sides = students.STUDENTS[a.variant].sides
    teach = teachers.Teachers(a.teacher, a.device, sides)
    torch.manual_seed(a.seed)
    student = Student(a, teach)
    torch.manual_seed(a.seed + student.seen)
    photos = Photos(a.photos, a.threads)
    size = min(a.ring, max(4 * a.batch, len(photos)))
    ring = Ring(photos, teach, size, a.device, a.store)
    workers = ThreadPoolExecutor(a.threads if a.device == "cpu" else 1)
    fill(ring, size if a.reuse == 0 else 2 * a.batch, workers)
    if student.seen == 0:
        student.heads.fit(ring)
    print(f"{len(photos)} photos, {student.seen} of {a.samples} samples seen", flush=True)
    train(a, student, ring, workers)


if __name__ == "__main__":
    main()
