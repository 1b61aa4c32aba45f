#!/usr/bin/python3
"""Gives the program output directories that cannot be used, are in use, or are full: exit code 4, the place and
what would help.

usage: run_directory_errors_test.py LOCKSTEP
"""

import json
import os
import signal
import socket
import unittest

import program

STORAGE_ERROR = 4
STOPPED = 75

# Goes on until it is stopped.
ENDLESS = ["--set", "epochs=1000000", "--set", "checkpoint.every_epochs=1000000", "--set",
           "evaluation.every_epochs=1000000"]


class RunDirectoryErrorsTest(program.ProgramTest):
    def training(self, output, *settings):
        return ["train", "job.textproto", "--json", "--threads", 1, "--set", f"output_directory={output}",
                *settings]

    def in_mount(self, mount, script):
        """The words that start the program behind a mount on the directory `full`."""
        (self.directory / "full").mkdir(exist_ok=True)
        return program.behind_mount(mount, script)

    def test_below_a_regular_file(self):
        self.refused(STORAGE_ERROR, *self.training("job.textproto"),
                     says=["job.textproto/digits: cannot be created: Not a directory; check the path"])

    def test_without_the_right_to_write(self):
        user = self.as_user(65534) if os.geteuid() == 0 else []
        for output, path in (("closed", "closed/digits: cannot be created"),
                             (".", "digits/lock: cannot be opened for writing")):
            with self.subTest(output=output):
                directory = self.directory / path.split(":")[0]
                directory.parent.mkdir(exist_ok=True)
                directory.parent.chmod(0o555)
                self.refused(STORAGE_ERROR, *self.training(output), before=user,
                             says=[f"{path}: Permission denied; choose a place that you may use"])
                directory.parent.chmod(0o777)

    @unittest.skipUnless(program.CAN_MOUNT, "mounting is not allowed here")
    def test_on_a_read_only_file_system(self):
        read_only = self.in_mount("mount -t tmpfs -o ro tmpfs full", 'exec "$@"')
        self.refused(STORAGE_ERROR, *self.training("full"), before=read_only,
                     says=["full/digits: cannot be created: Read-only file system; choose a place"])

    def test_a_second_job_is_refused_and_the_first_goes_on(self):
        with self.start(*self.training("runs", *ENDLESS)) as first:
            while not first.stderr.readline().startswith("training digits: "):
                self.assertIsNone(first.poll(), "the first run ended early")
            for ranks in (0, 2):
                self.refused(STORAGE_ERROR, *self.training("runs"), ranks=ranks,
                             says=[f"runs/digits: is in use by process {first.pid} on {socket.gethostname()}",
                                   "wait until it ends or stop it, or give this run another name"])
            first.send_signal(signal.SIGUSR1)
            answer, log = first.communicate(timeout=60)
        self.assertEqual(first.returncode, STOPPED, log)
        self.run_program("verify", json.loads(answer)["checkpoint"])

    @unittest.skipUnless(program.CAN_MOUNT, "mounting is not allowed here")
    def test_on_a_full_disk_training_goes_on_and_what_was_saved_stays_whole(self):
        # Room for two checkpoints of 88 kB, not for the third. What is on the disk outlives it as a copy.
        full = self.in_mount("mount -t tmpfs -o size=256k tmpfs full",
                             '"$@"; code=$?; cp -r full kept; exit $code')
        settings = ["--set", "checkpoint.every_steps=4"]
        with_room = self.train("room", *settings)
        full_disk = "cannot be written: No space left on device; free some space"
        message = self.refused(STORAGE_ERROR, *self.training("full", *settings, "--set", "steps=20"),
                               before=full,
                               says=["warning: no checkpoint after step 12: ", "warning: no checkpoint after step 16: ",
                                     "lockstep: error: no checkpoint after step 20: ",
                                     "then run the same command again"])
        self.assertEqual(message.count(full_disk), 3, message)
        kept = sorted((self.directory / "kept/digits/checkpoints").iterdir())
        self.assertEqual([file.name for file in kept], ["step-00000004.h5", "step-00000008.h5"])
        answer = self.train("kept", *settings)
        self.assertEqual(answer["weights_sha256"], with_room["weights_sha256"])


if __name__ == "__main__":
    program.main()
