#!/usr/bin/python3
"""Trains on MNIST's files where they are missing or damaged: exit code 3, the file and what would help.

usage: data_errors_test.py LOCKSTEP
"""

import gzip
import os
import struct

import numpy
import program

DATA_ERROR = 3

# Any files of MNIST's form pass, so that what is wrong inside them is found.
JOB = """
name: "images"
model { layer { linear { units: 10 } } }
data { mnist { digest: IGNORED } holdout { samples: 5 } }
global_batch: 10
microbatch: 5
epochs: 1
optimizer { sgd { learning_rate: 0.01 } }
"""

IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"


def idx(array):
    """The bytes of an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


class DataErrorsTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("job.textproto", JOB)
        self.data = self.directory / "data"
        self.data.mkdir()
        pixels = numpy.random.default_rng(1)
        for part, count in (("train", 40), ("t10k", 10)):
            images = pixels.integers(0, 256, (count, 28, 28), dtype=numpy.uint8)
            labels = numpy.arange(count, dtype=numpy.uint8) % 10
            (self.data / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
            (self.data / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))

    def training(self, *settings):
        return ["train", "job.textproto", "--data-dir", self.data, *settings]

    def change(self, name, change):
        file = self.data / name
        file.write_bytes(change(file.read_bytes()))

    def refused_for(self, *says):
        return self.refused(DATA_ERROR, *self.training(), says=says)

    def test_files_that_are_whole_can_be_trained_on(self):
        result = self.run_program(*self.training())
        self.assertIn("35 training and 5 hold-out samples of IDX files", result.stderr)

    def test_without_data_the_places_tried_and_the_fetching_command_are_named(self):
        home, data = self.directory / "home", self.directory / "nothing"
        home.mkdir()
        data.mkdir()
        environment = {**os.environ, "HOME": str(home), "LOCKSTEP_DATA": str(data)}
        places = [data, home / ".cache/lockstep"]
        tried = [f"  {place}{below}\n" for place in places for below in ("", "/MNIST/raw")]
        self.refused(DATA_ERROR, "train", "job.textproto", env=environment,
                     says=["MNIST was not found", *tried, f"  lockstep data fetch --dir {data}\n"])

    def test_a_part_of_the_files_is_not_enough(self):
        (self.data / TEST_LABELS).unlink()
        self.refused_for(f"{self.data}: has a part of MNIST, but not {TEST_LABELS}",
                         f"lockstep data fetch --dir {self.data}")

    def test_other_files_under_its_names_are_not_taken_for_mnist(self):
        says = [f"{self.data / IMAGES}: is not MNIST's {IMAGES}", "set data.mnist.digest to IGNORED",
                f"lockstep data fetch --dir {self.data}"]
        self.refused(DATA_ERROR, *self.training("--set", "data.mnist={}"), says=says)
        self.refused(DATA_ERROR, "data", "verify", "--dir", self.data, says=says)

    def test_a_file_that_is_not_idx_is_told_by_its_first_bytes(self):
        self.change(IMAGES, lambda file: b"PK\x03\x04" + file[4:])
        self.refused_for(f"{self.data / IMAGES}: not an IDX file: it starts with 0x504b0304",
                         "put a whole copy in its place")

    def test_a_file_that_is_too_short_is_found(self):
        self.change(IMAGES, lambda file: file[:-1])
        self.refused_for(f"{self.data / IMAGES}: too short: 31375 bytes, expected 31376 (40 x 28 x 28",
                         "put a whole copy in its place")

    def test_an_empty_file_is_found(self):
        self.change(LABELS, lambda file: b"")
        self.refused_for(f"{self.data / LABELS}: not an IDX file: 0 bytes",
                         "put a whole copy in its place")

    def test_bytes_behind_the_end_are_found(self):
        self.change(LABELS, lambda file: file + b"x")
        self.refused_for(f"{self.data / LABELS}: trailing bytes: goes on after the 48 bytes",
                         "put a whole copy in its place")

    def test_a_label_of_ten_is_found(self):
        self.change(TEST_LABELS, lambda file: file[:-1] + b"\x0a")
        self.refused_for(f"{self.data / TEST_LABELS}: the label of sample 9 is 10, expected 0 to 9",
                         "can come from data.hdf5")

    def test_different_counts_of_images_and_labels_are_found(self):
        (self.data / LABELS).write_bytes(idx(numpy.zeros(39, numpy.uint8)))
        self.refused_for(f"{self.data / IMAGES} holds 40 images",
                         f"{self.data / LABELS} holds 39 labels", "two files that belong together")

    def test_broken_gzip_is_found(self):
        packed = gzip.compress((self.data / IMAGES).read_bytes())
        damaged = bytearray(packed)
        damaged[-6] ^= 1  # of the checksum
        for broken, problem in ((packed[:-100], "cut off"), (damaged, "damaged"),
                                (packed + b"more", "4 bytes follow the end of the gzip data")):
            with self.subTest(problem=problem):
                (self.data / IMAGES).write_bytes(broken)
                self.refused_for(f"{self.data / IMAGES}: ", problem, "put a whole copy in its place")

    def test_damaged_mnist_is_told_how_to_be_fetched_again(self):
        self.change(IMAGES, lambda file: file[:-1])
        self.refused(DATA_ERROR, *self.training("--set", "data.mnist={}"),
                     says=[f"{self.data / IMAGES}: too short",
                           f"remove it and get MNIST's with:\n  lockstep data fetch --dir {self.data}"])

    def test_verify_looks_in_the_given_directory_alone(self):
        empty = self.directory / "nothing"
        empty.mkdir()
        message = self.refused(DATA_ERROR, "data", "verify", "--dir", empty,
                               env={**os.environ, "LOCKSTEP_DATA": str(self.data)},
                               says=[f"  {empty}\n", f"lockstep data fetch --dir {empty}"])
        self.assertNotIn(str(self.data), message)

    def test_data_from_elsewhere_than_the_command_line_says_is_warned_about(self):
        result = self.run_program("train", "job.textproto", "--data-dir", "nothing",
                                  env={**os.environ, "LOCKSTEP_DATA": str(self.data)})
        self.assertIn(f"warning: --data-dir nothing does not hold MNIST's files; taking those in {self.data}\n",
                      result.stderr)

    def test_pixels_that_are_all_the_same_cannot_be_normalised(self):
        (self.data / IMAGES).write_bytes(idx(numpy.full((40, 28, 28), 7, numpy.uint8)))
        self.refused_for("data.normalization: all pixels of channel 0 are 7", "scale_to_unit")


if __name__ == "__main__":
    program.main()
