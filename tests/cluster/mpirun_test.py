"""mpirun over ssh on four nodes with two ranks each.

usage: mpirun_test.py LOCKSTEP
"""

import sandbox
from cluster_test import PARAMETERS, STEPS, ClusterTest

NODES = 4


class MpirunTest(ClusterTest):

    def test_eight_ranks_on_four_nodes_send_what_the_gradient_predicts_and_write_the_bytes_of_one(self):
        before = {node: self.cluster.bytes_sent(node) for node in self.cluster.nodes}
        self.cluster.run("login", "mpirun", "--hostfile", "hosts", "build/release/lockstep", "train", "job.textproto")
        sent = {node: self.cluster.bytes_sent(node) - before[node] for node in self.cluster.nodes}

        self.assertEqual(self.last_checkpoint().stem, f"step-{STEPS:08d}")
        self.assert_bytes_of_one_rank()

        # In a step, each node's leader sends the sums of its node, 8 bytes a parameter. To add up N arrays, N - 1
        # must go to where they meet, and N - 1 must come back, as a tree does it; a ring cuts the array into N
        # pieces and does the same with each. Open MPI picks the ring for long buckets and the tree for short
        # ones: all nodes together send 2 (N - 1) arrays either way.
        predicted = STEPS * 2 * (NODES - 1) * 8 * PARAMETERS
        self.assertLess(abs(sum(sent.values()) / predicted - 1), 0.2, f"predicted {predicted}, sent {sent}")


if __name__ == "__main__":
    sandbox.main(argument_count=1)
