"""Checkpoints as they are met in the wild, and one that is a trap, through `ecgfm export`.

usage: checkpoint_variants.py ECGFM REFERENCE_DIR DIR

Writes the reference's tiny checkpoint again: with the older names of the positional weights, saved from a GPU, with an
argparse.Namespace and numpy scalars beside the weights, in float16, with an object whose unpickling would run a
command, and as an encoder without a head among what pretraining needs; as DistributedDataParallel, torch.compile and
Lightning name its weights, as a state dict alone and as safetensors. Exports each; exits 1 where one does not come out as it
must.
"""

import argparse
import json
import os
import struct
import subprocess
import sys

import numpy as np

import forward
from container import Weight, write

ecgfm, reference, directory = sys.argv[1:4]
tiny = os.path.join(reference, "model/tiny.pt")
cfg, weights = forward.read(tiny)
trace = os.path.join(directory, "executed")


class Trap:
    """Runs a command when a pickle reader that trusts its input meets it."""

    def __reduce__(self):
        return os.system, (f"touch {trace}",)


def top(weights, cfg=cfg, **more):
    model = {name: Weight(value.shape, lambda _, v=value: v) for name, value in weights.items()}
    return {"args": None, "cfg": {"model": cfg}, "model": model, **more}


def export(name, file=None, config=None):
    model = os.path.join(directory, f"{name}.ts")
    command = [ecgfm, "export", os.path.join(directory, file or f"{name}.pt"), "-o", model]
    if config:
        command += ["--config", os.path.join(directory, config)]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr.decode()}")
    with open(model, "rb") as file:
        return file.read(), done.stderr.decode()


old = {
    name.replace("parametrizations.weight.original0", "weight_g").replace(
        "parametrizations.weight.original1", "weight_v"
    ): value
    for name, value in weights.items()
}
assert old.keys() != weights.keys()
# `args` stands where older training code left its command line.
beside = {"args": argparse.Namespace(arch="ecg_transformer_classifier", lr=[1e-6])}
beside["extra_state"] = {"val_loss": np.float64(0.25), "best": np.float32(0.5), "epochs": {1, 2}}
write(os.path.join(directory, "same.pt"), top(weights))
write(os.path.join(directory, "old_names.pt"), top(old))
write(os.path.join(directory, "from_gpu.pt"), top(weights), device="cuda:0")
write(os.path.join(directory, "beside.pt"), {**top(weights), **beside})
write(os.path.join(directory, "half.pt"), top(weights), storage="HalfStorage")
write(os.path.join(directory, "trap.pt"), top(weights, extra_state={"trap": Trap()}))

subprocess.run([ecgfm, "export", tiny, "-o", os.path.join(directory, "tiny.ts")], check=True, capture_output=True)
with open(os.path.join(directory, "tiny.ts"), "rb") as file:
    expected = file.read()
for name in ("same", "old_names", "from_gpu", "beside", "trap"):
    model, said = export(name)
    assert model == expected, f"{name}: another model than tiny.pt gives"
    if name == "trap":
        assert "posix system" in said or "posix.system" in said, f"the trap is not named: {said}"
assert not os.path.exists(trace), "the trap was executed"
model, _ = export("half")
assert len(model) == len(expected) and model != expected, "float16 weights, stored as float32"
# Names as tools that wrap a network write them, in any nesting, in the reference's container.
for name, prefix in {
    "parallel": "module.", "compiled": "_orig_mod.", "both": "_orig_mod.module.", "sharded": "_fsdp_wrapped_module.",
}.items():  # fmt: skip
    write(os.path.join(directory, f"{name}.pt"), top({prefix + key: value for key, value in weights.items()}))
    assert export(name)[0] == expected, f"{name}: another model than tiny.pt gives"
# Without a configuration: refused with what to do, and exported where one is named.
tensors = lambda values: {name: Weight(value.shape, lambda _, v=value: v) for name, value in values.items()}
trained = {f"model._orig_mod.{name}": value for name, value in weights.items()} | {"loss.pos_weight": np.ones(26)}
write(os.path.join(directory, "alone.pt"), tensors(weights))
write(os.path.join(directory, "script.pt"), {"model_state_dict": tensors(weights), "epoch": 3})
write(os.path.join(directory, "lightning.pt"), {"state_dict": tensors(trained), "hyper_parameters": {}, "epoch": 3})


def write_safetensors(path, values):
    table, data = {"__metadata__": {"format": "pt"}}, b""
    for name, value in sorted(values.items()):
        numbers = value.astype("<f4").tobytes()
        table[name] = {"dtype": "F32", "shape": value.shape, "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(table).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


write_safetensors(os.path.join(directory, "tensors.safetensors"), {f"module.{name}": v for name, v in weights.items()})
with open(os.path.join(directory, "config.json"), "w") as file:
    json.dump({"model": cfg}, file)
# JSON is YAML; a comment makes sure that it is read as that.
with open(os.path.join(directory, "config.yaml"), "w") as file:
    file.write("# as it was trained\n" + json.dumps({"task": {}, "cfg": {"model": cfg}}))
for name in ("alone", "script", "lightning", "tensors"):
    file = "tensors.safetensors" if name == "tensors" else f"{name}.pt"
    command = [ecgfm, "export", os.path.join(directory, file), "-o", os.path.join(directory, "refused.ts")]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 3 and "\nhelp: " in refused.stderr and "--config" in refused.stderr, (name, refused)
    # The card of another export is a configuration, too.
    for config in ("config.json", "config.yaml", "tiny.json"):
        model, said = export(name, file, config)
        assert model == expected, f"{name} with {config}: another model than tiny.pt gives"
    if name == "lightning":
        assert "loss.pos_weight" in said, f"what was left out is not named: {said}"
# A pretrained encoder: its names bare, its configuration another, and what only pretraining needs beside it.
bare = {name.removeprefix("encoder."): value for name, value in weights.items() if not name.startswith("proj.")}
pretraining = {"mask_emb": np.zeros(64), "quantizer.vars": np.zeros((1, 640, 32)), "final_proj.weight": np.zeros((8, 64))}
pretrained = {key: value for key, value in cfg.items() if key != "num_labels"} | {"_name": "wav2vec2_cmsc"}
write(os.path.join(directory, "pretrained.pt"), top(bare | pretraining, cfg=pretrained))
export("pretrained")


def embeddings(checkpoint, outputs):
    workdir = os.path.join(directory, f"run_{os.path.basename(checkpoint)}")
    settings = {
        "vars.raw": os.path.join(reference, "code15_mini"),
        "vars.checkpoint": checkpoint,
        "infer.outputs": outputs,
        "splits.fractions": "[0, 0, 1]",
    }
    command = [ecgfm, "run", "code15", "--profile", "full", "--until", "infer", "--workdir", workdir]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        sys.exit(f"{checkpoint}: {done.stderr.decode()}")
    return np.load(os.path.join(workdir, "code15/full/infer/embedding_test.npy"))


classifier = embeddings(tiny, "[logits, embedding]")
encoder = embeddings(os.path.join(directory, "pretrained.pt"), "[embedding]")
assert encoder.shape == classifier.shape == (14, 64), (encoder.shape, classifier.shape)
assert np.abs(encoder - classifier).max() <= 1e-6, np.abs(encoder - classifier).max()
print("15 variants as they must be")
