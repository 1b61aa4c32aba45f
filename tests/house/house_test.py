"""The structure of the repository: each rule holds for the tree, and each notices a planted violation.

usage: house_test.py ROOT [CLASS...]
"""

import pathlib
import shutil
import sys
import tempfile
import unittest

import format_clean
import include_arrows
import job_headers
import readmes

ROOT = pathlib.Path(sys.argv.pop(1))


class RuleTest(unittest.TestCase):
    """A test with an empty tree to plant files in."""

    def setUp(self):
        self.planted = pathlib.Path(tempfile.mkdtemp(prefix="lockstep-house-"))
        self.addCleanup(shutil.rmtree, self.planted)

    def plant(self, path, text):
        target = self.planted / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def assert_clean(self, problems):
        self.assertEqual([], problems, "\n" + "\n".join(problems))

    def assert_names(self, problems, *words):
        self.assertEqual(1, len(problems), problems)
        for word in words:
            self.assertIn(word, problems[0])


class IncludeArrows(RuleTest):

    def problems_of(self, path, line):
        self.plant(path, "#pragma once\n" + line + "\n")
        return include_arrows.violations(self.planted)

    def test_the_tree_has_no_wrong_arrow(self):
        self.assert_clean(include_arrows.violations(ROOT))

    def test_mpi_outside_comm_is_named_with_file_and_line(self):
        problems = self.problems_of("trainer/train/loop.cc", "#include <mpi.h>")
        self.assert_names(problems, "trainer/train/loop.cc:2:", "mpi.h", "comm/")

    def test_hdf5_outside_storage_is_a_violation(self):
        self.assert_names(self.problems_of("trainer/data/images.cc", "#include <hdf5.h>"), "storage/")

    def test_cblas_has_one_home_even_within_tensor(self):
        self.assert_names(self.problems_of("trainer/tensor/im2col.cc", "#include <cblas.h>"), "blas.")
        self.assertEqual(1, len(self.problems_of("trainer/tensor/blas.cc", "#include <cblas.h>")))

    def test_comm_may_not_include_the_trainer(self):
        self.assert_names(self.problems_of("comm/reducer.cc", '#include "trainer/base/error.h"'),
                          "comm may include no other folder")

    def test_storage_may_not_include_comm(self):
        self.assert_names(self.problems_of("storage/file.h", '#include "comm/communicator.h"'),
                          "storage may include no other folder")

    def test_siblings_of_the_trainer_may_not_include_each_other(self):
        self.assert_names(self.problems_of("trainer/nn/net.h", '#include "trainer/data/batch.h"'), "siblings")

    def test_an_arrow_upwards_is_a_violation(self):
        self.assert_names(self.problems_of("trainer/tensor/shape.h", '#include "trainer/nn/net.h"'),
                          "trainer/nn is above trainer/tensor")

    def test_networks_may_not_know_of_ranks(self):
        self.assert_names(self.problems_of("trainer/nn/net.h", '#include "comm/communicator.h"'), "ranks")

    def test_layers_may_not_see_the_job_file(self):
        self.assert_names(self.problems_of("trainer/nn/net.h", '#include "trainer/config/job.pb.h"'), "messages")

    def test_a_new_folder_of_the_trainer_must_be_given_a_layer(self):
        self.assert_names(self.problems_of("trainer/new/x.h", '#include "trainer/base/error.h"'), "give it a layer")

    def test_arrows_downwards_are_allowed(self):
        for path, header in (("trainer/cli/main.cc", "trainer/train/trainer.h"),
                             ("trainer/train/trainer.cc", "comm/communicator.h"),
                             ("trainer/nn/net.cc", "trainer/base/check.h"),
                             ("comm/reducer.cc", "comm/reducer.h"),
                             ("tests/comm/reducer_test.cc", "comm/reducer.h")):
            self.assert_clean(self.problems_of(path, f'#include "{header}"'))


class Format(RuleTest):

    def test_the_tree_is_formatted(self):
        self.assert_clean(format_clean.violations(ROOT))

    def test_a_badly_formatted_file_is_named(self):
        shutil.copy(ROOT / ".clang-format", self.planted)
        self.plant("comm/good.cc", "int Two() { return 2; }\n")
        self.plant("comm/bad.cc", "int Two() { return  2; }\n")
        self.assert_names(format_clean.violations(self.planted), "comm/bad.cc:1:")


class Readmes(RuleTest):

    def test_every_folder_has_one_and_everything_that_it_names_exists(self):
        self.assert_clean(readmes.violations(ROOT))

    def test_a_folder_without_one_is_named(self):
        self.plant("README.md", "# x\n")
        self.plant("comm/reducer.h", "")
        self.assert_names(readmes.violations(self.planted), "comm/: has no README.md")

    def test_tests_that_mirror_a_folder_need_none(self):
        for path in ("README.md", "comm/README.md", "comm/reducer.h", "tests/README.md", "tests/comm/reducer_test.cc"):
            self.plant(path, "")
        self.assert_clean(readmes.violations(self.planted))

    def test_a_file_that_does_not_exist_is_named_with_its_line(self):
        self.plant("comm/README.md", "# comm\n\nStart with `reducer.h`, then `comm/other.cc`.\n")
        self.plant("comm/reducer.h", "")
        self.assert_names(readmes.violations(self.planted), "comm/README.md:3:", "comm/other.cc")

    def test_a_pattern_that_matches_nothing_is_named(self):
        self.plant("comm/README.md", "`blas.*` and `reducer.*`\n")
        self.plant("comm/reducer.h", "")
        self.assert_names(readmes.violations(self.planted), "blas.*")

    def test_a_broken_link_is_named(self):
        self.plant("README.md", "See [the files](storage/README.md) and [the web](https://example.org/x).\n")
        self.assert_names(readmes.violations(self.planted), "README.md:1:", "storage/README.md")

    def test_headers_of_other_projects_need_not_exist(self):
        self.plant("README.md", "The only place that includes `mpi.h`.\n")
        self.assert_clean(readmes.violations(self.planted))

    def test_files_that_the_program_writes_need_not_exist(self):
        self.plant("README.md", "It writes `runs/lenet5/job.textproto` and `metrics.h5`.\n")
        self.assert_clean(readmes.violations(self.planted))


class JobHeaders(RuleTest):

    def setUp(self):
        super().setUp()
        self.plant("trainer/config/job.proto", "package lockstep.v1;\nmessage Job {\n}\n")

    def test_every_job_file_says_which_message_it_holds(self):
        self.assert_clean(job_headers.violations(ROOT))

    def test_a_missing_header_is_named(self):
        self.plant("deploy/jobs/a.textproto", "# proto-file: trainer/config/job.proto\nseed: 1\n")
        self.assert_names(job_headers.violations(self.planted), "deploy/jobs/a.textproto", "proto-message")

    def test_a_header_that_names_a_missing_file_is_named(self):
        self.plant("a.textproto", "# proto-file: job.proto\n# proto-message: lockstep.v1.Job\n")
        self.assert_names(job_headers.violations(self.planted), "job.proto does not exist")

    def test_a_header_that_names_a_missing_message_is_named(self):
        self.plant("a.textproto", "# proto-file: trainer/config/job.proto\n# proto-message: lockstep.v1.Work\n")
        self.assert_names(job_headers.violations(self.planted), "lockstep.v1.Work")


if __name__ == "__main__":
    unittest.main(verbosity=2)
