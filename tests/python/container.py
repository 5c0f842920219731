"""PyTorch's checkpoint container, written without PyTorch: what torch.save makes of dicts and lists of tensors."""

import collections
import pickle
import sys
import types
import zipfile

import numpy as np

TYPES = {"FloatStorage": "<f4", "HalfStorage": "<f2"}


class Weight:
    """A tensor to be written: its shape, and its numbers when they are needed."""

    def __init__(self, shape, make):
        self.shape, self.make = shape, make
        self.numel = int(np.prod(shape, dtype=int))


def torch_names():
    """Stand-ins under PyTorch's names, since a pickle holds names only."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for storage in TYPES:
        setattr(torch, storage, type(storage, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        raise AssertionError("only its name is used")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    torch._utils = utils
    sys.modules.update({"torch": torch, "torch._utils": utils})
    return torch


def write(path, top, storage="FloatStorage", device="cpu"):
    """`torch.save` of nested dicts and lists of weights, all of one type on one device."""
    torch, weights = torch_names(), []

    class Storage:
        def __init__(self, weight):
            self.weight = weight

    class Writer(pickle._Pickler):
        def persistent_id(self, value):
            if isinstance(value, Storage):
                weights.append(value.weight)
                return ("storage", getattr(torch, storage), str(len(weights) - 1), device, value.weight.numel)
            return None

        def reducer_override(self, value):
            if not isinstance(value, Weight):
                return NotImplemented
            stride = [int(np.prod(value.shape[i + 1 :], dtype=int)) for i in range(len(value.shape))]
            arguments = (Storage(value), 0, tuple(value.shape), tuple(stride), False, collections.OrderedDict())
            return torch._utils._rebuild_tensor_v2, arguments

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with archive.open("archive/data.pkl", "w") as file:
            Writer(file, protocol=2).dump(top)
        # Whoever imports PyTorch after this wants the real one.
        for name in ("torch", "torch._utils"):
            del sys.modules[name]
        archive.writestr("archive/byteorder", "little")
        for key, weight in enumerate(weights):
            archive.writestr(f"archive/data/{key}", weight.make(weight.shape).astype(TYPES[storage]).tobytes())
        archive.writestr("archive/version", "3\n")
