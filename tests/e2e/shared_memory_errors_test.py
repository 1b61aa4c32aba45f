#!/usr/bin/python3
"""Gives the ranks of a node too little memory to share: exit code 6 and the place to look at.

usage: shared_memory_errors_test.py LOCKSTEP
"""

import json
import unittest

import program

COMMUNICATION_ERROR = 6

# 795,010 parameters; the ranks' sums, 6.4 MB each, are the largest part of what they share.
WIDE_JOB = """
name: "wide"
model {
  layer { linear { units: 1000 } }
  layer { linear { units: 10 } }
}
data { digits { train_samples: 600 test_samples: 100 } }
global_batch: 96
microbatch: 16
steps: 3
optimizer { sgd { learning_rate: 0.05 momentum: 0.9 } }
"""


class SharedMemoryErrorsTest(program.ProgramTest):
    @unittest.skipUnless(program.CAN_MOUNT, "mounting is not allowed here")
    def test_whatever_does_not_fit_is_missed_before_the_first_step(self):
        self.write("job.textproto", WIDE_JOB)
        arguments = ["train", "job.textproto", "--json", "--threads", 1, "--set"]
        check = self.run_program("check", "job.textproto", "--json", ranks=3)
        shared = json.loads(check.stdout)["memory_bytes"]["shared"] / 1e6
        trained = 0  # runs that fitted
        # From too little for the first array to what leaves room for MPI's own.
        for size in range(int(shared) - 16, int(shared) + 12, 4):
            with self.subTest(megabytes=size):
                small = program.behind_mount(f"mount -t tmpfs -o size={size}000000 tmpfs /dev/shm")
                with self.start(*arguments, f"name=wide-{size}", ranks=3, before=small) as run:
                    _, log = run.communicate(timeout=120)
                if run.returncode == 0:
                    trained += 1
                    continue
                self.assertEqual(run.returncode, COMMUNICATION_ERROR, log)
                self.assertEqual(log.count("that the ranks of a node share (see `df /dev/shm`)"), 1, log)
                self.assertEqual(trained, 0, "less was enough")
        self.assertIn(trained, range(1, 6), "all sizes fitted, or none")


if __name__ == "__main__":
    program.main()
