#!/usr/bin/python3
"""Stops and kills runs in the middle, resumes them on other ranks, and compares bytes with a run that
was left alone.

usage: [LOCKSTEP_TEST_STOPS=N] interruption_test.py LOCKSTEP
N: at how many random steps to stop a run, 20 by default.
"""

import itertools
import json
import os
import random
import signal

import h5py
import long_run
import program

STOPS = int(os.environ.get("LOCKSTEP_TEST_STOPS", "20"))

STOPPED = 75  # exit code: stopped by a signal after saving

# (ranks, threads), one after the other.
LAYOUTS = itertools.cycle([(2, 1), (3, 1), (1, 2), (2, 2), (1, 1), (4, 1)])

class InterruptionTest(long_run.LongRunTest):
    def stop(self, output, layout, step, number=signal.SIGUSR1, *settings):
        """Stops a run by a signal once it has recorded `step`; returns its JSON answer."""
        arguments, options = self.training(output, layout, *settings)
        with self.start(*arguments, **options) as run:
            self.wait_for_step(run, output, step)
            run.send_signal(number)
            out, err = run.communicate(timeout=long_run.DEADLINE_SECONDS)
        self.assertEqual(run.returncode, STOPPED, err)
        return json.loads(out)

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
                os.kill(long_run.rank_pids(run)[victim], signal.SIGKILL)
                _, err = run.communicate(timeout=long_run.DEADLINE_SECONDS)
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
            ranks = long_run.rank_pids(run)
            run.kill()
            for pid in ranks:
                os.kill(pid, signal.SIGKILL)
            run.communicate(timeout=long_run.DEADLINE_SECONDS)
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
            out, err = run.communicate(timeout=long_run.DEADLINE_SECONDS)
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
