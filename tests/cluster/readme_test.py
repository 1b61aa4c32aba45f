"""The README's commands for several nodes, as they are written, on four of them, with small jobs.

usage: readme_test.py LOCKSTEP
"""

import re

import sandbox
from cluster_test import ClusterTest

SECTION = re.compile(r"^## On several nodes$(.*?)^## ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# MNIST's form, in the size of a test.
SMALL = (("mnist {}", "digits { train_samples: 600 test_samples: 100 }"), ("samples: 5000", "samples: 100"))


def commands_with(word):
    """The lines of the section's shell blocks that hold the word."""
    section = SECTION.search((sandbox.ROOT / "README.md").read_text(encoding="utf-8")).group(1)
    return [line for block in BLOCK.findall(section) for line in block.splitlines() if word in line]


def small(text):
    """The job file with that text, in the size of a test."""
    for wanted, replacement in SMALL:
        text = text.replace(wanted, replacement)
    return re.sub(r"epochs: \d+", "epochs: 1", text)


class ReadmeTest(ClusterTest):

    def test_its_commands_with_a_hostfile_train_on_all_nodes(self):
        commands = commands_with("--hostfile")
        self.assertGreaterEqual(len(commands), 2, "the README no longer shows launch and mpirun")
        for number, command in enumerate(commands):
            with self.subTest(command=command):
                job = re.search(r"deploy/jobs/\S+", command).group()
                self.write(f"small{number}.textproto", small((sandbox.ROOT / job).read_text(encoding="utf-8")))
                result = self.cluster.run("login", "bash", "-c", command.replace(job, f"small{number}.textproto"))
                self.assertIn("ranks 0-1 on node1, 2-3 on node2, 4-5 on node3, 6-7 on node4", result.stderr)


if __name__ == "__main__":
    sandbox.main(argument_count=1)
