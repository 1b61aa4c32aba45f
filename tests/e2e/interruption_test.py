#!/usr/bin/python3
"""Stops and kills runs in the middle, resumes them on other ranks, and compares bytes with a run that
was left alone.

usage: [LOCKSTEP_TEST_STOPS=N] interruption_test.py LOCKSTEP
N: at how many random steps to stop a run, 20 by default.
"""

import itertools
import json
import os
import pathlib
import random
import signal
import time
import unittest

import h5py
import program

STOPS = int(os.environ.get("LOCKSTEP_TEST_STOPS", "20"))

STOPPED = 75  # exit code: stopped by a signal after saving

# (ranks, threads), one after the other.
LAYOUTS = itertools.cycle([(2, 1), (3, 1), (1, 2), (2, 2), (1, 1), (4, 1)])

# 16 epochs of 12 short steps. metrics.h5 is rewritten after every step: it tells how far a run is.
LONG_RUN = ["--set", "data.digits.train_samples=1450", "--set", "epochs=16", "--set",
            "metrics.flush_seconds=0"]
DEADLINE_SECONDS = 120


def children(pid):
    """The processes that a process started, and theirs."""
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from children(child)


def rank_pids(mpirun):
    """The ranks that mpirun runs."""
    return [pid for pid in children(mpirun.pid)
            if b"OMPI_COMM_WORLD_RANK=" in pathlib.Path(f"/proc/{pid}/environ").read_bytes()]


class InterruptionTest(program.ProgramTest):
    def training(self, output, layout, *settings):
        """The command line of a run; `layout` is (ranks, threads)."""
        ranks, threads = layout
        arguments = ["train", "job.textproto", "--json", "--threads", threads, "--set",
                     f"output_directory={output}", *LONG_RUN, *settings]
        return arguments, {"ranks": ranks}

    def steps_recorded(self, output):
        try:
            with h5py.File(self.directory / output / "digits/metrics.h5") as file:
                return int(file["metrics/train"]["step"][-1])
        except (OSError, KeyError, IndexError, ValueError):
            return 0  # there is none yet

    def wait_for_step(self, run, output, step):
        """Returns when the run has recorded that step. Fails if it ends before."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.steps_recorded(output) < step:
            self.assertIsNone(run.poll(), "the run ended early")
            self.assertLess(time.monotonic(), deadline, "no progress")
            time.sleep(0.001)

    def finish(self, output, layout):
        arguments, options = self.training(output, layout)
        return json.loads(self.run_program(*arguments, **options).stdout)

    def stop(self, output, layout, step, number=signal.SIGUSR1, *settings):
        """Stops a run by a signal once it has recorded `step`; returns its JSON answer."""
        arguments, options = self.training(output, layout, *settings)
        with self.start(*arguments, **options) as run:
            self.wait_for_step(run, output, step)
            run.send_signal(number)
            out, err = run.communicate(timeout=DEADLINE_SECONDS)
        self.assertEqual(run.returncode, STOPPED, err)
        return json.loads(out)

    def bytes_of(self, answer):
        """What must be equal: the checkpoint whole, and all that was measured but times."""
        with h5py.File(self.directory / answer["metrics"]) as file:
            tables = [file[f"metrics/{name}"][()].tobytes() for name in ("train", "eval")]
        return [(self.directory / answer["checkpoint"]).read_bytes(), *tables]

    def assert_same_as_left_alone(self, answer):
        """The job text in a checkpoint names the output directory, so both runs use the same."""
        cut = self.bytes_of(answer)
        (self.directory / "run").rename(self.directory / "cut")
        alone = self.finish("run", (2, 1))
        self.assertEqual(answer["weights_sha256"], alone["weights_sha256"])
        self.assertTrue(cut == self.bytes_of(alone), "checkpoint or metrics differ")

    def test_stopped_by_usr1_at_random_steps_a_run_ends_with_the_bytes_of_one_left_alone(self):
        steps = sorted(random.Random(20).sample(range(1, 185), STOPS))
        stopped_at = 0
        for step in steps:
            answer = self.stop("run", next(LAYOUTS), max(step, stopped_at + 1))
            self.assertGreater(answer["step"], stopped_at)
            stopped_at = answer["step"]
        self.assert_same_as_left_alone(self.finish("run", next(LAYOUTS)))

    def test_after_a_rank_was_killed_a_run_resumes_from_its_last_checkpoint(self):
        arguments, options = self.training("run", (3, 1), "--set", "checkpoint.every_steps=10")
        for step, victim in [(34, 1), (77, 0), (151, 2)]:
            with self.start(*arguments, **options) as run:
                self.wait_for_step(run, "run", step)
                os.kill(rank_pids(run)[victim], signal.SIGKILL)
                _, err = run.communicate(timeout=DEADLINE_SECONDS)
            self.assertNotIn(run.returncode, (0, STOPPED), err)
        last = sorted((self.directory / "run/digits/checkpoints").glob("step-*.h5"))[-1]
        self.assertGreaterEqual(int(last.stem.removeprefix("step-")), 150)
        arguments, _ = self.training("run", (2, 1), "--set", "checkpoint.every_steps=10")
        answer = json.loads(self.run_program(*arguments, ranks=2).stdout)
        self.assertEqual(answer["weights_sha256"], self.finish("alone", (1, 1))["weights_sha256"])

    def test_killed_with_mpirun_itself_a_run_leaves_a_directory_that_resumes(self):
        arguments, options = self.training("run", (2, 1), "--set", "checkpoint.every_steps=10")
        with self.start(*arguments, **options) as run:
            self.wait_for_step(run, "run", 25)
            ranks = rank_pids(run)
            run.kill()
            for pid in ranks:
                os.kill(pid, signal.SIGKILL)
            run.communicate(timeout=DEADLINE_SECONDS)
        result = self.run_program(*arguments, ranks=3)
        self.assertIn("resuming from", result.stderr)
        self.assertEqual(json.loads(result.stdout)["weights_sha256"],
                         self.finish("alone", (1, 1))["weights_sha256"])

    def test_int_and_term_stop_a_run_as_usr1_does(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            answer = self.stop("run", (0, 1), self.steps_recorded("run") + 1, number)
            self.assertGreater(answer["step"], 0)
        self.assert_same_as_left_alone(self.finish("run", (2, 1)))

    def test_a_signal_during_set_up_stops_the_run_and_loses_nothing(self):
        arguments, options = self.training("run", (0, 1))
        # The directory appears when set-up begins.
        with self.start(*arguments, **options) as run:
            while not (self.directory / "run/digits").exists():
                self.assertIsNone(run.poll())
            run.send_signal(signal.SIGUSR1)
            out, err = run.communicate(timeout=DEADLINE_SECONDS)
        self.assertEqual(run.returncode, STOPPED, err)
        self.assertLessEqual(json.loads(out)["step"], 1)
        self.assert_same_as_left_alone(self.finish("run", (2, 1)))

    def test_a_signal_during_an_evaluation_ends_it_and_resuming_evaluates_again(self):
        # So many hold-out samples that the evaluation outlasts everything else.
        slow = ["--set", "data.holdout.samples=20000", "--set", "data.digits.train_samples=20120",
                "--set", "epochs=2", "--set", "model.layer[0].conv2d.filters=64"]
        answer = self.stop("run", (2, 1), 1, signal.SIGUSR1, *slow)
        self.assertEqual(answer["step"], 1)
        arguments, options = self.training("run", (3, 1), *slow)
        resumed = json.loads(self.run_program(*arguments, **options).stdout)
        with h5py.File(self.directory / resumed["metrics"]) as file:
            rows = [(int(row["step"]), row["split"].decode()) for row in file["metrics/eval"][()]]
        self.assertEqual(rows, [(1, "holdout"), (2, "holdout"), (2, "test")])


if __name__ == "__main__":
    program.main()
