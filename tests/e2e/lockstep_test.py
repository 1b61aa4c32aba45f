#!/usr/bin/python3
"""Trains on drawn digits with several numbers of ranks and threads, and compares bytes.

usage: lockstep_test.py LOCKSTEP
"""

import h5py
import program

# (ranks, threads). A step has 4 microbatches, so some ranks have none.
LAYOUTS = [(2, 1), (3, 1), (4, 1), (7, 1), (1, 2), (1, 4), (2, 2), (3, 3)]


class LockstepTest(program.ProgramTest):
    def tables(self, metrics):
        """The bytes of what was measured; times are not the same twice."""
        with h5py.File(self.directory / metrics) as file:
            return {name: file[f"metrics/{name}"][()].tobytes() for name in ("train", "eval")}

    def test_weights_and_metrics_have_the_same_bytes_on_any_number_of_ranks_and_threads(self):
        alone = self.train("alone")
        for ranks, threads in LAYOUTS:
            with self.subTest(ranks=ranks, threads=threads):
                answer = self.train(f"{ranks}x{threads}", ranks=ranks, threads=threads)
                self.assertEqual(self.weights(answer["checkpoint"]), self.weights(alone["checkpoint"]))
                self.assertEqual(self.tables(answer["metrics"]), self.tables(alone["metrics"]))

    def test_a_run_cut_in_two_on_other_ranks_ends_with_the_same_weights(self):
        whole = self.train("whole", ranks=2)
        self.train("cut", "--set", "steps=5", ranks=3)
        cut = self.train("cut", threads=2)
        self.assertEqual(cut["weights_sha256"], whole["weights_sha256"])

    def test_another_seed_gives_other_weights(self):
        first = self.train("first", "--set", "seed=1")
        second = self.train("second", "--set", "seed=2")
        self.assertNotEqual(first["weights_sha256"], second["weights_sha256"])


if __name__ == "__main__":
    program.main()
