#!/usr/bin/python3
"""What `lockstep status` and status.json say while a run goes on, and after each way to end, read with Python's
own json; and when restarts are given up.

usage: status_test.py LOCKSTEP
"""

import datetime
import json
import os
import shutil
import signal
import socket

import long_run
import program

USAGE_ERROR, STORAGE_ERROR, DIVERGED, GAVE_UP, STOPPED = 2, 4, 5, 6, 75


# Such a run has no checkpoint yet when it ends, with exit code 5.
DIVERGING = ["--set", "optimizer.adam.learning_rate=1e6", "--set", "model.layer[2]={ elu { alpha: 1e6 } }"]


def attempt(number, launch="test-1", **more):
    return {**os.environ, "LOCKSTEP_LAUNCH": launch, "LOCKSTEP_ATTEMPT": str(number), **more}


class StatusTest(long_run.LongRunTest):
    def status(self):
        """status.json as any program can read it, without what differs from run to run."""
        return json.loads((self.directory / "run/digits/status.json").read_text())

    def asked(self):
        return json.loads(self.run_program("status", "run/digits", "--json").stdout)

    def text(self):
        return self.run_program("status", "run/digits").stdout

    def test_while_a_run_goes_on_and_after_it_was_stopped_and_when_it_has_finished(self):
        arguments, options = self.training("run", (2, 1))
        with self.start(*arguments, **options) as run:
            self.wait_for_step(run, "run", 30)
            going_on = self.asked()
            run.send_signal(signal.SIGUSR1)
            out, err = run.communicate(timeout=long_run.DEADLINE_SECONDS)
        self.assertEqual(run.returncode, STOPPED, err)
        self.assertIn(going_on["state"], ("training", "evaluating", "saving"))
        self.assertEqual((going_on["total_steps"], going_on["epochs"], going_on["ranks"], going_on["threads"]),
                         (192, 16, 2, 1))
        self.assertEqual(going_on["hosts"], [socket.gethostname()])
        self.assertGreaterEqual(going_on["step"], 12)
        self.assertGreater(going_on["images_per_second"], 0)
        self.assertGreater(going_on["seconds_left"], 0)
        self.assertIn("accuracy", going_on["holdout"])
        self.assertNotIn("ended", going_on["attempts"][0])

        step = json.loads(out)["step"]
        stopped = self.status()
        self.assertEqual((stopped["state"], stopped["step"], stopped["checkpoint"]["step"]), ("stopped", step, step))
        self.assertEqual(stopped["attempts"][0]["outcome"], "stopped")
        answer = self.finish("run", (0, 1))
        finished = self.status()
        self.assertEqual((finished["state"], finished["step"], finished["epoch"]), ("finished", 192, 16))
        self.assertNotIn("seconds_left", finished)
        self.assertEqual([(each["from_step"], each["step"], each["ranks"], each["outcome"])
                          for each in finished["attempts"]], [(0, step, 2, "stopped"), (step, 192, 1, "finished")])
        self.assertEqual(finished["best"], {"step": answer["best"]["step"], "accuracy": answer["best"]["accuracy"]})
        self.assertEqual(finished["test"]["accuracy"], answer["test"]["accuracy"])
        self.assertTrue((self.directory / "run/digits" / finished["checkpoint"]["path"]).samefile(
            self.directory / answer["checkpoint"]))
        began, ended, updated = (datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ") for time in
                                 (finished["attempts"][1]["started"], finished["attempts"][1]["ended"],
                                  finished["updated"]))
        self.assertTrue(began <= ended <= updated)
        self.assertIn("run/digits: finished\nstep        192 of 192, epoch 16 of 16\n", self.text())

    def test_a_killed_run_is_lost_to_the_next_attempt_which_says_why_it_was_started(self):
        arguments, _ = self.training("run", (0, 1))
        with self.start(*arguments, env=attempt(1)) as run:
            self.wait_for_step(run, "run", 20)
            run.kill()
            run.communicate()
        self.run_program(*arguments, env=attempt(2, LOCKSTEP_RESTART_REASON="node1 lost its power"))
        first, second = self.status()["attempts"]
        self.assertEqual((first["launch"], first["attempt"], first["outcome"]), ("test-1", 1, "lost"))
        self.assertEqual((second["attempt"], second["reason"], second["outcome"]), (2, "node1 lost its power", "finished"))
        self.assertIn(second["from_step"], range(12, 192, 12), "an epoch has 12 steps and ends with a checkpoint")
        text = self.text()
        for says in ("finished, attempt 2 of launch test-1\n", "1 of test-1", "lost", "node1 lost its power"):
            self.assertIn(says, text)

    def test_a_run_that_failed_tells_why(self):
        self.refused(DIVERGED, "train", "job.textproto", "--set", "output_directory=run", *DIVERGING,
                     says=["training diverged"])
        status = self.status()
        self.assertEqual((status["state"], status["attempts"][0]["outcome"]), ("failed", "failed"))
        self.assertIn("training diverged", status["attempts"][0]["error"])
        self.assertIn("error       training diverged", self.text())

    def test_how_often_a_run_was_started_changes_no_byte_of_what_it_keeps(self):
        arguments, _ = self.training("run", (0, 1))
        with self.start(*arguments, env=attempt(1)) as run:
            self.wait_for_step(run, "run", 100)
            run.kill()
            run.communicate()
        answer = json.loads(self.run_program(*arguments, env=attempt(2, LOCKSTEP_RESTART_REASON="killed")).stdout)
        self.assert_same_as_left_alone(answer)

    def test_without_status_json_checkpoints_and_metrics_tell(self):
        answer = self.finish("run", (0, 1))
        (self.directory / "run/digits/status.json").unlink()
        status = self.asked()
        self.assertEqual((status["state"], status["name"], status["step"], status["attempts"]),
                         ("unknown", "digits", 192, []))
        self.assertEqual(status["test"]["accuracy"], answer["test"]["accuracy"])
        self.assertEqual(status["best"]["step"], answer["best"]["step"])
        self.assertIn("there is no status.json", self.text())
        for name in ("checkpoints", "job.textproto"):
            path = self.directory / "run/digits" / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.assertIn("checkpoint  none yet", self.text())

    def test_what_is_no_run_directory_is_refused(self):
        self.refused(STORAGE_ERROR, "status", "nowhere", says=["nowhere: is not there; give the directory of a run"])
        self.refused(STORAGE_ERROR, "status", "job.textproto", says=["job.textproto: is no directory"])
        self.refused(STORAGE_ERROR, "status", ".", says=[".: is not the directory of a run"])
        self.finish("run", (0, 1))
        self.refused(STORAGE_ERROR, "status", "run", says=["there are run/digits"])

    def test_of_a_damaged_status_json_it_answers_with_json(self):
        (self.directory / "run/digits").mkdir(parents=True)
        (self.directory / "run/digits/status.json").write_bytes(b"\xff\xfe")
        self.assertIn("status.json: is not what Lockstep has written", self.asked()["remarks"][0])

    def test_of_a_directory_that_may_not_be_read_it_says_so(self):
        (self.directory / "run/digits/checkpoints").mkdir(parents=True)
        (self.directory / "run/digits").chmod(0o700)
        self.refused(STORAGE_ERROR, "status", "run/digits", before=self.as_user(65534),
                     says=["run/digits: cannot be read: Permission denied", "ask for the rights"])

    def test_attempts_in_vain_are_given_up_but_a_new_launch_is_not(self):
        job = ["train", "job.textproto", "--set", "output_directory=run", "--give-up-after", 2]
        for number in (1, 2):
            self.refused(DIVERGED, *job, *DIVERGING, env=attempt(number), says=["training diverged"])
        for ranks in (0, 2):
            self.refused(GAVE_UP, *job, ranks=ranks, env=attempt(3),
                         says=["run/digits: gives up: the last 2 attempts of launch test-1 began after step 0", "diverged"])
        self.assertEqual(self.status()["state"], "gave up")
        self.assertEqual([each["outcome"] for each in self.status()["attempts"]],
                         ["failed", "failed", "gave up", "gave up"])
        self.run_program(*job, env=attempt(1, launch="test-2"))
        self.assertEqual(self.status()["state"], "finished")

    def test_a_number_of_attempts_below_zero_is_refused(self):
        self.refused(USAGE_ERROR, "train", "job.textproto", "--give-up-after", "-1", says=["--give-up-after"])


if __name__ == "__main__":
    program.main()
