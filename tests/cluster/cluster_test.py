"""What the tests of launchers share: a cluster of four nodes with ssh, a job, and the program.

usage of a test: TEST LOCKSTEP [unittest's arguments]
"""

import json
import pathlib
import subprocess
import unittest

import sandbox
from nodes import Cluster
from ssh import Ssh

# 4 x 2 ranks share 8 microbatches a step; 101,770 parameters, with dropout and Adam, which would tell a step that
# was repeated, left out or drawn anew.
JOB = """
name: "digits"
model {
  layer { linear { units: 128 } }
  layer { relu {} }
  layer { dropout { rate: 0.2 } }
  layer { linear { units: 10 } }
}
data { digits { train_samples: 900 test_samples: 100 } holdout { samples: 100 } }
global_batch: 80
microbatch: 10
epochs: 6
optimizer { adam {} }
"""
PARAMETERS = 28 * 28 * 128 + 128 + 128 * 10 + 10
STEPS = 60  # 800 samples in 80s make 10 an epoch


class ClusterTest(unittest.TestCase):
    """A test case with a cluster, in whose shared directory are `job.textproto`, `hosts` with two slots a node, and
    as in a clone of the repository, deploy/ and the built program, build/release/lockstep."""

    node_count = 4
    job = JOB

    def setUp(self):
        self.cluster = self.enterContext(Cluster(self.node_count, services=self.services()))
        self.program = pathlib.Path(sandbox.arguments[0]).resolve()
        self.write("job.textproto", self.job)
        self.write("hosts", "".join(f"{node} slots=2\n" for node in self.cluster.nodes))
        (self.cluster.shared / "build").mkdir()
        (self.cluster.shared / "build/release").symlink_to(self.program.parent)
        (self.cluster.shared / "deploy").symlink_to(sandbox.ROOT / "deploy")
        self._alone = {}

    def services(self):
        """The daemons of the cluster."""
        return [Ssh()]

    def write(self, name, text):
        (self.cluster.shared / name).write_text(text, encoding="utf-8")

    def last_checkpoint(self, run="runs/digits"):
        """The newest checkpoint of a run; None if there is none."""
        return max((self.cluster.shared / run / "checkpoints").glob("step-*.h5"), default=None)

    def saved_step(self, run="runs/digits"):
        """The step of the newest checkpoint of a run; -1 if there is none."""
        checkpoint = self.last_checkpoint(run)
        return int(checkpoint.stem.removeprefix("step-")) if checkpoint else -1

    def checkpoint_of_one_rank(self, *options, run="runs/digits"):
        """The last checkpoint's bytes of a run that one rank has trained, in the same output directory, elsewhere."""
        if options not in self._alone:
            directory = self.cluster.shared / f"alone{len(self._alone)}"
            directory.mkdir()
            subprocess.run([self.program, "train", self.cluster.shared / "job.textproto", *options, "--threads", "1"],
                           cwd=directory, check=True, capture_output=True)
            self._alone[options] = self.last_checkpoint(directory / run).read_bytes()
        return self._alone[options]

    def assert_bytes_of_one_rank(self, *options, run="runs/digits"):
        """The run has ended with the checkpoint, byte for byte, that one rank writes which nobody disturbs."""
        self.assertTrue(self.last_checkpoint(run).read_bytes() == self.checkpoint_of_one_rank(*options, run=run),
                        "the last checkpoint differs from that of one rank")

    def inspect(self, checkpoint):
        return json.loads(self.cluster.run("login", self.program, "inspect", checkpoint, "--json").stdout)
