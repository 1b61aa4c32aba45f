#!/usr/bin/python3
"""Starts the program with job files and command lines that are wrong: exit code 2, the place and what would
be right.

usage: job_errors_test.py LOCKSTEP
"""

import os
import subprocess
import unittest

import program

USAGE_ERROR = 2

# Most tests hand it to `summary`, which is the quickest to read it.
JOB = """name: "net"
model {
  layer { name: "first" conv2d { filters: 4 kernel: 5 stride: 2 } }
  layer { name: "second" relu {} }
  layer { name: "third" dropout { rate: 0.2 } }
  layer { name: "last" linear { units: 10 } }
}
data { digits { train_samples: 500 test_samples: 100 } holdout { samples: 50 } }
global_batch: 120
microbatch: 32
epochs: 3
optimizer { adam { learning_rate: 0.001 } }
"""


def place(text, word):
    """line:column of a word in a text."""
    before = text[:text.index(word)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


class JobErrorsTest(program.ProgramTest):
    def refused_with(self, right, wrong, *says, at):
        """The job with `wrong` in place of `right`; the place named is that of the word `at`."""
        self.assertEqual(JOB.count(right), 1)
        text = JOB.replace(right, wrong)
        self.write("job.textproto", text)
        first, *others = says
        self.refused(USAGE_ERROR, "summary", "job.textproto",
                     says=[f"job.textproto:{place(text, at)}: {first}", *others])

    def refused_setting(self, setting, says):
        self.write("job.textproto", JOB)
        self.refused(USAGE_ERROR, "summary", "job.textproto", "--set", setting,
                     says=[f"--set {setting}: {says}"])

    def test_every_command_that_takes_a_job_refuses_a_wrong_one(self):
        self.write("job.textproto", JOB.replace("epochs: 3", "epochs: 0"))
        for command in ("train", "check", "bench", "summary"):
            with self.subTest(command=command):
                self.refused(USAGE_ERROR, command, "job.textproto",
                             says=["job.textproto:11:1: epochs: must be at least 1, is 0"])

    def test_an_unknown_field(self):
        self.refused_with("units:", "unit:", "model.layer[3].linear.unit: is unknown", "did you mean units?",
                          at="unit:")

    def test_a_value_of_the_wrong_type(self):
        self.refused_with("kernel: 5", 'kernel: "five"',
                          'model.layer[0].conv2d.kernel: must be a whole number below 2^31, is "five"',
                          at="kernel:")

    def test_a_rate_that_is_not_a_number(self):
        self.refused_with("rate: 0.2", "rate: nan", "model.layer[2].dropout.rate: must be finite, is nan",
                          at="rate: nan")
        self.refused_with("learning_rate: 0.001", "learning_rate: nan",
                          "optimizer.adam.learning_rate: must be finite, is nan", at="learning_rate:")

    def test_a_negative_number_of_epochs(self):
        self.refused_with("epochs: 3", "epochs: -3", "epochs: must be at least 1, is -3", at="epochs:")

    def test_all_that_is_wrong_is_told_at_once(self):
        self.refused_with("32\nepochs: 3", "0\nepochs: 0", "microbatch: must be at least 1, is 0",
                          "epochs: must be at least 1, is 0", at="microbatch:")

    def test_a_layer_that_does_not_fit_its_input(self):
        self.refused_with("kernel: 5", "kernel: 29",
                          "model.layer[0].conv2d.kernel: must be at most 28 (the input's height is 28",
                          at="kernel:")

    def test_layers_whose_inputs_do_not_fit_each_other(self):
        branches = 'name: "pool" %s input: "first" }\n  layer { name: "third" %s {} input: ["second", "pool"] }'
        for kind, pool, says in [
                ("add", "max_pool { kernel: 2 }", "must name inputs of one shape, names 4x12x12 and 4x6x6"),
                ("concat", "avg_pool { kernel: 3 stride: 1 padding_width: 1 }",
                 "must name inputs of one height and width, names 12x12 and 10x12")]:
            with self.subTest(kind):
                self.refused_with('name: "third" dropout { rate: 0.2 } }', branches % (pool, kind),
                                  f"model.layer[3].input: {says}, in layer third", at='"second", "pool"')

    def test_windows_and_borders_that_do_not_fit(self):
        for layer, field, says in [
                ("max_pool { kernel: 2 padding: 2 }", "padding", "must be less than the kernel's height (2), is 2"),
                ("avg_pool { kernel: 13 }", "kernel", "must be at most 12 (input 12x12), is 13, in layer third"),
                ("conv2d { filters: 6 kernel: 3 groups: 3 }", "groups",
                 "must divide both the input's 4 channels and the 6 filters, is 3, in layer third"),
                ("local_response_norm { size: 4 }", "size", "must be odd, is 4"),
                ("pad { padding: 1 top: 1 }", "padding", "cannot be set together with top, bottom, left or right")]:
            with self.subTest(layer):
                kind = layer.split()[0]
                self.refused_with("dropout { rate: 0.2 }", layer, f"model.layer[2].{kind}.{field}: {says}",
                                  at=layer[layer.index(field + ":"):])

    def test_a_softmax_before_the_losss_own(self):
        self.refused_with("linear { units: 10 } }", 'linear { units: 10 } }\n  layer { name: "shares" softmax {} }',
                          "model.layer[4].softmax: must not be the last layer", at="softmax")

    def test_a_zoo_beside_layers(self):
        self.refused_with("model {", "model { zoo { architecture: LENET5 }",
                          "model.zoo: cannot be set together with model.layer", at="zoo {")

    def test_a_last_layer_that_does_not_give_one_number_for_each_class(self):
        self.refused_with("units: 10", "units: 7",
                          "model.layer[3]: the last layer must give one number for each of the 10 classes",
                          at='layer { name: "last"')

    def test_a_cycle(self):
        self.refused_with('name: "second"', 'name: "second" input: "third"',
                          "model.layer[1].input: must not lead back to the layer: second -> third -> second",
                          at='input: "third"')

    def test_a_layer_that_nothing_uses(self):
        self.refused_with('name: "third"', 'name: "third" input: "first"',
                          "model.layer[1]: must be the input of another layer, or the last: "
                          "nothing uses second", at='layer { name: "second"')

    def test_two_layers_of_one_name(self):
        self.refused_with('"second"', '"first"',
                          "model.layer[1].name: must be unique, is first, which model.layer[0] is called too",
                          at='name: "first" relu')

    def test_text_that_is_not_a_job(self):
        self.refused_with("epochs: 3", "epochs 3", "is not protobuf text format: ", at="3\noptimizer")
        self.refused_with('name: "net"', "\x7fELF\x02", "is not protobuf text format: ", "\\x7f", at="\x7f")

    def test_a_setting_on_the_command_line(self):
        self.refused_setting("optimizer.adam.learning_rat=1",
                             "optimizer.adam.learning_rat: is unknown; did you mean learning_rate?")
        self.refused_setting("model.layer[4].relu={}", "model.layer[4]: must be from [0] to [3]")
        self.refused_setting("epochs=many", "epochs: must be a whole number below 2^63, is many")
        self.refused_setting("model.layer[0].conv2d.kernel=29",
                             "model.layer[0].conv2d.kernel: must be at most 28")
        self.refused_setting("epochs", "must be path.to.field=value")

    def test_a_hold_out_that_leaves_nothing_to_train_on(self):
        self.refused_setting("data.holdout.samples=500",
                             "data.holdout.samples: must be less than data.digits.train_samples (500), is 500")

    def test_a_job_file_that_is_not_there(self):
        self.refused(USAGE_ERROR, "train", "nowhere.textproto",
                     says=["nowhere.textproto: cannot be read as a job file: No such file or directory; "
                           "check the path"])

    def test_a_command_or_option_that_there_is_not(self):
        for arguments, says in [
                ([], "a command is missing; possible here: train, "),
                (["evalute"], "there is no command evalute; did you mean evaluate? possible here: train, "),
                (["data", "get"], "there is no command get; possible here: fetch, "),
                (["train"], "JOB is required; see: lockstep train --help"),
                (["train", "job.textproto", "--thread", "2"],
                 "there is no option --thread; did you mean --threads? see: lockstep train --help"),
                (["train", "job.textproto", "more"], "did not expect more; see: lockstep train --help"),
                (["train", "job.textproto", "--threads", "-1"], "--threads: Value -1 not in range 0 to 1024; see:")]:
            with self.subTest(arguments=arguments):
                self.refused(USAGE_ERROR, *arguments, says=[f"lockstep: error: {says}"])

    @unittest.skipIf(os.geteuid() != 0, "only root can lend another user a limit that counts no other processes")
    def test_more_threads_than_the_system_gives(self):
        limited = [*self.as_user(54321), "prlimit", "--nproc=40"]
        self.refused(USAGE_ERROR, "train", "job.textproto", "--threads", 200, before=limited,
                     says=["cannot start worker thread", " of 200: Resource temporarily unavailable",
                           "use a smaller --threads"])

    def test_an_answer_that_cannot_be_written_is_not_a_success(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run(self.command("--help"), stdout=full, stderr=subprocess.PIPE, text=True,
                                    check=False)
        self.assertEqual(result.returncode, 4)
        self.assertIn("lockstep: error: standard output: cannot be written", result.stderr)


if __name__ == "__main__":
    program.main()
