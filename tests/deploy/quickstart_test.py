"""What deploy/quickstart decides: which data, which run, how many ranks, which exit code.

It runs in a scratch copy where cmake, mpirun and lockstep are stand-ins that write down how they were
called and answer as told. bare_debian.sh runs the real thing.

usage: quickstart_test.py ROOT
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop())

# Writes its name and arguments down; answers to `data verify` and `data fetch` with the exit codes given.
LOCKSTEP = """#!/bin/bash
echo "lockstep $*" >>"$CALLS"
case "$1 $2" in
  "data verify") exit $VERIFY ;;
  "data fetch") exit $FETCH ;;
esac
printf 'test accuracy 98.90 %% (9890 of 10000)\\ncheckpoint runs/lenet5/checkpoints/step-00000430.h5\\n'
exit $TRAIN
"""

MPIRUN = """#!/bin/bash
echo "mpirun $*" >>"$CALLS"
while [[ $1 != */lockstep ]]; do shift; done
exec "$@"
"""


class Quickstart(unittest.TestCase):

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="lockstep-quickstart-"))
        self.addCleanup(shutil.rmtree, self.scratch)
        shutil.copytree(ROOT / "deploy", self.scratch / "clone/deploy")
        self.program("clone/build/release/lockstep", LOCKSTEP)
        self.program("bin/cmake", '#!/bin/bash\necho "cmake $*" >>"$CALLS"\n')
        self.program("bin/mpirun", MPIRUN)

    def program(self, path, text):
        target = self.scratch / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(0o755)

    def run_it(self, *options, verify=0, fetch=0, train=0, folder="."):
        """Runs it with stand-ins that exit as told; fills self.calls with how they were called."""
        environment = dict(os.environ, CALLS=str(self.scratch / "calls"), HOME="/home/reader",
                           VERIFY=str(verify), FETCH=str(fetch), TRAIN=str(train),
                           PATH=f"{self.scratch / 'bin'}:{os.environ['PATH']}")
        result = subprocess.run([self.scratch / "clone/deploy/quickstart", "--no-install", *options],
                                cwd=self.scratch / folder, env=environment, check=False, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        calls = self.scratch / "calls"
        self.calls = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
        return result

    def calls_of(self, beginning):
        return [call for call in self.calls if call.startswith(beginning)]

    def test_builds_and_trains_on_two_ranks_with_mnist_that_is_there(self):
        result = self.run_it()
        self.assertEqual(0, result.returncode, result.stdout)
        self.assertEqual([], self.calls_of("lockstep data fetch"))
        self.assertTrue(self.calls_of("mpirun -np 2 "), self.calls)
        self.assertEqual(["lockstep train deploy/jobs/lenet5.textproto"], self.calls_of("lockstep train"))
        self.assertLess(self.calls.index("cmake --preset release -DLOCKSTEP_TESTS=OFF"),
                        self.calls.index("lockstep data verify"))

    def test_ends_with_the_commands_that_resume_and_evaluate(self):
        lines = self.run_it().stdout.splitlines()
        self.assertIn("test accuracy 98.90 % (9890 of 10000)", lines)
        self.assertTrue(any(line.startswith("resume ") and "train deploy/jobs/lenet5.textproto" in line for line in lines))
        self.assertTrue(any(line.startswith("evaluate ") and "--checkpoint runs/lenet5/checkpoints/step-00000430.h5" in line
                            for line in lines))

    def test_fetches_mnist_where_it_is_not_found(self):
        result = self.run_it(verify=3)
        self.assertEqual(["lockstep data fetch --dir /home/reader/.cache/lockstep"], self.calls_of("lockstep data fetch"))
        self.assertEqual(["lockstep train deploy/jobs/lenet5.textproto"], self.calls_of("lockstep train"))
        self.assertNotIn("NOT MNIST", result.stdout)

    def test_draws_digits_in_a_run_of_another_name_where_nothing_can_be_fetched_and_says_so_twice(self):
        result = self.run_it(verify=3, fetch=3)
        self.assertEqual(0, result.returncode, result.stdout)
        self.assertEqual(["lockstep train deploy/jobs/lenet5.textproto --set data.digits={} --set name=lenet5-digits"],
                         self.calls_of("lockstep train"))
        self.assertEqual(2, result.stdout.count("THIS IS NOT MNIST"))

    def test_does_not_replace_a_data_directory_that_was_asked_for(self):
        result = self.run_it("--data-dir", str(self.scratch), verify=3)
        self.assertEqual(3, result.returncode)
        self.assertEqual([f"lockstep data verify --dir {self.scratch}"], self.calls_of("lockstep data"))
        self.assertEqual([], self.calls_of("mpirun"))

    def test_hands_options_on_to_training(self):
        self.run_it("--epochs", "3", "--data-dir", str(self.scratch))
        self.assertEqual([f"lockstep train deploy/jobs/lenet5.textproto --data-dir {self.scratch} --set epochs=3"],
                         self.calls_of("lockstep train"))

    def test_a_job_file_counts_from_where_the_user_stands(self):
        self.program("elsewhere/mine.textproto", 'name: "mine"\n')
        self.run_it("--job", "mine.textproto", folder="elsewhere")
        self.assertEqual([f"lockstep train {self.scratch}/elsewhere/mine.textproto"], self.calls_of("lockstep train"))

    def test_more_ranks_than_cores_share_them(self):
        self.run_it("--np", "4096")
        self.assertTrue(self.calls_of("mpirun -np 4096 --oversubscribe --bind-to none "), self.calls)

    def test_returns_the_exit_code_of_training(self):
        for code in (5, 75):
            self.assertEqual(code, self.run_it(train=code).returncode)

    def test_an_unknown_option_ends_it_before_anything_happens(self):
        result = self.run_it("--rank", "3")
        self.assertEqual(2, result.returncode)
        self.assertIn("unknown option --rank", result.stdout)
        self.assertEqual([], self.calls)


if __name__ == "__main__":
    unittest.main(verbosity=2)
