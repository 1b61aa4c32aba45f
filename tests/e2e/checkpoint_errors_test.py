#!/usr/bin/python3
"""Hands the program checkpoints that are missing, damaged or of something else: exit code 4, the file, what is
wrong with it and what would help.

usage: checkpoint_errors_test.py LOCKSTEP
"""

import hashlib
import json
import pathlib
import shutil
import struct
import tempfile

import program

CHECKPOINT_ERROR = 4
USAGE_ERROR = 2

OTHER_NET = program.DIGITS_JOB.replace("filters: 4", "filters: 5")
OTHER_OPTIMIZER = program.DIGITS_JOB.replace("adam {}", "sgd { learning_rate: 0.1 }")


def flipped(checkpoint):
    """One bit in its middle is another."""
    middle = len(checkpoint) // 2
    return checkpoint[:middle] + bytes([checkpoint[middle] ^ 1]) + checkpoint[middle + 1:]


def resealed(checkpoint):
    """With the digest that fits; see storage/checkpoint.md."""
    return checkpoint[:32] + hashlib.sha256(checkpoint[:32] + checkpoint[64:]).digest() + checkpoint[64:]


def newer(checkpoint):
    """As if a later version of the program had written it."""
    return resealed(checkpoint[:16] + struct.pack("<I", 2) + checkpoint[20:])


class CheckpointErrorsTest(program.ProgramTest):
    """Each test has a run of 12 steps with checkpoints of steps 4, 8 and 12: one was trained, the others are
    copies."""

    answer = None
    trained = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.trained.cleanup()

    def setUp(self):
        super().setUp()
        if not self.answer:
            type(self).answer = self.train("runs", "--set", "checkpoint.every_steps=4")
            shutil.copytree(self.directory / "runs", pathlib.Path(self.trained.name) / "runs")
        shutil.copytree(self.trained.name, self.directory, dirs_exist_ok=True)
        self.checkpoints = self.directory / "runs/digits/checkpoints"
        self.newest = self.checkpoints / "step-00000012.h5"

    def refused_by_all(self, name, *says):
        """By every command that takes a checkpoint."""
        for arguments in (["train", "job.textproto", "--set", "name=new", "--resume", name],
                          ["evaluate", "--checkpoint", name], ["inspect", name], ["verify", name]):
            with self.subTest(arguments=arguments):
                self.refused(CHECKPOINT_ERROR, *arguments, says=[f"lockstep: error: {name}: ", *says])

    def write_bad(self, change):
        (self.directory / "bad.h5").write_bytes(change(self.newest.read_bytes()))
        return "bad.h5"

    def test_one_that_is_not_there(self):
        self.refused_by_all("missing.h5", "cannot be read: No such file or directory; check the path")

    def test_one_that_is_cut_off(self):
        size = self.newest.stat().st_size
        self.refused_by_all(self.write_bad(lambda file: file[:1000]),
                            f"should be 512 + {size - 512} bytes long and is 1000: it was cut off",
                            "use another checkpoint")

    def test_one_with_a_flipped_bit(self):
        self.refused_by_all(self.write_bad(flipped), "is damaged: its content does not match its SHA-256",
                            "use another checkpoint")

    def test_one_of_a_newer_format(self):
        self.refused_by_all(self.write_bad(newer), "is a checkpoint of format version 2",
                            "this program reads up to 1; use the newer Lockstep")

    def test_files_of_other_kinds(self):
        for name, says in (("job.textproto", "is something else, not a Lockstep checkpoint file; check the path"),
                           (self.answer["metrics"], "is a Lockstep file of another kind, not a checkpoint file"),
                           ("runs/digits", "is a directory; give the path of a file in it")):
            self.refused(CHECKPOINT_ERROR, "verify", name, says=[f"lockstep: error: {name}: {says}"])

    def test_one_of_another_model(self):
        self.write("job.textproto", OTHER_NET)
        newest = self.newest.relative_to(self.directory)
        problem = f"{newest}: is of another model: conv2d_1.weight is 4x1x5x5 there and 5x1x5x5 in the job; "
        for arguments, remedy in ((["--set", "name=new", "--resume", newest], "resume with the job it was"),
                                  ([], "give this run another name"),
                                  (["--set", "name=new", "--weights", newest], "give a checkpoint of the job's")):
            with self.subTest(arguments=arguments):
                self.refused(CHECKPOINT_ERROR, "train", "job.textproto", *arguments, says=[problem, remedy])

    def test_one_of_another_optimizer(self):
        self.write("job.textproto", OTHER_OPTIMIZER)
        self.refused(CHECKPOINT_ERROR, "train", "job.textproto",
                     says=["was trained by another optimizer", "or give this run another name"])

    def test_one_of_a_job_with_other_steps_is_a_matter_of_the_job(self):
        message = self.refused(USAGE_ERROR, "train", "job.textproto", "--set", "global_batch=100",
                               says=["was trained on other samples a step", "give this run another name",
                                     "modified: global_batch: 120 -> 100"])
        self.assertNotIn("\n\n", message)

    def test_a_new_run_overwrites_none(self):
        self.refused(USAGE_ERROR, "train", "job.textproto", "--resume", "never",
                     says=["runs/digits has checkpoints", "give the run another name"])

    def test_from_a_damaged_newest_one_auto_goes_back_and_says_so(self):
        self.newest.write_bytes(flipped(self.newest.read_bytes()))
        (self.checkpoints / "step-00000008.h5").write_bytes(b"")
        result = self.run_program("train", "job.textproto", "--json")
        for text in ("warning: skipped a checkpoint: runs/digits/checkpoints/step-00000012.h5: is damaged",
                     "warning: skipped a checkpoint: runs/digits/checkpoints/step-00000008.h5: is empty",
                     "resuming from runs/digits/checkpoints/step-00000004.h5: 4 steps done"):
            self.assertEqual(result.stderr.count(text), 1, result.stderr)
        self.assertEqual(json.loads(result.stdout)["weights_sha256"], self.answer["weights_sha256"])

    def test_where_all_are_damaged_auto_does_not_begin_anew(self):
        for checkpoint in self.checkpoints.iterdir():
            checkpoint.write_bytes(checkpoint.read_bytes()[:-1])
        self.refused(CHECKPOINT_ERROR, "train", "job.textproto",
                     says=["runs/digits/checkpoints: none of the 3 checkpoints is whole",
                           "restore one from a backup, or move them away to start from scratch",
                           *(f"  runs/digits/checkpoints/step-{step:08}.h5: should be" for step in (4, 8, 12))])


if __name__ == "__main__":
    program.main()
