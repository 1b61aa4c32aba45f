"""The files that storage writes are read by h5py, pandas and PyTables as they are.

usage: python_readers_test.py STORAGE_FIXTURE
"""

import hashlib
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas as pd
import tables

FIXTURE = sys.argv.pop(1)


def weights_sha256(path):
    """As checkpoint.md says it."""
    sha = hashlib.sha256()
    with h5py.File(path, "r") as file:
        for group in ("parameters", "buffers"):
            for name in sorted(file[group]):
                array = file[group][name]
                if array.dtype.kind == "i":
                    continue
                sha.update(f"{group}/{name}\0".encode())
                sha.update(struct.pack("<Q", array.ndim))
                sha.update(np.array(array.shape, "<i8").tobytes())
                sha.update(array[()].astype("<f4").tobytes())
    return sha.hexdigest()


class PythonReaders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.checkpoint = pathlib.Path(cls.temporary.name) / "checkpoint.h5"
        cls.metrics = pathlib.Path(cls.temporary.name) / "metrics.h5"
        answer = subprocess.run([FIXTURE, "write", cls.temporary.name], check=True, capture_output=True)
        cls.sha256 = answer.stdout.decode().strip()

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_h5py_reads_the_checkpoint(self):
        with h5py.File(self.checkpoint, "r") as file:
            self.assertEqual(
                set(file), {"parameters", "buffers", "optimizer", "state", "job", "build"})
            weight = file["parameters/conv1.weight"]
            self.assertEqual((weight.shape, weight.dtype), ((2, 1, 1, 3), np.dtype("<f4")))
            np.testing.assert_array_equal(
                weight[()].ravel(), np.array([1.5, -0.0, 3, 4e-42, 5, -6], "f4"))
            np.testing.assert_array_equal(
                file["optimizer/momentum/conv1.bias"], np.array([0.25, -0.5], "f4"))
            self.assertEqual(file["buffers/scalar"][()], 42)
            self.assertEqual(file["buffers/empty"].shape, (0, 4))
            self.assertEqual(file["state/step"][()], 1200)
            self.assertEqual(file["state/best"][()], 0.987)
            self.assertEqual(file["state/note"][()].decode(), "größer")
            self.assertEqual(file["state/none"][()].decode(), "")
            self.assertEqual(file["job"][()].decode(), 'name: "lenet"\nseed: 1\n')
            self.assertEqual(file["build/cpu"][()].decode(), "x86")

    def test_a_state_dict_is_one_line(self):
        with h5py.File(self.checkpoint, "r") as file:
            state = {name: array[()] for name, array in file["parameters"].items()}
        self.assertEqual({name: array.shape for name, array in state.items()},
                         {"conv1.bias": (2,), "conv1.weight": (2, 1, 1, 3), "norm.num_batches_tracked": ()})
        self.assertEqual((state["norm.num_batches_tracked"].dtype, state["norm.num_batches_tracked"]), ("<i8", 1200))

    def test_the_weights_digest_can_be_recomputed(self):
        self.assertEqual(weights_sha256(self.checkpoint), self.sha256)

    def test_the_seal_can_be_recomputed(self):
        for path, tag in ((self.checkpoint, b"CKP"), (self.metrics, b"MET")):
            file = path.read_bytes()
            self.assertEqual(file[:16], b"\x89LOCKSTEP\r\n\x1a\n" + tag)
            self.assertEqual(struct.unpack("<IIQ", file[16:32]), (1, 0, len(file) - 512))
            self.assertEqual(file[32:64], hashlib.sha256(file[:32] + file[64:]).digest())
            self.assertEqual(file[64:512], bytes(448))

    def test_pandas_reads_the_metrics(self):
        train = pd.read_hdf(self.metrics, "metrics/train")
        self.assertEqual(list(train.columns), ["step", "loss", "host"])
        self.assertEqual(len(train), 5001)
        self.assertEqual(train.step.dtype, np.dtype("int64"))
        np.testing.assert_array_equal(train.step, np.arange(1, 5002))
        np.testing.assert_array_equal(train.loss[:5000], 1 / np.arange(1, 5001))
        self.assertTrue(np.isnan(train.loss[5000]))
        self.assertEqual(train.host[1], "node2")

    def test_pandas_reads_an_empty_series(self):
        evaluations = pd.read_hdf(self.metrics, "metrics/eval")
        self.assertEqual(list(evaluations.columns), ["step", "accuracy"])
        self.assertEqual(len(evaluations), 0)

    def test_h5py_reads_the_metrics(self):
        with h5py.File(self.metrics, "r") as file:
            self.assertEqual(set(file["metrics"]), {"train", "eval"})
            frame = pd.DataFrame(file["metrics/train"][:])
            self.assertEqual(file["metrics/eval"].shape, (0,))
        self.assertEqual(frame.loss[3], 0.25)

    def test_pytables_selects_from_the_metrics(self):
        with tables.open_file(self.metrics) as file:
            self.assertEqual(file.root.metrics.eval.nrows, 0)
            rows = file.root.metrics.train.read_where("(step > 10) & (step <= 20)")
        np.testing.assert_array_equal(rows["step"], np.arange(11, 21))

    def test_a_file_that_a_reader_holds_open_can_be_rewritten(self):
        with h5py.File(self.metrics, "r") as file:
            subprocess.run([FIXTURE, "write", self.temporary.name], check=True, capture_output=True)
            self.assertEqual(len(file["metrics/train"]), 5001)


if __name__ == "__main__":
    unittest.main()
