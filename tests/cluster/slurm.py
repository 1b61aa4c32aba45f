"""Slurm on a cluster: munged and slurmd on each node, slurmctld on the login node, as a site's administrator sets
them up, but with waits of seconds where a site waits for minutes.

    slurm = Slurm("PreemptType=preempt/partition_prio")
    with Cluster(4, services=[slurm]) as cluster:
        slurm.start_job("--nodes=4", "script", "argument")
"""

import os
import subprocess

import nodes

# KillWait: from TERM to KILL. cred_expire: for so long a job that was requeued waits, besides all else.
SETTINGS = """
ClusterName=test
SlurmctldHost=login({login})
AuthInfo=socket=/run/munge.sock,cred_expire=5
SlurmUser=root
SlurmdUser=root
StateSaveLocation={directory}/state
SlurmdSpoolDir=/run/slurmd
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=10
SlurmdTimeout=10
SlurmctldTimeout=10
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
{more}
{nodes}
"""

DEFAULT_PARTITION = "PartitionName=all Nodes=ALL Default=YES"


class Slurm(nodes.Service):
    """Slurm's daemons. `more`: further lines of slurm.conf; without a partition among them there is one, of all."""

    def __init__(self, *more, cpus_per_node=2):
        self._more = list(more)
        self._cpus = cpus_per_node
        if not any(line.startswith("PartitionName=") for line in more):
            self._more.append(DEFAULT_PARTITION)
        self._cluster = None
        self._controller = None
        self._directory = None

    def prepare(self, cluster):
        self._cluster = cluster
        directory = cluster.shared / ".slurm"
        directory.mkdir()
        names = "\n".join(f"NodeName={node} NodeAddr={cluster.address(node)} CPUs={self._cpus}"
                          for node in cluster.nodes)
        settings = SETTINGS.format(directory=directory, login=cluster.address("login"), more="\n".join(self._more),
                                   nodes=names)
        (directory / "slurm.conf").write_text(settings, encoding="utf-8")
        (directory / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n", encoding="utf-8")
        key = directory / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(bytes(range(128)))  # whom would it keep out?
        self._directory = directory
        os.environ["SLURM_CONF"] = str(directory / "slurm.conf")  # for all commands of the test, on all nodes
        # In the foreground, for the login node outlives the cluster.
        cluster.start("login", *self._munged(), "--foreground", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        nodes.wait_until(lambda: cluster.run("login", "munge", "--no-input", "--socket=/run/munge.sock",
                                             expect=None).returncode == 0, "munged answers")
        (directory / "state").mkdir()
        self.start_controller()

    def boot(self, cluster, node):
        cluster.run(node, *self._munged())
        cluster.run(node, "slurmd")

    # The controller

    def start_controller(self):
        """Starts slurmctld; what it knew of jobs, it still knows."""
        self._controller = self._cluster.start("login", "slurmctld", "-D", stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL)
        nodes.wait_until(lambda: self._cluster.run("login", "scontrol", "ping", expect=None).returncode == 0,
                         "slurmctld answers")

    def stop_controller(self):
        """Stops slurmctld as an administrator does. (Killed, it would forget what jobs have done in the last seconds.)"""
        self._controller.terminate()
        self._controller.wait()

    def wait_until_ready(self):
        """Returns when all nodes can be given jobs."""
        nodes.wait_until(lambda: set(self._answer("sinfo", "--noheader", "--format=%T").split()) == {"idle"},
                         "all nodes are idle")

    # Jobs

    def submit(self, *words, **options):
        """The number of the job that `sbatch WORDS` submits, as text."""
        result = self._cluster.run("login", "sbatch", "--parsable", *words, **options)
        return result.stdout.strip()

    def facts(self, job):
        """What `scontrol show job` says of a job, or of a task of an array, by name: JobState, Restarts, ..."""
        words = self._answer("scontrol", "show", "--oneliner", "job", job).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def state(self, job):
        """RUNNING, PENDING, COMPLETED, ..."""
        return self.facts(job)["JobState"]

    def batch_host(self, job):
        """The node that the job's script runs on."""
        return self.facts(job)["BatchHost"]

    def hosts(self, job):
        """The nodes that the job has, in their order."""
        return self._answer("scontrol", "show", "hostnames", self.facts(job)["NodeList"]).split()

    def log_of(self, job):
        """What the job's attempts have written so far."""
        with open(self.facts(job)["StdOut"], encoding="utf-8", errors="replace") as log:
            return log.read()

    def diagnosis(self):
        """What the controller knows and has logged, for the message of a test that fails."""
        return "\n".join([self._answer("squeue"), self._answer("sinfo", "--long", "--Node"),
                          *(self._directory / "slurmctld.log").read_text(encoding="utf-8").splitlines()[-40:]])

    def _answer(self, *command):
        """The output of one of Slurm's commands, which may have to be asked again while slurmctld restarts."""
        for patience in range(10, -1, -1):
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode == 0:
                return result.stdout
            if not patience or "contact slurm controller" not in result.stderr:
                raise AssertionError(f"{' '.join(command)}: {result.stderr}")
        return ""

    def _munged(self):
        """The words that start munged."""
        return ["/usr/sbin/munged", "--force", f"--key-file={self._directory}/munge.key", "--socket=/run/munge.sock",
                "--pid-file=/run/munged.pid", "--log-file=/run/munged.log", "--seed-file=/run/munged.seed"]
