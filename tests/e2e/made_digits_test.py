#!/usr/bin/python3
"""`data make` writes drawn digits as files of MNIST's names and form.

usage: made_digits_test.py LOCKSTEP
"""

import idx
import numpy as np
import program

# As many samples as DIGITS_JOB draws, but other ones.
COUNTS = ["--train", 500, "--test", 100, "--seed", 3, "--noise", 0.2]
SETTINGS = ["--set", "data.digits.seed=3", "--set", "data.digits.noise=0.2"]
NAMES = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz",
         "train-labels-idx1-ubyte.gz"]


class MadeDigitsTest(program.ProgramTest):
    def names(self, folder):
        return sorted(path.name for path in (self.directory / folder).iterdir())

    def test_training_on_them_gives_the_weights_that_training_on_drawn_digits_gives(self):
        drawn = self.train("drawn", *SETTINGS)
        self.run_program("data", "make", "--dir", "made", *COUNTS)
        self.write("job.textproto", program.DIGITS_JOB.replace(
            "digits { train_samples: 500 test_samples: 100 }", "mnist { digest: IGNORED }"))
        read = self.train("read", "--data-dir", "made")
        self.assertEqual(read["weights_sha256"], drawn["weights_sha256"])
        self.assertEqual(read["test"], drawn["test"])

    def test_the_files_are_named_and_shaped_as_mnists(self):
        self.run_program("data", "make", "--dir", "made", *COUNTS)
        self.assertEqual(self.names("made"), NAMES)
        for name, samples in (("train", 500), ("t10k", 100)):
            images = idx.read(self.directory / f"made/{name}-images-idx3-ubyte.gz")
            labels = idx.read(self.directory / f"made/{name}-labels-idx1-ubyte.gz")
            self.assertEqual(images.shape, (samples, 28, 28))
            self.assertEqual(labels.shape, (samples,))
            self.assertEqual(set(labels), set(range(10)))
            # Ink in the middle, white on black.
            self.assertGreater(images[:, 8:20, 8:20].mean(), 3 * images[:, :3].mean())

    def test_files_that_are_there_are_replaced_only_with_force(self):
        self.run_program("data", "make", "--dir", "made", "--train", 20, "--test", 10)
        before = {name: (self.directory / "made" / name).read_bytes() for name in NAMES}
        self.refused(3, "data", "make", "--dir", "made", *COUNTS,
                     says=["train-images-idx3-ubyte.gz: is there already; choose another directory, or replace it"])
        self.assertEqual({name: (self.directory / "made" / name).read_bytes() for name in NAMES}, before)
        self.run_program("data", "make", "--dir", "made", "--force", *COUNTS)
        self.assertEqual(self.names("made"), NAMES)
        self.assertEqual(len(idx.read(self.directory / "made/train-labels-idx1-ubyte.gz")), 500)

    def test_a_disk_that_fills_up_leaves_what_was_there(self):
        self.run_program("data", "make", "--dir", "made", "--train", 20, "--test", 10)
        before = idx.read(self.directory / "made/train-labels-idx1-ubyte.gz")
        full_disk = ["bash", "-c", 'trap "" XFSZ; ulimit -f 20; exec "$@"', "full_disk"]
        self.refused(3, "data", "make", "--dir", "made", "--force", *COUNTS, before=full_disk,
                     says=["train-images-idx3-ubyte.gz: cannot be written: File too large"])
        self.assertEqual(self.names("made"), NAMES)
        np.testing.assert_array_equal(idx.read(self.directory / "made/train-labels-idx1-ubyte.gz"), before)

    def test_a_seed_is_a_whole_number_of_64_bits(self):
        for seed in (-1, "nan", 1.5, 2**64):
            with self.subTest(seed=seed):
                self.refused(2, "data", "make", "--dir", "made", f"--seed={seed}",
                             says=[f"--seed: must be a whole number from 0 to 2^64 - 1, is {seed}"])
        self.run_program("data", "make", "--dir", "made", "--train", 1, "--test", 1, f"--seed={2**64 - 1}")

    def test_counts_and_noise_out_of_range_are_refused(self):
        for option, value in (("--train", 0), ("--test", 5000001), ("--noise", 1.5), ("--noise", "nan")):
            with self.subTest(option=option, value=value):
                self.refused(2, "data", "make", "--dir", "made", f"{option}={value}", says=[option])
                self.assertFalse((self.directory / "made").exists())


if __name__ == "__main__":
    program.main()
