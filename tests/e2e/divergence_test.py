#!/usr/bin/python3
"""Trains with learning rates that are too large: the run ends with exit code 5, and says so.

usage: divergence_test.py LOCKSTEP
"""

import program

DIVERGED = 5

LINEAR = """
name: "linear"
model { layer { linear { units: 10 } } }
data { digits { train_samples: 1000 test_samples: 100 } holdout { samples: 0 } }
global_batch: 1000
microbatch: 1000
steps: 20
optimizer { sgd { learning_rate: 1e6 } }
"""


class DivergenceTest(program.ProgramTest):
    def test_numbers_that_are_not_finite_end_the_run_and_leave_the_last_checkpoint(self):
        self.train("run", "--set", "steps=8")
        self.refused(DIVERGED, "train", "job.textproto", "--set", "output_directory=run", "--set",
                     "optimizer.adam.learning_rate=1e6", "--set", "model.layer[2]={ elu { alpha: 1e6 } }",
                     ranks=2, says=["training diverged", "Try a smaller learning rate"])
        checkpoints = (self.directory / "run/digits/checkpoints").iterdir()
        self.assertEqual(max(file.name for file in checkpoints), "step-00000008.h5")

    def test_a_loss_beyond_what_sums_can_hold_is_no_result(self):
        self.write("linear.textproto", LINEAR)
        self.refused(DIVERGED, "train", "linear.textproto", "--threads", "1", says=["training diverged in step"])


if __name__ == "__main__":
    program.main()
