#!/usr/bin/python3
"""Trains on drawn digits with several numbers of ranks and threads, and compares bytes.

usage: lockstep_test.py LOCKSTEP
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

JOB = """
name: "digits"
model {
  layer { conv2d { filters: 4 kernel: 5 stride: 2 } }
  layer { relu {} }
  layer { dropout { rate: 0.2 } }
  layer { linear { units: 10 } }
}
data { digits { train_samples: 500 test_samples: 100 } holdout { samples: 50 } }
global_batch: 120
microbatch: 32
epochs: 3
optimizer { adam {} }
"""

LOCKSTEP = ""


class LockstepTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.directory = pathlib.Path(self.scratch.name)
        (self.directory / "job.textproto").write_text(JOB)

    def tearDown(self):
        self.scratch.cleanup()

    def train(self, output, ranks, threads, *options, expect=0):
        """Returns the JSON answer of a training run."""
        result = subprocess.run(
            ["mpirun", "-np", str(ranks), LOCKSTEP, "train", "job.textproto", "--json", "--threads",
             str(threads), "--set", f"output_directory={output}", *options],
            cwd=self.directory, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, expect, result.stderr)
        return json.loads(result.stdout) if expect == 0 else result.stderr

    def test_weights_have_the_same_bytes_on_any_number_of_ranks_and_threads(self):
        expected = pathlib.Path(self.train("np1", 1, 1)["checkpoint"])
        for ranks, threads in [(2, 1), (3, 1), (7, 1), (1, 2), (2, 2)]:
            answer = self.train(f"np{ranks}t{threads}", ranks, threads)
            self.assertEqual(answer["weights_sha256"], self.weights(expected), (ranks, threads))

    def test_a_run_cut_in_two_on_other_ranks_ends_with_the_same_weights(self):
        whole = self.train("whole", 2, 1)
        self.train("cut", 3, 1, "--set", "steps=5")
        cut = self.train("cut", 1, 2)
        self.assertEqual(cut["weights_sha256"], whole["weights_sha256"])

    def test_a_job_with_a_mistake_ends_with_exit_code_2_and_names_the_place(self):
        self.assertIn("global_batch", self.train("bad", 2, 1, "--set", "global_batch=0", expect=2))

    def weights(self, checkpoint):
        result = subprocess.run([LOCKSTEP, "inspect", checkpoint, "--json"], cwd=self.directory,
                                capture_output=True, text=True, check=True)
        return json.loads(result.stdout)["weights_sha256"]


if __name__ == "__main__":
    LOCKSTEP = sys.argv.pop(1)
    unittest.main()
