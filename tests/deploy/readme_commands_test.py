"""Runs the README's commands, in its order, in a scratch copy of the tree with a job of a few steps.

Each fenced `sh` block's lines run in one shell, as a reader would type them; then the `python` blocks,
and the `bash` blocks, which are files for Slurm, are checked for syntax. A command that cannot run here
must be run by another file of the repository, which NOT_HERE names.

usage: readme_commands_test.py ROOT BUILD_DIR
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop())
ROOT = pathlib.Path(sys.argv.pop())

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# The beginning of a command, and the file of the repository that runs it instead of this test.
NOT_HERE = {
    "deploy/quickstart": "tests/deploy/bare_debian.sh",
    "deploy/test": ".ci/run",
    "sbatch": "tests/cluster/slurm_test.py",
    "cpack": "tests/deploy/package_test",
    "sudo apt install ./build/release/package/lockstep_": "tests/deploy/package_test",
    "build/release/lockstep data fetch": "deploy/quickstart",
    "build/release/lockstep data verify": "deploy/quickstart",
}

# What stands for a real job and a real cluster. The digits are MNIST's in form.
REPLACEMENTS = ((r"mnist \{\}", "digits { train_samples: 600 test_samples: 200 }"),
                (r"samples: 5000", "samples: 100"),
                (r"epochs: \d+", "epochs: 1"))
HOSTS = "localhost slots=2\n"


def blocks(language):
    """The contents of the README's fenced blocks of the given language."""
    return [text for name, text in FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8")) if name == language]


def commands(text):
    """The commands of a block of shell lines, without comments; a backslash continues a line."""
    lines = text.replace("\\\n", " ").splitlines()
    return [command for line in lines if (command := line.split(" #")[0].strip()) and not command.startswith("#")]


def runs_elsewhere(command):
    for beginning, file in NOT_HERE.items():
        if command.startswith(beginning):
            return file
    return None


class Readme(unittest.TestCase):

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="lockstep-readme-"))
        self.addCleanup(shutil.rmtree, self.scratch)
        (self.scratch / "build").mkdir()
        (self.scratch / "build/release").symlink_to(BUILD)
        (self.scratch / "hosts").write_text(HOSTS, encoding="utf-8")
        for folder in ("jobs", "mpirun"):
            shutil.copytree(ROOT / "deploy" / folder, self.scratch / "deploy" / folder)
        for job in (self.scratch / "deploy/jobs").glob("*.textproto"):
            text = job.read_text(encoding="utf-8")
            for pattern, replacement in REPLACEMENTS:
                text = re.sub(pattern, replacement, text)
            job.write_text(text, encoding="utf-8")

    def run_here(self, command, **options):
        # Open MPI finds its own files through HOME, so the scratch home is for the commands alone.
        environment = dict(os.environ, HOME=str(self.scratch / "home"))
        return subprocess.run(command, cwd=self.scratch, env=environment, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def test_its_commands_run_as_they_are_written(self):
        script = ["set -e"]
        for command in (c for block in blocks("sh") for c in commands(block)):
            if not runs_elsewhere(command):
                script += [f"cat <<'COMMAND'\n+ {command}\nCOMMAND", command]
        self.assertGreater(len(script), 10, "the README shows no commands any more")
        result = self.run_here(["bash", "-c", "\n".join(script)])
        self.assertEqual(0, result.returncode, "\n" + result.stdout)

        for number, block in enumerate(blocks("python")):
            result = self.run_here([sys.executable, "-c", block])
            self.assertEqual(0, result.returncode, f"python block {number + 1}\n{result.stdout}")

    def test_commands_that_cannot_run_here_are_run_by_another_file(self):
        for command in (c for block in blocks("sh") for c in commands(block)):
            file = runs_elsewhere(command)
            if file:
                words = command.removeprefix("build/release/lockstep ").split(" -")[0]
                self.assertIn(words, (ROOT / file).read_text(encoding="utf-8"), f"{file} does not run {command}")

    def test_its_batch_scripts_are_shell_scripts(self):
        for block in blocks("bash"):
            result = self.run_here(["bash", "-n"], input=block)
            self.assertEqual(0, result.returncode, result.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
