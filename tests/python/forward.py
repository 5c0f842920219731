"""The ECG-FM classifier's forward pass in numpy, in double precision, from a checkpoint that PyTorch wrote.

usage: forward.py CHECKPOINT.pt SEGMENTS.npy OUT.npz

A second implementation of everything between the checkpoint and the logits, sharing no code with the Rust one nor with
PyTorch: it reads the container itself and computes float64 from the stored weights. SEGMENTS is (N, leads, samples).
OUT holds logits (N, labels), embedding (N, width) and the last layer's attention (N, heads, queries, keys).
"""

import collections
import pickle
import re
import sys
import zipfile

import numpy as np
from scipy.special import erf

EPSILON = 1e-5
STORAGES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "DoubleStorage": "<f8"}


def read(path):
    """Configuration and weights; nothing but tensors is built, and nothing is called."""
    archive = zipfile.ZipFile(path)
    [description] = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    root = description[: -len("data.pkl")]
    storages = {}

    class Opaque:
        def __init__(self, *_):
            pass

    def rebuild(storage, offset, size, stride, *_):
        kind, key = storage

        def load():
            if key not in storages:
                storages[key] = np.frombuffer(archive.read(f"{root}data/{key}"), STORAGES[kind])
            flat = storages[key][offset:]
            return np.lib.stride_tricks.as_strided(flat, size, [s * flat.itemsize for s in stride]).astype(float)

        return load

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            if (module, name) == ("collections", "OrderedDict"):
                return collections.OrderedDict
            if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
                return rebuild
            return type(name, (Opaque,), {"name": name})

        def persistent_load(self, description):
            _, storage, key, *_ = description
            return storage.name, key

    with archive.open(description) as file:
        top = Reader(file).load()
    return top["cfg"]["model"], {name: load() for name, load in top["model"].items()}


def gelu(x):
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))


def layer_norm(x, weights, name):
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def linear(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def conv_layers(text):
    """`[(256, 2, 2)] * 4` and sums of such lists as (channels, kernel, stride) a layer."""
    layers = []
    for inside, times in re.findall(r"\[([^]]*)\]\s*(?:\*\s*(\d+))?", text):
        layers += [tuple(map(int, t.split(","))) for t in re.findall(r"\(([^)]*)\)", inside)] * int(times or 1)
    return layers


def features(x, cfg, weights):
    """(leads, samples) to (tokens, channels)."""
    for i, (_, kernel, stride) in enumerate(conv_layers(cfg["conv_feature_layers"])):
        weight = weights[f"encoder.feature_extractor.conv_layers.{i}.0.weight"]
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=1)[:, ::stride]
        x = np.einsum("ctk,ock->ot", windows, weight, optimize=True)
        if i == 0:
            centred = x - x.mean(1, keepdims=True)
            x = centred / np.sqrt((centred**2).mean(1, keepdims=True) + EPSILON)
            norm = f"encoder.feature_extractor.conv_layers.{i}.2"
            x = x * weights[f"{norm}.weight"][:, None] + weights[f"{norm}.bias"][:, None]
        x = gelu(x)
    return x.T


def positions(x, cfg, weights):
    """What the positional convolution adds: (tokens, width)."""
    name, groups, width = "encoder.conv_pos.pos_conv.0", cfg["conv_pos_groups"], cfg["conv_pos"]
    length = weights.get(f"{name}.weight_g", weights.get(f"{name}.parametrizations.weight.original0"))
    direction = weights.get(f"{name}.weight_v", weights.get(f"{name}.parametrizations.weight.original1"))
    weight = direction * (length / np.sqrt((direction**2).sum((0, 1), keepdims=True)))
    padded = np.pad(x.T, ((0, 0), (width // 2, width // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)[:, : len(x)]
    size = len(padded) // groups
    out = []
    for g in range(groups):
        block = slice(g * size, (g + 1) * size)
        patches = windows[block].transpose(1, 0, 2).reshape(len(x), -1)
        out.append(patches @ weight[block].reshape(size, -1).T)
    return gelu(np.concatenate(out, axis=1) + weights[f"{name}.bias"])


def attention(x, heads, weights, name):
    """Context (tokens, width) and weights (heads, queries, keys)."""
    split = lambda which: linear(x, weights, f"{name}.{which}").reshape(len(x), heads, -1).transpose(1, 0, 2)
    query, key, value = split("q_proj"), split("k_proj"), split("v_proj")
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1])
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    context = (scores @ value).transpose(1, 0, 2).reshape(len(x), -1)
    return linear(context, weights, f"{name}.out_proj"), scores


def forward(x, cfg, weights):
    x = layer_norm(features(x, cfg, weights), weights, "encoder.layer_norm")
    if "encoder.post_extract_proj.weight" in weights:
        x = linear(x, weights, "encoder.post_extract_proj")
    x = layer_norm(x + positions(x, cfg, weights), weights, "encoder.encoder.layer_norm")
    for i in range(cfg["encoder_layers"]):
        name = f"encoder.encoder.layers.{i}"
        attended, scores = attention(x, cfg["encoder_attention_heads"], weights, f"{name}.self_attn")
        x = layer_norm(x + attended, weights, f"{name}.self_attn_layer_norm")
        hidden = gelu(linear(x, weights, f"{name}.fc1"))
        x = layer_norm(x + linear(hidden, weights, f"{name}.fc2"), weights, f"{name}.final_layer_norm")
    embedding = x.sum(0) / (x != 0).sum(0)
    logits = linear(embedding, weights, "proj") if "proj.weight" in weights else np.zeros(0)
    return logits, embedding, scores


def saliency(attention, per, heads):
    """What infer's `saliency_per` and `saliency_heads` ask for, of attention weights (..., heads, queries, keys)."""
    over = {"query": -1, "key": -2}[per]
    if heads == "each":
        return attention.max(over)
    return attention.mean(-3).max(over) if per == "query" else attention.max(over).mean(-2)


if __name__ == "__main__":
    checkpoint, segments, out = sys.argv[1:4]
    cfg, weights = read(checkpoint)
    results = [forward(segment.astype(float), cfg, weights) for segment in np.load(segments)]
    logits, embedding, attention = map(np.stack, zip(*results))
    np.savez(out, logits=logits, embedding=embedding, attention=attention)
