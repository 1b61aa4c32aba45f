"""IDX files, MNIST's format, read without any of the program's code."""

import gzip
import os
import pathlib
import struct

import numpy as np


def read(path):
    """The array of bytes in an IDX file, plain or packed, which must end with its last element."""
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    zero, kind, dims = struct.unpack(">HBB", content[:4])
    if (zero, kind) != (0, 8):
        raise ValueError(f"{path}: is no IDX file of bytes")
    shape = struct.unpack(f">{dims}I", content[4:4 + 4 * dims])
    return np.frombuffer(content, "u1", offset=4 + 4 * dims).reshape(shape)


def find(directory, name):
    """The file called `name` in a directory, plain or packed; None if there is none."""
    for path in (directory / name, directory / f"{name}.gz"):
        if path.is_file():
            return path
    return None


def test_set(directory):
    """The images and labels of MNIST's test set, or of other files of its form."""
    return tuple(read(find(directory, name)) for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"))


def mnist_directory():
    """Where the README says that MNIST is looked for, the first that has it; None if it is nowhere."""
    for directory in filter(None, (os.environ.get("LOCKSTEP_DATA"), pathlib.Path.home() / ".cache/lockstep")):
        for place in (pathlib.Path(directory), pathlib.Path(directory) / "MNIST/raw"):
            if find(place, "t10k-images-idx3-ubyte"):
                return place
    return None
