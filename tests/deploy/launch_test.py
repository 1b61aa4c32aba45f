"""What deploy/mpirun/launch makes of hostfiles, of what hosts answer and of options, with stand-ins for ssh,
mpirun and lockstep. tests/cluster/ runs the real thing, with faults.

usage: launch_test.py ROOT
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop())

DONE, USAGE, STORAGE, GAVE_UP, STOPPED = 0, 2, 4, 6, 75

LOCKSTEP = """#!/bin/bash
case $1 in
  --version) echo lockstep 1 ;;
  summary) eval "$SUMMARY"; printf 'name: "small"\\noutput_directory: "%s"\\n' "$OUTPUT" ;;
esac
"""

# Writes its arguments down and does what $ATTEMPT says.
MPIRUN = """#!/bin/bash
if [[ $1 == --version ]]; then echo "mpirun (Open MPI) 4.1.4"; exit; fi
printf '%s\\n' "$@" >>"$CALLS"
eval "$ATTEMPT"
"""

# Runs the command here, among other things that $SSH does.
SSH = """#!/bin/bash
eval "$SSH_BEFORE"
sh -c "${@: -1}"
code=$?
eval "$SSH_AFTER"
exit $code
"""


class LaunchTest(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="lockstep-launch-")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        for name, text in (("lockstep", LOCKSTEP), ("bin/mpirun", MPIRUN), ("bin/ssh", SSH)):
            path = self.scratch / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        self.write("job.textproto", b"")

    def write(self, name, content):
        (self.scratch / name).write_bytes(content)

    def start(self, *options, behind=(), hosts=b"node1 slots=1\nnode2 slots=1\n", cwd=None, **variables):
        """The running launch, with what stands behind the job; `variables` say what the stand-ins do."""
        self.write("hosts", hosts)
        told = {"CALLS": self.scratch / "calls", "OUTPUT": "runs", "SUMMARY": "", "ATTEMPT": "", "SSH_BEFORE": "",
                "SSH_AFTER": "", **variables}
        environment = {**os.environ, **{name: str(value) for name, value in told.items()},
                       "PATH": f"{self.scratch}/bin:{os.environ['PATH']}"}
        return subprocess.Popen([ROOT / "deploy/mpirun/launch", "--hostfile", self.scratch / "hosts", "--program",
                                 "./lockstep", *options, "job.textproto", *behind], cwd=cwd or self.scratch,
                                env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def launch(self, code, *options, says=(), **more):
        """What `launch` says, which ends with that code after it has said each text."""
        process = self.start(*options, **more)
        output = process.communicate(timeout=120)[0]
        self.assertEqual(process.returncode, code, output)
        for text in says:
            self.assertIn(text, output)
        self.assertNotIn("Traceback", output)
        return output

    def mpirun_arguments(self):
        return (self.scratch / "calls").read_text(encoding="utf-8").splitlines()

    def test_hostfiles_of_other_programs_and_editors_are_understood(self):
        for hosts in (b"# B\xfcro\r\n\r\nnode1 slots=2 max_slots=4  # gro\xdf\r\n", b"node1 max-slots=2 slots=2",
                      b"\n\tnode1\tslots=2"):
            with self.subTest(hosts=hosts):
                self.launch(DONE, hosts=hosts, says=["attempt 1: 2 ranks on node1"])

    def test_hosts_that_mpirun_would_misunderstand_are_refused(self):
        for hosts, says in ((b"::1 slots=2", "hosts:1: ::1 is not the name of a host"),
                            (b"node1 slots=1\nnode2:4\n", "hosts:2: node2:4 is not the name of a host"),
                            (b"me@node1 slots=2", "hosts:1: me@node1 is not the name of a host"),
                            (b"node1,node2 slots=2", "hosts:1: node1,node2 is not the name of a host"),
                            (b"\xef\xbb\xbfnode1 slots=1", "is not the name of a host"),
                            (b"node1 slost=4", "hosts:1: what does slost=4 mean? Write: node1 slots=N"),
                            (b"node1 slots = 4", "hosts:1: what does = mean?"),
                            (b"node1 slots=0", "how many ranks shall node1 run?")):
            with self.subTest(hosts=hosts):
                self.launch(USAGE, hosts=hosts, says=[says])

    def test_a_host_that_says_more_than_it_was_asked_is_understood(self):
        self.launch(DONE, SSH_BEFORE="echo Welcome; echo Warning: known >&2", SSH_AFTER="echo Goodbye",
                    says=["attempt 1: 2 ranks on node1 node2"])

    def test_a_host_whose_answer_makes_no_sense_is_named(self):
        self.launch(USAGE, SSH_BEFORE="echo I am a router; exit 0",
                    says=["node2: gives no answer that makes sense, but: I am a router"])

    def test_a_host_on_which_a_question_hangs_is_left_out_in_time(self):
        hang = "if [[ $* == *node2* ]]; then sleep 1000 & wait; fi"
        self.launch(DONE, "--probe-timeout", "1", SSH_BEFORE=hang,
                    says=["node2 is left out: does not answer within 1 s", "attempt 1: 1 ranks on node1"])

    def test_output_directories_of_any_name(self):
        for directory, written in (("o'brien", r"o\'brien"), ("müller", r"m\303\274ller"), ("two words", "two words")):
            with self.subTest(directory=directory):
                self.launch(DONE, OUTPUT=written, ATTEMPT=f'ls -d "{directory}/small" && exit 0')

    def test_checkpoints_that_somebody_has_copied_disturb_nothing(self):
        checkpoints = self.scratch / "runs/small/checkpoints"
        checkpoints.mkdir(parents=True)
        for name in ("step-00000030.h5", "step-00000040-copy.h5", "step-best.h5"):
            (checkpoints / name).touch()
        self.launch(GAVE_UP, "--give-up-after", "1", ATTEMPT="exit 1", says=["saved is step 30"])

    def test_the_checkpoints_of_another_launch_are_no_progress(self):
        save = 'touch "runs/small/checkpoints/step-$(printf %08d $LOCKSTEP_ATTEMPT).h5"; exit 4'
        (self.scratch / "runs/small/checkpoints").mkdir(parents=True)
        self.write("runs/small/lock", b"process 1 on node9\nattempt 1 of launch other\n")
        self.launch(GAVE_UP, "--give-up-after", "2", ATTEMPT=save, says=["gave up: 2 failures"])

    def test_own_checkpoints_are_progress(self):
        save = """step=$(printf %08d $LOCKSTEP_ATTEMPT)
                  echo "attempt $LOCKSTEP_ATTEMPT of launch $LOCKSTEP_LAUNCH" >runs/small/lock
                  mkdir -p runs/small/checkpoints && touch runs/small/checkpoints/step-$step.h5
                  exit $((LOCKSTEP_ATTEMPT < 3 ? 6 : 0))"""
        self.launch(DONE, "--give-up-after", "1", ATTEMPT=save, says=["attempt 3: 2 ranks"])

    def test_a_host_that_would_give_no_more_ranks_does_not_interrupt_the_run(self):
        # It does not answer when it is asked first.
        absent = 'if [[ $* == *node2* && ! -e calls ]]; then exit 255; fi'
        output = self.launch(DONE, "--rejoin", "--np", "1", SSH_BEFORE=absent, ATTEMPT="sleep 2",
                             says=["node2 is left out", "done"])
        self.assertNotIn("back again", output)

    def test_a_link_to_the_working_directory_stays_a_link(self):
        with tempfile.TemporaryDirectory(prefix="lockstep-link-") as directory:
            link = pathlib.Path(directory) / "link"
            link.symlink_to(self.scratch)
            self.launch(DONE, cwd=link, PWD=link)
        self.assertIn(str(link / "lockstep"), self.mpirun_arguments())

    def test_a_way_to_reach_hosts_that_cannot_work_is_refused(self):
        for ssh, says in (("no-such-ssh -p 22", "--ssh 'no-such-ssh -p 22': there is no such program"),
                          ("", "--ssh '': there is no such program"), ("ssh 'a", "No closing quotation"),
                          ("ssh -J gate:2222", "put it into ~/.ssh/config")):
            with self.subTest(ssh=ssh):
                self.launch(USAGE, "--ssh", ssh, says=[says])
        self.launch(USAGE, "--mpirun-option", '"--mca', says=["--mpirun-option '\"--mca': No closing quotation"])

    def test_its_own_options_behind_the_job_are_not_taken_for_those_of_the_program(self):
        for word, *more in (["--np", "2"], ["--min-ranks=2"], ["--rejoin", "--set", "epochs=1"]):
            with self.subTest(word=word):
                self.launch(USAGE, behind=[word, *more], says=[f"{word} stands behind the job file"])
        self.launch(DONE, behind=["--give-up-after", "2", "--set", "steps=5"])

    def test_a_run_directory_that_cannot_be_written_is_named(self):
        self.launch(STORAGE, OUTPUT="/proc", says=["cannot be written from this host: ", "'/proc/small'",
                                                   "--set output_directory=..."])

    def test_on_this_host_alone_ssh_need_not_be_there(self):
        self.launch(DONE, "--ssh", "no-such-ssh", hosts=b"localhost slots=2", says=["attempt 1: 2 ranks on localhost"])
        self.assertNotIn("plm_rsh_agent", self.mpirun_arguments())

    def test_a_signal_before_the_run_directory_is_known_ends_it_in_good_order(self):
        os.mkfifo(self.scratch / "pipe")
        process = self.start(SUMMARY="echo >pipe; read line <pipe")
        (self.scratch / "pipe").read_bytes()
        process.send_signal(signal.SIGTERM)
        self.write("pipe", b"go on\n")
        output = process.communicate(timeout=120)[0]
        self.assertEqual(process.returncode, STOPPED, output)
        self.assertIn("ended by SIGTERM while no run was going", output)

    def test_nothing_stays_but_the_run(self):
        self.launch(DONE)
        self.assertEqual(list((self.scratch / "runs").iterdir()), [])
        self.launch(DONE, ATTEMPT="mkdir -p runs/small/checkpoints")
        self.assertEqual([path.name for path in (self.scratch / "runs/small").iterdir()], ["checkpoints"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
