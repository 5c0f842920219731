"""The real size: a 1.08 GB checkpoint with optimizer state, exported, run on the reference's segments and judged.

usage: full_size.py ECGFM REFERENCE_DIR DIR

Makes a checkpoint of ECG-FM's own size in PyTorch's container (random weights; two thirds of the file is optimizer state),
exports it, scores the 14 segments of the ten reference recordings, and holds logits, embeddings and saliency against
forward.py's float64 from the same file. Prints time and peak memory of the export; exits 1 where a figure is not what it must be.
"""

import os
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

import forward
from container import Weight, write

PARAMETERS = 90_393_242
PEAK_BYTES = 1.6e9
TOLERANCE = 1e-5
# What the run is asked for, one run after the other.
SALIENCY = [{}, {"saliency_heads": "each"}, {"saliency_per": "key"}, {"saliency_per": "key", "saliency_heads": "each"}]
SIZES = {
    "conv_feature_layers": "[(256, 2, 2)] * 4", "encoder_embed_dim": 768, "encoder_ffn_embed_dim": 3072,
    "encoder_layers": 12, "encoder_attention_heads": 12, "conv_pos": 128, "conv_pos_groups": 16, "num_labels": 26,
}  # fmt: skip


def make(reference, path):
    """A checkpoint of the names and shapes of the reference's own, weights as training starts with."""
    random = np.random.default_rng(2021)
    cfg, _ = forward.read(os.path.join(reference, "model/tiny.pt"))
    model = {}
    for line in open(os.path.join(reference, "model/state_dict_keys_full.txt")):
        name, _, rest = line.partition("\t")
        if not rest.startswith("["):
            continue
        shape = [int(n) for n in rest[1 : rest.index("]")].split(",")]
        norm = len(shape) == 1 and name.endswith("weight")
        center, spread = (1, 0.1) if norm else (0, 0.05 if len(shape) < 3 else 0.2)
        if "original0" in name:
            center, spread = 1, 0.1
        model[name] = Weight(shape, lambda s, c=center, d=spread: c + d * random.standard_normal(s, dtype="f4"))
    zeros = lambda weight: Weight(weight.shape, lambda s: np.zeros(s, "f4"))
    state = {i: {"step": 1, "exp_avg": zeros(w), "exp_avg_sq": zeros(w)} for i, w in enumerate(model.values())}
    write(path, {
        "args": None, "cfg": {"model": {**cfg, **SIZES}}, "model": model, "criterion": None,
        "optimizer_history": [{"num_updates": 1}], "task_state": {}, "extra_state": {},
        "last_optimizer_state": {"state": state, "param_groups": []},
    })  # fmt: skip
    count = sum(weight.numel for weight in model.values())
    assert count == PARAMETERS, count


def main(ecgfm, reference, directory):
    checkpoint = os.path.join(directory, "full.pt")
    make(reference, checkpoint)
    print(f"checkpoint: {os.path.getsize(checkpoint) / 1e9:.2f} GB, {PARAMETERS} parameters")
    started = time.time()
    subprocess.run([ecgfm, "export", checkpoint, "-o", os.path.join(directory, "model.ts")], check=True)
    took = time.time() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"export: {took:.1f} s, peak {peak / 1e9:.2f} GB")
    assert peak <= PEAK_BYTES, f"export took {peak / 1e9:.2f} GB"
    raw = os.path.join(reference, "code15_mini")
    run = [ecgfm, "run", "code15", "--profile", "full", "--workdir", directory, "--until", "infer"]
    run += ["--set", f"vars.raw={raw}", "--set", f"vars.checkpoint={checkpoint}", "--set", "splits.fractions=[0,0,1]"]
    run += ["--set", "infer.outputs=[logits, embedding, saliency]"]
    subprocess.run(run, check=True)
    done = os.path.join(directory, "code15/full")
    store = pd.read_csv(os.path.join(done, "signals/segments/index.csv")).set_index("segment")
    scored = pd.read_csv(os.path.join(done, "infer/outputs_test_index.csv"))
    segments = np.load(os.path.join(done, "signals/segments/part-00000.npy"))[store.loc[scored.segment].row]
    cfg, weights = forward.read(checkpoint)
    started = time.time()
    judged = [forward.forward(segment.astype(float), cfg, weights) for segment in segments]
    print(f"numpy, float64: {time.time() - started:.1f} s")
    judges = {"numpy": [np.stack(all) for all in zip(*judged)]}
    try:
        import forward_torch
    except ImportError:
        print("PyTorch is not installed: not compared with it")
    else:
        judges["PyTorch"] = forward_torch.forward(np.array(segments), cfg, weights)
    # What is computed where nobody says otherwise first: ECG-FM's own saliency.
    for settings in SALIENCY:
        if settings:
            subprocess.run(run + [arg for name, value in settings.items() for arg in ("--set", f"infer.{name}={value}")], check=True)
        for judge, (logits, embedding, attention) in judges.items():
            per, heads = settings.get("saliency_per", "query"), settings.get("saliency_heads", "mean")
            print(f"saliency per {per}, heads {heads}:")
            expected = {"logits": logits, "embedding": embedding, "saliency": forward.saliency(attention, per, heads)}
            compare(judge, done, expected, {"mean": (14, 156), "each": (14, 12, 156)}[heads])


def compare(judge, done, expected, saliency_shape):
    """Holds what the run wrote against what a judge computed."""
    files = {"logits": "outputs_test.npy", "embedding": "embedding_test.npy", "saliency": "saliency_test.npy"}
    shapes = {"logits": (14, 26), "embedding": (14, 768), "saliency": saliency_shape}
    for what, file in files.items():
        values = np.load(os.path.join(done, "infer", file), mmap_mode="r")
        assert values.shape == expected[what].shape == shapes[what], (what, values.shape, expected[what].shape)
        largest = np.abs(values - expected[what]).max()
        print(f"{what}: largest difference {largest:.1e} from {judge}, of values up to {np.abs(expected[what]).max():.3g}")
        assert largest <= TOLERANCE, f"{what} differs by {largest}"


if __name__ == "__main__":
    main(*sys.argv[1:4])
