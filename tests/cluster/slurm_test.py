"""deploy/slurm/train.sbatch on four nodes when no fault comes between: what it is told, and what it refuses.

usage: slurm_test.py LOCKSTEP
"""

import json
import os
import re

import sandbox
from readme_test import commands_with, small
from slurm_case import LONG_SETTINGS, SCRIPT, SlurmTest

# A job on one node, as its first options.
ONE_NODE = ("--nodes=1", "--ntasks=2")


class SlurmTrainingTest(SlurmTest):
    node_count = 4

    def test_a_submitted_job_trains_on_eight_ranks_and_writes_the_bytes_of_one(self):
        job = self.train()
        self.assert_completed(job)
        log = self.slurm.log_of(job)
        self.assertIn(f"slurm-{job}, attempt 1 (SLURM_RESTART_COUNT 0) on node[1-4]\n", log)
        self.assertIn("ranks 0-1 on node1, 2-3 on node2, 4-5 on node3, 6-7 on node4, 1 thread each", log)

    def test_ranks_have_the_threads_that_were_asked_for(self):
        job = self.train("--cpus-per-task=2", layout=("--nodes=2", "--ntasks-per-node=1"))
        self.assert_completed(job)
        self.assertIn("ranks 0 on node1, 1 on node2, 2 threads each", self.slurm.log_of(job))

    def test_ranks_know_their_attempt_in_a_job_that_gets_nothing_of_its_users_environment(self):
        job = self.train("--export=NONE", layout=ONE_NODE)
        self.assert_completed(job)
        status = json.loads((self.cluster.shared / "runs/digits/status.json").read_text(encoding="utf-8"))
        self.assertEqual([(each["launch"], each["attempt"]) for each in status["attempts"]], [(f"slurm-{job}", 1)])

    def test_usr1_from_scancel_stops_a_job_for_good_behind_a_whole_checkpoint(self):
        job = self.train()
        self.wait_for_checkpoint(job)
        with self.held("node1"):
            self.cluster.run("login", "scancel", "-s", "USR1", job)
        self.wait_for(job, lambda: self.slurm.state(job) == "FAILED", "the job has ended")
        self.assertEqual(self.slurm.facts(job)["ExitCode"], "75:0")
        self.assertIn("stopped on request and saved", self.slurm.log_of(job))
        self.cluster.run("login", self.program, "verify", self.last_checkpoint())

        again = self.train()
        self.assert_completed(again)
        self.assertIn("resuming from", self.slurm.log_of(again))

    def test_scancel_ends_a_job_for_good_behind_a_whole_checkpoint(self):
        job = self.train()
        self.wait_for_checkpoint(job)
        self.cluster.run("login", "scancel", job)
        self.wait_for(job, lambda: self.slurm.state(job) == "CANCELLED", "the job is CANCELLED")
        self.assertEqual(self.slurm.facts(job)["Restarts"], "0")
        self.assertIn("stopped by SIGTERM", self.slurm.log_of(job))
        self.cluster.run("login", self.program, "verify", self.last_checkpoint())

    def test_an_array_trains_one_network_for_each_seed(self):
        array = self.train("--array=1-3", layout=ONE_NODE, settings=LONG_SETTINGS)
        first, second = f"{array}_2", f"{array}_3"
        self.wait_for_checkpoint(first, run="runs/digits-seed2")
        with self.held(self.slurm.hosts(first)[0]):
            self.wait_for_checkpoint(second, run="runs/digits-seed3")
            with self.held(self.slurm.hosts(second)[0]):  # it would end while the first one is told
                self.cluster.run("login", "scontrol", "requeue", first)
                # Requeues itself; Slurm calls it by the number of the array, too.
                self.cluster.run("login", "scancel", "--batch", "-s", "USR1", second)
                self.wait_for_log(second, "USR1: the ranks save and stop")
        for seed in (1, 2, 3):
            self.assert_completed(f"{array}_{seed}", *LONG_SETTINGS, "--set", f"name=digits-seed{seed}", "--set",
                                  f"seed={seed}", attempts=1 if seed == 1 else 2, run=f"runs/digits-seed{seed}")

    def test_a_chain_of_jobs_that_may_not_be_requeued_trains_to_the_end(self):
        chain = [self.train("--no-requeue", "--job-name=chain", "--dependency=singleton") for _ in range(3)]
        self.wait_for_checkpoint(chain[0])
        with self.held("node1"):
            self.cluster.run("login", "scancel", "--batch", "-s", "USR1", chain[0])
            self.wait_for_log(chain[0], "USR1: the ranks save and stop")
        self.wait_for(chain[0], lambda: self.slurm.state(chain[0]) == "FAILED", "the first job has ended")
        self.assertIn("the next of its chain goes on", self.slurm.log_of(chain[0]))
        for job in chain[1:]:
            self.assert_completed(job)
            self.assertIn("resuming from", self.slurm.log_of(job))


class ReadmeTest(SlurmTest):
    node_count = 4

    def test_its_commands_for_slurm_train_as_they_are_written(self):
        commands = commands_with("sbatch ")
        self.assertGreaterEqual(len(commands), 2, "the README says no longer how to submit a job")
        for command in commands:
            with self.subTest(command=command):
                job_file = re.search(r"deploy/jobs/\S+", command).group()
                self.write("small.textproto", small((sandbox.ROOT / job_file).read_text(encoding="utf-8")))
                command = re.sub(r"(--ntasks\S*)=16", r"\1=2", command.replace(job_file, "small.textproto"))
                submitted = self.cluster.run("login", "bash", "-c", command).stdout
                job = re.fullmatch(r"Submitted batch job (\d+)\n", submitted).group(1)
                tasks = [f"{job}_{seed}" for seed in (1, 2, 3)] if "--array" in command else [job]
                for task in tasks:
                    self.wait_for(task, lambda: self.slurm.state(task) == "COMPLETED", "the job is COMPLETED")


class WrongUseTest(SlurmTest):
    node_count = 2

    def refused(self, *words, says, **popen):
        """The log of a job that ends at once with exit code 2 after saying each of the texts."""
        job = self.slurm.submit("--nodes=2", "--ntasks-per-node=1", *words, **popen)
        self.wait_for(job, lambda: self.slurm.state(job) == "FAILED", "the job has failed")
        self.assertEqual(self.slurm.facts(job)["ExitCode"], "2:0", self.slurm.log_of(job))
        for text in says:
            self.assertIn(text, self.slurm.log_of(job))
        self.assertFalse((self.cluster.shared / "runs").exists())

    def test_outside_a_batch_job_it_says_how_it_is_started(self):
        for command in (["bash", SCRIPT, "job.textproto"], ["srun", "bash", SCRIPT, "job.textproto"]):
            result = self.cluster.run("login", *command, expect=2)
            self.assertIn("this is a batch script: start it with: sbatch", result.stderr)

    def test_without_a_job_file_it_says_what_is_missing(self):
        self.refused(SCRIPT, says=["error: no job file"])
        self.refused(SCRIPT, "--threads", "2", says=["error: no job file"])

    def test_each_node_that_cannot_run_the_job_is_named(self):
        self.refused(SCRIPT, "missing.textproto", says=[
            f"error: {node}: cannot read the job file missing.textproto from {self.cluster.shared}"
            for node in self.cluster.nodes])

        self.cluster.run("node1", "mkdir", "/tmp/here")
        self.cluster.run("node1", "cp", self.program, "/tmp/here/lockstep")
        self.refused("--export=ALL,LOCKSTEP=/tmp/here/lockstep", SCRIPT, "job.textproto",
                     says=["error: node2: there is no program /tmp/here/lockstep. Install it there"])
        self.cluster.run("login", "mkdir", "/tmp/here")
        self.refused("--chdir=/tmp/here", f"--output={self.cluster.shared}/log", SCRIPT, "job.textproto",
                     says=["error: node2: there is no directory /tmp/here"],
                     env={**os.environ, "LOCKSTEP": str(self.program)})

    def test_without_the_program_it_says_where_it_was_looked_for(self):
        (self.cluster.shared / "build/release").unlink()
        self.refused(SCRIPT, "job.textproto", says=[
            f"error: no program: neither {self.cluster.shared}/build/release/lockstep, nor lockstep in PATH"])

    def test_a_starter_that_there_is_not_is_refused(self):
        self.refused("--export=ALL,LOCKSTEP_STARTER=mpiexec", SCRIPT, "job.textproto",
                     says=['error: LOCKSTEP_STARTER must be srun or mpirun, is "mpiexec"'])

    def test_what_is_wrong_with_the_job_is_not_tried_again(self):
        self.refused(SCRIPT, "job.textproto", "--set", "epochs=0", says=["epochs: must be at least 1, is 0"])


if __name__ == "__main__":
    sandbox.main(argument_count=1)
