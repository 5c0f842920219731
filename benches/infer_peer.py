"""Stage `infer` beside a plain PyTorch loop over the same full-size network of random weights, on the same synthetic segments.

Usage: infer_peer.py ECGFM DIR [SEGMENTS [ROUNDS]]. Needs PyTorch (`tools/setup bench`). DIR takes about 3 GB.

The peer is the network in torch.nn as one would write it, its positional kernel computed once, in evaluation, without
gradients. It reads batches from the packed store and keeps the logits, model loaded and warm; it runs at its best of batch
1, 2, 4, 8, 16, 32 on one thread, then on all threads at its best there, and the faster counts. `ecgfm stage infer` starts from its files: its rate is the one that it
records, from the first segment read to the last logit written. Beside both stands what the machine gives for the matrix products
of the network's layers alone, through PyTorch: one process a core, or one on all, whichever is faster. All take turns,
round by round; the ratio of a round is of what ran next to each other.
"""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HIDDEN, LAYERS, HEADS, LABELS, LEADS = 768, 3072, 12, 12, 26, 12
CHANNELS, CONVOLUTIONS, TAPS, GROUPS = 256, 4, 128, 16
TOKENS = 156
# 10^9 operations of a segment as the reference computes it: the layers' matrix products, attention, the positional
# convolution, the convolutions before and the widening after them.
PRODUCTS = 2e-9 * TOKENS * LAYERS * (4 * WIDTH * WIDTH + 2 * WIDTH * HIDDEN)
LENGTHS = (1250, 625, 312, 156)
SEGMENT = PRODUCTS + 2e-9 * (
    2 * LAYERS * TOKENS * TOKENS * WIDTH
    + TOKENS * WIDTH * (WIDTH // GROUPS) * TAPS
    + sum(2 * CHANNELS * length * (LEADS if i == 0 else CHANNELS) for i, length in enumerate(LENGTHS))
    + TOKENS * CHANNELS * WIDTH
)
BATCHES = (1, 2, 4, 8, 16, 32)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x):
        split = lambda layer: layer(x).unflatten(2, (HEADS, -1)).transpose(1, 2)
        attended = F.scaled_dot_product_attention(split(self.q_proj), split(self.k_proj), split(self.v_proj))
        return self.out_proj(attended.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attn = Attention()
        self.self_attn_layer_norm, self.final_layer_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.fc1, self.fc2 = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def forward(self, x):
        x = self.self_attn_layer_norm(x + self.self_attn(x))
        return self.final_layer_norm(x + self.fc2(F.gelu(self.fc1(x))))


class Features(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [LEADS] + [CHANNELS] * CONVOLUTIONS
        convolution = lambda i: nn.Conv1d(sizes[i], CHANNELS, 2, stride=2, bias=False)
        norm = lambda i: [nn.GroupNorm(CHANNELS, CHANNELS)] if i == 0 else []
        blocks = ([convolution(i), nn.Dropout(0.0), *norm(i), nn.GELU()] for i in range(CONVOLUTIONS))
        self.conv_layers = nn.ModuleList(nn.Sequential(*block) for block in blocks)

    def forward(self, x):
        for block in self.conv_layers:
            x = block(x)
        return x


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        convolution = nn.Conv1d(WIDTH, WIDTH, TAPS, padding=TAPS // 2, groups=GROUPS)
        self.pos_conv = nn.Sequential(nn.utils.parametrizations.weight_norm(convolution, name="weight", dim=2))

    def forward(self, x):
        return F.gelu(self.pos_conv(x.transpose(1, 2))[:, :, :-1]).transpose(1, 2)


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers, self.layer_norm = nn.ModuleList(Layer() for _ in range(LAYERS)), nn.LayerNorm(WIDTH)

    def forward(self, x):
        x = self.layer_norm(x)
        for layer in self.layers:
            x = layer(x)
        return x


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature_extractor, self.layer_norm = Features(), nn.LayerNorm(CHANNELS)
        self.post_extract_proj = nn.Linear(CHANNELS, WIDTH)
        self.conv_pos, self.encoder = Positions(), Transformer()

    def forward(self, x):
        x = self.post_extract_proj(self.layer_norm(self.feature_extractor(x).transpose(1, 2)))
        return self.encoder(x + self.conv_pos(x))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.proj = Encoder(), nn.Linear(WIDTH, LABELS)

    def forward(self, x):
        return self.proj(self.encoder(x).mean(1))


def checkpoint(path):
    """A checkpoint as the reference's training code leaves it, and the same network in PyTorch."""
    torch.manual_seed(2021)
    model = Classifier().eval()
    sizes = {
        "_name": "ecg_transformer_classifier", "in_d": LEADS, "conv_bias": False, "extractor_mode": "default",
        "conv_feature_layers": f"[({CHANNELS}, 2, 2)] * {CONVOLUTIONS}", "encoder_embed_dim": WIDTH,
        "encoder_ffn_embed_dim": HIDDEN, "encoder_layers": LAYERS, "encoder_attention_heads": HEADS, "conv_pos": TAPS,
        "conv_pos_groups": GROUPS, "num_labels": LABELS, "layer_norm_first": False,
    }  # fmt: skip
    torch.save({"args": None, "cfg": {"model": sizes}, "model": dict(model.state_dict())}, path)
    nn.utils.parametrize.remove_parametrizations(model.encoder.conv_pos.pos_conv[0], "weight")
    return model


def loop(model, store, batch):
    """Logits of a packed store, and segments a second."""
    started = time.perf_counter()
    out = np.empty((len(store), LABELS), "f4")
    with torch.no_grad():
        for start in range(0, len(store), batch):
            signals = torch.from_numpy(np.array(store[start : start + batch]))
            out[start : start + batch] = model(signals).numpy()
    return out, len(store) / (time.perf_counter() - started)


def products(threads, seconds, report):
    """10^9 operations a second of the layers' matrix products on batches of eight segments."""
    torch.set_num_threads(threads)
    shapes = [(3 * WIDTH, WIDTH), (WIDTH, WIDTH), (HIDDEN, WIDTH), (WIDTH, HIDDEN)]
    weights = [torch.randn(shape) for _ in range(LAYERS) for shape in shapes]
    inputs = {width: torch.randn(8 * TOKENS, width) for width in (WIDTH, HIDDEN)}
    run = lambda: [F.linear(inputs[weight.shape[1]], weight) for weight in weights]
    run()
    started, runs = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        run()
        runs += 1
    report.put(8 * PRODUCTS * runs / (time.perf_counter() - started))


def ceiling(cores, seconds=3.0):
    """The larger of: one process a core, one process on all."""
    rates, fresh = [], multiprocessing.get_context("spawn")
    for processes, threads in {(cores, 1), (1, cores)}:
        report = fresh.Queue()
        started = [fresh.Process(target=products, args=(threads, seconds, report)) for _ in range(processes)]
        for process in started:
            process.start()
        rates.append(sum(report.get() for _ in started))
        for process in started:
            process.join()
    return max(rates)


def prepared(ecgfm, directory, segments):
    """The full pipeline up to its export, on synthetic exams; the run's directory, the packed store in manifest order, the network."""
    raw, weights = os.path.join(directory, "raw"), os.path.join(directory, "full.pt")
    model = checkpoint(weights)
    quiet = dict(check=True, stdout=subprocess.DEVNULL)
    # An exam has one segment or two.
    subprocess.run([ecgfm, "synth", "--quiet", "--exams", str(segments), "-o", raw], **quiet)
    run = [ecgfm, "run", "code15", "--quiet", "--profile", "full", "--workdir", directory, "--set", f"vars.raw={raw}"]
    run += ["--set", f"vars.checkpoint={weights}", "--set", "splits.fractions=[0,0,1]"]
    for stage in ("manifests", "export"):
        subprocess.run(run + ["--until", stage], **quiet)
    done = os.path.join(directory, "code15/full")
    with open(os.path.join(done, "manifests/test.tsv")) as manifest:
        head, *lines = manifest.read().splitlines()
    names = [line.split("\t")[0] for line in lines[:segments]]
    with open(os.path.join(done, "manifests/test.tsv"), "w") as manifest:
        manifest.write("\n".join([head, *lines[:segments]]) + "\n")
    with open(os.path.join(done, "signals/segments/index.csv")) as index:
        places = dict(line.rsplit(",", 2)[0::2] for line in index.read().splitlines()[1:])
    part = np.load(os.path.join(done, "signals/segments/part-00000.npy"), mmap_mode="r")
    # Laid out in order, so that the peer reads it front to back.
    store = os.path.join(directory, "ordered.npy")
    np.save(store, part[[int(places[name]) for name in names]])
    return done, np.load(store, mmap_mode="r"), model


def ours(ecgfm, done, out):
    """What `ecgfm stage infer` says of its run, and segments a second of the whole process."""
    given = {
        "manifest": f"{done}/manifests", "subset": "test", "segments": f"{done}/signals/segments", "model": f"{done}/export/model.ts",
    }  # fmt: skip
    command = [ecgfm, "stage", "infer", "--quiet", "--json", "--force", "-o", out]
    command += [word for name, value in given.items() for word in ("--with", f"{name}={value}")]
    started = time.perf_counter()
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    said["whole"] = said["counts"]["segments"] / (time.perf_counter() - started)
    return said


def best(model, store, cores):
    """The peer's best batch for one thread and for all, on a part of the segments."""
    found = {}
    print("| plain PyTorch, threads | " + " | ".join(f"batch {batch}" for batch in BATCHES) + " |")
    print("|---|" + "---:|" * len(BATCHES))
    for threads in sorted({1, cores}):
        torch.set_num_threads(threads)
        loop(model, store[:2], 2)
        rates = {batch: loop(model, store[: max(16, batch)], batch)[1] for batch in BATCHES}
        print(f"| {threads} | " + " | ".join(f"{rate:.2f}" for rate in rates.values()) + " |", flush=True)
        found[threads] = max(rates, key=rates.get)
    return found


def peer(model, store, settings):
    """The fastest of the settings, in this round: which is faster depends on what else the machine does."""
    def run(threads, batch):
        torch.set_num_threads(threads)
        return *loop(model, store, batch), threads, batch
    return max((run(*setting) for setting in settings.items()), key=lambda found: found[1])


def main():
    ecgfm, directory = sys.argv[1:3]
    segments, rounds = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((3, 128), (4, 3)))
    cores = len(os.sched_getaffinity(0))
    done, store, model = prepared(ecgfm, directory, segments)
    settings = best(model, store, cores)
    print(f"\n{len(store)} synthetic segments, {cores} cores\n")
    print("| round | PyTorch, threads x batch | segments/s | ecgfm | ratio | whole process | products alone, GFLOP/s | ecgfm, GFLOP/s | of it | waiting |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    table = []
    for number in range(1, rounds + 1):
        expected, theirs, threads, batch = peer(model, store, settings)
        said = ours(ecgfm, done, os.path.join(directory, "infer"))
        floor = ceiling(cores)
        rate, waiting = said["facts"]["segments_per_second"], said["facts"]["waiting_for_batches"]
        table.append([theirs, rate, rate / theirs, said["whole"], floor, rate * SEGMENT, rate * SEGMENT / floor, waiting])
        show(f"{number} | {threads} x {batch}", table[-1])
    show("median |", [statistics.median(column) for column in zip(*table)])
    logits = np.load(os.path.join(directory, "infer/outputs_test.npy"))
    largest = np.abs(logits - expected).max()
    print(f"\nlargest difference of a logit: {largest:.1e}, of logits up to {np.abs(expected).max():.2f}")
    facts = said["facts"]
    print(f"ecgfm: {facts['workers']} workers on {facts['threads']} threads, batches of {facts['batch_size']} ({facts['batch_size_by']})")
    if not largest <= 1e-4:
        sys.exit("the two do not compute the same")


def show(name, row):
    theirs, rate, ratio, whole, floor, ours_gflops, share, waiting = row
    print(
        f"| {name} | {theirs:.2f} | {rate:.2f} | {ratio:.2f} | {whole:.2f} | {floor:.0f} | {ours_gflops:.0f} | {share:.2f} | {waiting:.2%} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
