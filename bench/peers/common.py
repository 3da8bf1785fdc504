"""What the comparisons share: programs that take turns, medians, the table of results."""
import csv
import datetime
import json
import os
import platform
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
COLUMNS = ("date", "machine", "cores", "comparison", "case", "program", "quantity", "value",
           "low", "high", "ratio_to_blemish")


def quantiles(values):
    """(median, p10, p90)"""
    x = sorted(values)
    n = len(x)
    return (x[(n - 1) // 2] + x[n // 2]) / 2, x[n // 10], x[n - 1 - n // 10]


def machine():
    """Name, family and model of the processor, with the vector extensions that matter here."""
    info = {}
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f.read().split("\n\n")[0].splitlines():
            key, _, value = line.partition(":")
            info[key.strip()] = value.strip()
    flags = info.get("flags", "").split()
    vectors = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]
    return " ".join([info.get("model name", platform.processor()), "family",
                     info.get("cpu family", "?"), "model", info.get("model", "?")] + vectors)


def busy():
    """Share of all cores that was in use during a third of a second."""
    def ticks():
        with open("/proc/stat", encoding="ascii") as f:
            used = [int(n) for n in f.readline().split()[1:9]]
        return sum(used), used[3] + used[4]
    before = ticks()
    time.sleep(0.33)
    after = ticks()
    return 1 - (after[1] - before[1]) / max(1, after[0] - before[0])


def wait_for_quiet(seconds):
    """Lets threads that still spin go to sleep, and other programs end, for so long at most."""
    end = time.monotonic() + seconds
    while busy() > 0.05 and time.monotonic() < end:
        pass


def commit():
    try:
        said = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"],
                              capture_output=True, text=True, check=True)
        return said.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


class Worker:
    """A program in a process of its own, so that no runtime's threads disturb another's.

    It prints one JSON value when it is ready and one for every line that it is sent.
    """

    def __init__(self, arguments):
        self.process = subprocess.Popen([sys.executable] + arguments, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.about = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def serve(about, work):
    """The worker's side: answers each line that comes with work(line)."""
    # Runtimes print to stdout what they like; the answers have a descriptor of their own.
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        for value in [about]:
            print(json.dumps(value), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(work(line.strip())), file=answers, flush=True)


def append(path, comparison, rows):
    """Adds rows of (case, program, quantity, value, low, high, ratio) to the results."""
    new = not os.path.exists(path)
    head = (datetime.date.today().isoformat(), machine(), os.cpu_count(), comparison)
    with open(path, "a", newline="", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator="\n")
        if new:
            out.writerow(COLUMNS)
        for row in rows:
            out.writerow(head + tuple(f"{v:.4g}" if isinstance(v, float) else v for v in row))


def print_table(head, rows):
    cells = [head] + [[f"{v:.4g}" if isinstance(v, float) else str(v) for v in r] for r in rows]
    width = [max(len(r[i]) for r in cells) for i in range(len(head))]
    for row in cells:
        print("  ".join(c.ljust(w) if i < 2 else c.rjust(w)
                        for i, (c, w) in enumerate(zip(row, width))))
