"""What the tests of this folder share: the program, started as users start it, in a scratch directory."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

# Small, and with every trap for equal bytes: batch norm, dropout and Adam on; 450 samples in global batches of 120
# (the last of an epoch is short: 90), cut into microbatches of 32 (the last is short: 24, or 26).
DIGITS_JOB = """
name: "digits"
model {
  layer { conv2d { filters: 4 kernel: 5 stride: 2 } }
  layer { batch_norm {} }
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

# The mpirun of the program's MPI.
MPIRUN = os.environ.get("LOCKSTEP_TEST_MPIRUN", "mpirun")

# A mount table of one's own, as root or in a user namespace, where mounts end with the program.
PRIVATE_MOUNTS = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount"]
CAN_MOUNT = subprocess.run([*PRIVATE_MOUNTS, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True,
                           check=False).returncode == 0

_program = ""


def behind_mount(mount, script='exec "$@"'):
    """The words that start the program behind the command `mount`, whose mount it alone sees; `script` runs it."""
    return [*PRIVATE_MOUNTS, "sh", "-c", f"{mount} && {script}", "sh"]


class ProgramTest(unittest.TestCase):
    """A test case with a scratch directory, in which every command runs."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        self.write("job.textproto", DIGITS_JOB)

    def write(self, name, text):
        (self.directory / name).write_text(text)

    def command(self, *arguments, ranks=0, before=()):
        """The words that start the program: alone, or on `ranks` ranks; behind the words of `before`."""
        launcher = [MPIRUN, "-np", str(ranks)] if ranks else []
        return [*before, *launcher, _program, *map(str, arguments)]

    def start(self, *arguments, ranks=0, before=(), **options):
        """The running program, with pipes."""
        return subprocess.Popen(self.command(*arguments, ranks=ranks, before=before), text=True,
                                cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run_program(self, *arguments, ranks=0, before=(), expect=0, **options):
        """The program's result; fails unless it exits with `expect`."""
        result = subprocess.run(self.command(*arguments, ranks=ranks, before=before), text=True,
                                cwd=self.directory, capture_output=True, check=False, **options)
        self.assertEqual(result.returncode, expect, result.stdout + result.stderr)
        return result

    def as_user(self, number):
        """The words that start the program as another user, for tests that root runs."""
        self.directory.chmod(0o777)
        user = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups"]
        if subprocess.run([*user, *self.command("--version")], capture_output=True, check=False).returncode:
            self.skipTest("other users cannot read the program")
        return user

    def refused(self, code, *arguments, says, **options):
        """What the program writes to standard error when it exits with `code` for a reason that contains each
        text of `says`. Fails unless the reason is told once, in order, without an answer or a crash."""
        result = self.run_program(*arguments, expect=code, **options)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("lockstep: error"), 1, result.stderr)
        for sign_of_a_crash in ("terminate called", "MPI_ABORT", "Signal:", "std::"):
            self.assertNotIn(sign_of_a_crash, result.stderr)
        for text in says:
            self.assertEqual(result.stderr.count(text), 1, f"{text!r} in {result.stderr}")
        return result.stderr

    def train(self, output, *settings, ranks=1, threads=1):
        """The JSON answer of a training run, which must finish."""
        result = self.run_program("train", "job.textproto", "--json", "--threads", threads, "--set",
                                  f"output_directory={output}", *settings, ranks=ranks)
        return json.loads(result.stdout)

    def weights(self, checkpoint):
        """The digest of a checkpoint's parameters."""
        return json.loads(self.run_program("inspect", checkpoint, "--json").stdout)["weights_sha256"]


def main():
    """usage: TEST LOCKSTEP [unittest's arguments]"""
    global _program
    _program = sys.argv.pop(1)
    unittest.main()
