"""Shares of a run on many machines: a cost model, a discrete simulation of it, and real runs to hold it against.

Usage: cluster_simulation.py check
       cluster_simulation.py real ECGFM DIR [EXAMS]
       cluster_simulation.py ten_million

`check` holds the simulation against what must be true of it. `real` runs `ecgfm run code15 --only STAGE --shard i/n` for n = 1 to 8, all n
at the same time, each process with one thread, and prints beside each time the simulated one. The model's costs come from one process alone, on
all chunks and on one: what a process costs before its first chunk, and what a chunk costs. What all cores give together, which is less than
their number where they share caches or are threads of one, comes from as many processes as there are cores. The other times are predicted. `ten_million` simulates 10 million ECGs on 1, 8 and 64 workers.

The model. A worker takes shares from a queue. A share costs a process's start on one core, and then, for each of its chunks, seconds of one
core, bytes of a storage that all share evenly, and seconds of the worker's own GPU, all at the same time: the chunk takes what the slowest
of them takes. Cores are those of one machine, shared evenly by its workers. Workers fail at random times; what they had of a chunk
is lost, whole chunks stay, the share returns to the head of the queue, and the worker comes back after a delay. Nothing else is modelled:
no scheduler's own delays, no stragglers, no latency of storage, no cache.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

INFINITE = float("inf")


@dataclass
class Machines:
    """What the workers run on."""

    workers: int
    # Cores of one machine, and the workers on it.
    cores: float = INFINITE
    workers_each: int = 1
    # Bytes a second of the storage, for all workers together.
    storage: float = INFINITE
    # Seconds between two failures of a worker, on average.
    between_failures: float = INFINITE
    # Seconds until a worker that failed takes the next share.
    delay: float = 0.0


@dataclass
class Chunk:
    """Costs of a chunk."""

    core: float = 0.0
    bytes: float = 0.0
    gpu: float = 0.0
    # So many chunks are simulated as one; of one that is cut off, those that are whole stay.
    parts: int = 1

    def demands(self, share):
        return [share * cost for cost in (self.core, self.bytes, self.gpu)]


@dataclass
class Worker:
    machine: int
    failure: float
    share: object = None
    # The chunk in hand, or the part of one that is left of a share.
    piece: float = 0.0
    # What is left of the start or of the chunk in hand: core seconds, bytes, GPU seconds.
    left: list = field(default_factory=lambda: [0.0, 0.0, 0.0])
    starting: bool = False
    away_until: float = 0.0


@dataclass
class Outcome:
    seconds: float
    failures: int
    # Chunks that were begun and lost.
    lost: int


def simulate(chunks, shares, chunk, start, machines, seed=0):
    """Time until all of `chunks` equal chunks are done, divided into `shares`; `start` core seconds come before a share."""
    draw = random.Random(seed)
    exponential = lambda: draw.expovariate(1 / machines.between_failures) if machines.between_failures < INFINITE else INFINITE
    # Chunk c belongs to share c mod n: a share is the number of its chunks that are not done.
    sizes = [chunks // shares + (number < chunks % shares) for number in range(shares)]
    queue = [size for size in reversed(sizes) if size]
    workers = [Worker(number // machines.workers_each, exponential()) for number in range(machines.workers)]
    now, failures, lost = 0.0, 0, 0

    def hand_out(worker):
        if worker.share is None and queue and worker.away_until <= now:
            worker.share, worker.starting, worker.left = queue.pop(), True, [start, 0.0, 0.0]

    while True:
        for worker in workers:
            hand_out(worker)
        busy = [worker for worker in workers if worker.share is not None]
        if not busy and not queue:
            return Outcome(now, failures, lost)
        on_core, on_storage = {}, 0
        for worker in busy:
            if worker.left[0] > 0:
                on_core[worker.machine] = on_core.get(worker.machine, 0) + 1
            on_storage += worker.left[1] > 0
        step = INFINITE
        rates = []
        for worker in busy:
            rate = (
                min(1.0, machines.cores / on_core[worker.machine]) if worker.left[0] > 0 else 0.0,
                machines.storage / on_storage if worker.left[1] > 0 else 0.0,
                1.0,
            )
            rates.append(rate)
            # Until one of its demands is met, when rates change, or nothing is left.
            step = min([step] + [left / speed for left, speed in zip(worker.left, rate) if left > 0])
            if not any(worker.left):
                step = 0.0
            step = min(step, max(worker.failure - now, 0.0))
        away = [worker.away_until - now for worker in workers if worker.away_until > now]
        step = min([step] + away)
        now += step
        for worker, rate in zip(busy, rates):
            worker.left = [settle(left, speed, step) for left, speed in zip(worker.left, rate)]
            if worker.failure <= now:
                if not worker.starting:
                    lost += 1
                    worker.share -= whole_parts(worker, chunk)
                failures += 1
                queue.append(worker.share)
                worker.share, worker.away_until, worker.failure = None, now + machines.delay, now + machines.delay + exponential()
            elif not any(worker.left):
                worker.share -= 0 if worker.starting else worker.piece
                worker.starting = False
                worker.piece = min(1.0, worker.share)
                worker.left = chunk.demands(worker.piece)
                if worker.share < 1e-9:
                    worker.share = None
        # A failure while nothing is in hand is none.
        for worker in workers:
            if worker.share is None and worker.failure <= now:
                worker.failure = now + exponential()


def whole_parts(worker, chunk):
    """Share of the chunk in hand that is whole, in chunks."""
    demands = chunk.demands(worker.piece)
    left = max(left / demand for left, demand in zip(worker.left, demands) if demand > 0)
    parts = chunk.parts * worker.piece
    return int(parts * (1 - left)) / chunk.parts


def settle(left, speed, step):
    """What is left of a demand; rests of rounding are nothing."""
    if left <= 0:
        return 0.0
    done = left if speed == INFINITE else speed * step
    return 0.0 if left - done <= 1e-9 * max(left, 1e-3) else left - done


def check():
    """What must be true whatever the costs are."""
    near = lambda a, b: abs(a - b) <= 1e-6 * max(abs(b), 1.0)
    alone = simulate(100, 1, Chunk(core=2.0), 3.0, Machines(1, cores=1))
    assert near(alone.seconds, 203.0), alone
    # Two cores are twice as fast, and no number of workers is faster than the cores are.
    for workers in range(1, 9):
        done = simulate(96, workers, Chunk(core=1.0), 0.0, Machines(workers, cores=2, workers_each=workers))
        ideal = 96 / min(workers, 2)
        # At the end one core may wait for the other's last chunk.
        assert ideal - 1e-6 <= done.seconds <= ideal + 1, (workers, done)
    # Starts are paid for by every share.
    many = simulate(96, 48, Chunk(core=1.0), 1.0, Machines(2, cores=2, workers_each=2))
    assert near(many.seconds, (96 + 48) / 2), many
    # The storage is shared by all machines; the slowest demand decides.
    for workers in (1, 4, 16):
        done = simulate(160, workers, Chunk(core=1.0, bytes=1e9, gpu=0.5), 0.0, Machines(workers, cores=1, storage=4e9))
        assert near(done.seconds, max(160 / workers, 40.0)), (workers, done)
    # Failures cost the work in hand, and a seed makes the same ones.
    failing = Machines(8, cores=1, between_failures=100.0, delay=10.0)
    plain = simulate(800, 80, Chunk(core=1.0), 0.5, Machines(8, cores=1))
    for seed in range(20):
        failed = simulate(800, 80, Chunk(core=1.0), 0.5, failing, seed)
        assert failed == simulate(800, 80, Chunk(core=1.0), 0.5, failing, seed)
        assert failed.failures and failed.seconds > plain.seconds, (plain, failed)
        paid = (800 + 40 + failed.failures * (10 + 0.5) + failed.lost) / 8
        assert failed.seconds <= paid + 30, (paid, failed)
    # Chunks that are simulated as one lose as much as they would alone.
    apart = [simulate(1600, 80, Chunk(core=1.0), 0.5, failing, seed).seconds for seed in range(20)]
    grouped = [simulate(100, 80, Chunk(core=16.0, parts=16), 0.5, failing, seed).seconds for seed in range(20)]
    assert abs(statistics.mean(grouped) / statistics.mean(apart) - 1) < 0.15, (grouped, apart)
    # A share of nothing is no share.
    assert near(simulate(3, 64, Chunk(core=1.0), 1.0, Machines(1, cores=1)).seconds, 6.0)
    print("the simulation holds")


def command(program, directory, exams, *further):
    threads = ["--set", "signals.threads=1", "--set", "infer.threads=1"]
    return [program, "run", "code15", "--quiet", "--workdir", directory, "--set", f"synth.exams={exams}", *threads, *further]


def quiet_run(*arguments):
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)


def at_once(program, directory, exams, stage, n):
    """Seconds of n shares that run at the same time."""
    begun = time.perf_counter()
    shares = [
        subprocess.Popen(command(program, directory, exams, "--only", stage, "--shard", f"{i}/{n}"), stdout=subprocess.DEVNULL)
        for i in range(1, n + 1)
    ]
    codes = [share.wait() for share in shares]
    assert not any(codes), codes
    return time.perf_counter() - begun


def chunk_count(directory, stage):
    """Chunks of a stage that are there."""
    at = os.path.join(directory, "code15/sample")
    found = [name for where, _, names in os.walk(at) for name in names if stage in where and name.endswith(".jsonl")]
    return len([name for name in found if name[0].isdigit()])


def remove_chunks(directory, stage):
    at = os.path.join(directory, "code15/sample")
    for name in os.listdir(at):
        if name.startswith(f".{stage}.") or (name.startswith(f".{stage}") and name != stage):
            shutil.rmtree(os.path.join(at, name), ignore_errors=True)


def real(program, directory, exams):
    rounds, cores = 2, len(os.sched_getaffinity(0))
    print(f"{exams} exams, {cores} cores, one thread a process, demo model; medians of {rounds} rounds\n")
    print("| stage | processes | chunks | real, s | simulated, s | simulated ÷ real |\n|---|---:|---:|---:|---:|---:|")
    ratios = []
    quiet_run(*command(program, directory, exams, "--only", "synth"))
    for stage, before in (("signals", []), ("infer", ["signals", "export", "manifests"])):
        for name in before:
            quiet_run(*command(program, directory, exams, "--until", name))
        times = {}
        for _ in range(rounds):
            for n in range(1, 9):
                remove_chunks(directory, stage)
                times.setdefault(n, []).append(at_once(program, directory, exams, stage, n))
        chunks = chunk_count(directory, stage)
        whole = statistics.median(times[1])
        one = []
        for _ in range(rounds):
            remove_chunks(directory, stage)
            begun = time.perf_counter()
            quiet_run(*command(program, directory, exams, "--only", stage, "--shard", f"1/{chunks}"))
            one.append(time.perf_counter() - begun)
        each = (whole - statistics.median(one)) / (chunks - 1)
        start = max(whole - each * chunks, 0.0)
        # Together they do in this time what one alone would take `whole` and more starts for.
        together = (whole + (cores - 1) * start) / statistics.median(times[cores])
        for n, took in times.items():
            took = statistics.median(took)
            machines = Machines(n, cores=together if n > 1 else 1, workers_each=n)
            simulated = simulate(chunks, n, Chunk(core=each), start, machines).seconds
            if n not in (1, cores):
                ratios.append(simulated / took)
            print(f"| {stage} | {n} | {chunks} | {took:.2f} | {simulated:.2f} | {simulated / took:.2f} |", flush=True)
        print(f"costs of {stage}: {start:.2f} s a process, {each:.3f} s a chunk; {cores} cores give {together:.2f} of one")
    off = [abs(ratio - 1) for ratio in ratios]
    print(f"\ndeviation where it is predicted: {statistics.mean(off):.0%} on average, {max(off):.0%} at most")


def ten_million():
    """10 million ECGs of 10 s, two segments each, from int16 files of 120 kB on a shared storage, into a `view` store and logits."""
    ecgs, segments = 10_000_000, 20_000_000
    # Per core, measured here (docs/performance.md): WFDB records a second as `view`, one thread, processor time.
    read = 8711.0
    # A storage of 3 GB/s for all.
    storage, record = 3e9, 120e3
    # Segments a second: measured on this machine's two cores (3.2 for each); on an H100, bfloat16, an estimate and not measured.
    rates = (("CPU core, float32", 3.2, 0), ("H100, bfloat16 (estimated rate)", 11_000.0, 1))
    print("SIMULATED. Failures: each worker once in 24 h on average, back after 5 min; 20 shares a worker\n")
    print("| infer on | workers | hours | of ideal | failures | chunks lost |\n|---|---:|---:|---:|---:|---:|")
    for name, rate, gpu in rates:
        size = 512 if gpu else 256
        chunks = -(-segments // size)
        # The segments of a chunk are computed from their recordings as they are read.
        cores = 8 if gpu else 1
        reading = size / 2 / read
        scoring = size / rate
        chunk = Chunk(core=reading / cores, bytes=size / 2 * record, gpu=scoring) if gpu else Chunk(core=reading + scoring, bytes=size / 2 * record)
        ideal = None
        for workers in (1, 8, 64):
            machines = Machines(workers, cores=1, storage=storage, between_failures=24 * 3600.0, delay=300.0)
            # Chunks in groups, so that the simulation takes seconds.
            group = max(1, chunks // (workers * 100))
            grouped = Chunk(chunk.core * group, chunk.bytes * group, chunk.gpu * group, group)
            done = [simulate(-(-chunks // group), workers * 20, grouped, 10.0, machines, seed) for seed in range(3)]
            hours = statistics.median(outcome.seconds for outcome in done) / 3600
            ideal = ideal or hours
            failures = statistics.median(outcome.failures for outcome in done)
            lost = statistics.median(outcome.lost for outcome in done)
            print(f"| {name} | {workers} | {hours:.2f} | {ideal / workers / hours:.0%} | {failures:.0f} | {lost:.0f} |", flush=True)


def main():
    match sys.argv[1:]:
        case ["check"]:
            check()
        case ["ten_million"]:
            ten_million()
        case ["real", program, directory, *exams]:
            real(os.path.abspath(program), directory, int(exams[0]) if exams else 4096)
        case _:
            sys.exit(__doc__)


main()
