#!/usr/bin/python3
"""Every network of the zoo has the same weights, byte for byte, on any number of ranks.

usage: zoo_ranks_test.py LOCKSTEP
"""

import program
import torch_zoo
import zoo_test


class RanksTest(program.ProgramTest):
    def test_every_network_has_the_same_weights_on_any_number_of_ranks(self):
        few = self.directory / "few"
        self.run_program("data", "make", "--dir", few, "--train", 12, "--test", 10)
        for architecture, (width, _) in torch_zoo.networks().items():
            with self.subTest(architecture):
                self.write("job.textproto", zoo_test.JOB.format(architecture=architecture, width=width, dropout=""))
                digests = {self.train(f"{architecture}-{ranks}", "--set", "steps=1", "--set", "global_batch=12",
                                      "--data-dir", few, ranks=ranks)["weights_sha256"] for ranks in (0, 2, 3)}
                self.assertEqual(len(digests), 1)


if __name__ == "__main__":
    program.main()
