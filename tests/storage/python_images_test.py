"""Image files as users write them with h5py are read, or refused with a reason.

usage: python_images_test.py STORAGE_FIXTURE
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import h5py
import numpy as np

FIXTURE = sys.argv.pop(1)
PIXELS = np.arange(3 * 1 * 4 * 5, dtype="u1").reshape(3, 1, 4, 5)
LABELS = np.array([7, 0, 9])
PIXEL_SUM = int(PIXELS.sum(dtype="i8"))


class PythonImages(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = pathlib.Path(temporary.name) / "images.h5"

    def read(self, write, labels=LABELS):
        """What C++ says about the file into which write(file) put the images."""
        with h5py.File(self.path, "w") as file:
            write(file)
            file["labels"] = labels
        return self.answer()

    def answer(self):
        """What C++ says about the file."""
        program = subprocess.run([FIXTURE, "images", self.path], check=True, capture_output=True)
        return program.stdout.decode().strip()

    def test_bytes(self):
        self.assertEqual(self.read(lambda file: file.create_dataset("images", data=PIXELS)),
                         f"1 bytes a pixel, sum {PIXEL_SUM} 7 0 9")

    def test_compressed_chunks(self):
        for options in ({"compression": "gzip"}, {"compression": "gzip", "shuffle": True},
                        {"fletcher32": True}, {"chunks": (2, 1, 3, 3)}):
            with self.subTest(options):
                self.assertEqual(
                    self.read(lambda file: file.create_dataset("images", data=PIXELS, **options)),
                    f"1 bytes a pixel, sum {PIXEL_SUM} 7 0 9")

    def test_a_compression_that_this_machine_does_not_know_is_named(self):
        with mock.patch.dict(os.environ, {"HDF5_PLUGIN_PATH": str(self.path.parent)}):
            answer = self.read(lambda file: file.create_dataset(
                "images", data=np.zeros((3, 1, 64, 64), "u1"), compression="lzf"))
        self.assertIn("images.h5: images: required filter 'lzf' is not registered", answer)

    def test_highly_compressible_images(self):
        zeros = np.zeros((1000, 3, 64, 64), "u1")
        answer = self.read(
            lambda file: file.create_dataset("images", data=zeros, compression="gzip",
                                             compression_opts=9, chunks=zeros.shape),
            labels=np.zeros(1000, "i4"))
        self.assertTrue(answer.startswith("1 bytes a pixel, sum 0 0 0"), answer)

    def test_big_endian_numbers(self):
        for kind in (">f4", ">f8"):
            with self.subTest(kind):
                self.assertEqual(
                    self.read(lambda file: file.create_dataset("images", data=PIXELS.astype(kind)),
                              labels=LABELS.astype(">i2")),
                    f"4 bytes a pixel, sum {PIXEL_SUM} 7 0 9")

    def test_the_newest_file_format(self):
        with h5py.File(self.path, "w", libver="latest") as file:
            file["images"] = PIXELS
            file["labels"] = LABELS
        self.assertEqual(self.answer(), f"1 bytes a pixel, sum {PIXEL_SUM} 7 0 9")

    def test_a_file_that_another_process_writes_is_not_locked_for_us(self):
        with h5py.File(self.path, "w") as file:
            file["images"] = PIXELS
            file["labels"] = LABELS
        with h5py.File(self.path, "a"):
            self.assertEqual(self.answer(), f"1 bytes a pixel, sum {PIXEL_SUM} 7 0 9")

    def test_absurd_dimensions_are_refused_before_memory_is_allocated(self):
        for options in ({}, {"chunks": (1, 1, 64, 64)},
                        {"chunks": (1, 1, 64, 64), "compression": "gzip"}):
            with self.subTest(options):
                with h5py.File(self.path, "w") as file:
                    file.create_dataset("images", (10**12, 1, 64, 64), "u1", **options)
                    file.create_dataset("labels", (10**12,), "i8")
                self.assertIn("images: claims 4096000000000000 values of 1 bytes, but holds only 0",
                              self.answer())

    def test_text_and_compounds_are_refused(self):
        for data in (np.full((3, 1, 4, 5), b"x"), np.zeros((3, 1, 4, 5), [("a", "f4")])):
            answer = self.read(lambda file: file.create_dataset("images", data=data))
            self.assertIn("pixels must be 8-bit unsigned integer", answer)

    def test_a_damaged_file_is_refused(self):
        self.read(lambda file: file.create_dataset("images", data=PIXELS, compression="gzip",
                                                   fletcher32=True))
        whole = self.path.read_bytes()
        self.path.write_bytes(whole[:len(whole) // 2])
        self.assertIn("images.h5: cannot be read as an HDF5 file: truncated file", self.answer())


if __name__ == "__main__":
    unittest.main()
