#!/usr/bin/python3
"""A later attempt of a launch takes the run directory over from an earlier one that still lives, which then
writes nothing more; nobody else does.

usage: taking_over_test.py LOCKSTEP
"""

import json
import os
import shutil
import signal

import long_run
import program

STORAGE_ERROR = 4


SAVING = ["--set", "checkpoint.every_steps=10"]


def attempt(number, launch="test-1", **more):
    return {**os.environ, "LOCKSTEP_LAUNCH": launch, "LOCKSTEP_ATTEMPT": str(number), **more}


class TakingOverTest(long_run.LongRunTest):
    def files(self):
        """What the run directory holds, byte for byte."""
        root = self.directory / "run/digits"
        return {file.relative_to(root): file.read_bytes() for file in root.rglob("*") if file.is_file()}

    def stopped_in_mid_run(self, layout, number):
        """A running first attempt whose rank 0 does nothing from now on."""
        arguments, options = self.training("run", layout, *SAVING)
        run = self.start(*arguments, **options, env=attempt(number))
        self.addCleanup(run.communicate)
        self.addCleanup(run.kill)
        self.wait_for_step(run, "run", 34)
        rank_0 = next((pid for pid in long_run.rank_pids(run) if long_run.rank_of(pid) == 0), run.pid)
        os.kill(rank_0, signal.SIGSTOP)
        return run, rank_0

    def assert_taken_over(self, layout, taker_layout):
        first, rank_0 = self.stopped_in_mid_run(layout, 1)
        arguments, options = self.training("run", taker_layout, *SAVING)
        result = self.run_program(*arguments, **options, env=attempt(2, LOCKSTEP_RESTART_REASON="node2 crashed"))
        self.assertIn("attempt 2 of launch test-1 (node2 crashed)\n", result.stderr)
        self.assertIn("resuming from", result.stderr)
        answer = json.loads(result.stdout)
        left_by_second = self.files()
        os.kill(rank_0, signal.SIGCONT)
        _, err = first.communicate(timeout=long_run.DEADLINE_SECONDS)
        self.assertEqual(first.returncode, STORAGE_ERROR, err)
        self.assertEqual(err.count("run/digits: was taken over by attempt 2 of launch test-1 (process "), 1, err)
        self.assertTrue(left_by_second == self.files(), "the first attempt has changed what the second left")
        self.assert_same_as_left_alone(answer, *SAVING)

    def test_from_a_process_that_wakes_up_when_all_is_done(self):
        self.assert_taken_over((0, 1), (2, 1))

    def test_from_two_ranks_of_which_rank_0_wakes_up(self):
        self.assert_taken_over((2, 1), (0, 1))

    def test_a_later_attempt_goes_on_from_what_its_launch_has_saved_whatever_resume_says(self):
        self.finish("run", (0, 1), "--set", "epochs=2")
        for number, resume in ((1, "run/digits/checkpoints/step-00000012.h5"), (2, "never")):
            arguments, options = self.training("run", (0, 1), *SAVING, "--resume", resume)
            launch = f"test-{number}"
            with self.start(*arguments, **options, env=attempt(1, launch)) as run:
                self.wait_for_step(run, "run", 34)
                run.kill()
                run.communicate()
            result = self.run_program(*arguments, **options, env=attempt(2, launch))
            self.assertIn("--resume counts no more", result.stderr)
            self.assertEqual(result.stderr.count("set aside"), 0, result.stderr)
            self.assert_same_as_left_alone(json.loads(result.stdout), *SAVING)
            for left in ("run", "cut"):
                shutil.rmtree(self.directory / left)

    def test_all_others_are_refused(self):
        self.stopped_in_mid_run((0, 1), 2)
        before = self.files()
        arguments, _ = self.training("run", (0, 1), *SAVING)
        in_use = "run/digits: is in use by attempt 2 of launch test-1 (process "
        for environment, says in ((attempt(2), "this is attempt 2, and only a later one takes over"),
                                  (attempt(1), "this is attempt 1, and only a later one takes over"),
                                  (attempt(3, launch="test-2"), "wait until it ends or stop it"),
                                  (None, "wait until it ends or stop it")):
            with self.subTest(says=says):
                self.refused(STORAGE_ERROR, *arguments, env=environment, says=[in_use, says])
        self.assertTrue(before == self.files(), "who was refused has changed something")

    def test_a_launch_that_is_not_described_well_is_refused(self):
        for environment, says in ((attempt("0"), "LOCKSTEP_ATTEMPT: must be a number from 1"),
                                  (attempt("1", launch="two words"), "LOCKSTEP_LAUNCH: must be a name")):
            with self.subTest(says=says):
                self.refused(2, "train", "job.textproto", env=environment, says=[says])
        self.assertFalse((self.directory / "runs").exists())


if __name__ == "__main__":
    program.main()
