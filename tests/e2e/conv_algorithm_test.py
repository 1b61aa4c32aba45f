#!/usr/bin/python3
"""model.conv_algorithm decides how convolutions compute, and every command says so.

usage: conv_algorithm_test.py LOCKSTEP
"""

import json

import program

JOB = """
name: "digits"
model {
  layer { name: "first" conv2d { filters: 16 kernel: 3 } }
  layer { relu {} }
  layer { name: "second" conv2d { filters: 16 kernel: 3 } }
  layer { relu {} }
  layer { name: "out" linear { units: 10 } }
}
data { digits { train_samples: 100 test_samples: 20 } }
epochs: 1
optimizer { adam {} }
"""
AUTO = {"first": "direct", "second": "winograd"}
GEMM = {"first": "gemm", "second": "gemm"}


class ConvAlgorithmTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("job.textproto", JOB)

    def answer(self, command, algorithm):
        result = self.run_program(command, "job.textproto", "--json", "--set", f"model.conv_algorithm={algorithm}",
                                  *(("--steps", "1") if command == "bench" else ()))
        return json.loads(result.stdout)

    def algorithms(self, layers):
        """Of the layers that have one."""
        return {layer["name"]: layer["algorithm"] for layer in layers if layer["algorithm"]}

    def test_summary_check_and_bench_say_how_each_convolution_computes(self):
        for setting, expected in (("AUTO", AUTO), ("GEMM", GEMM)):
            with self.subTest(setting=setting):
                self.assertEqual(self.algorithms(self.answer("summary", setting)["layers"]), expected)
                self.assertEqual(self.algorithms(self.answer("check", setting)["network"]["layers"]), expected)
                self.assertEqual(self.algorithms(self.answer("bench", setting)["layers"]), expected)

    def test_the_table_has_a_column_for_it(self):
        table = self.run_program("summary", "job.textproto").stdout
        self.assertIn("algorithm", table.splitlines()[0])
        self.assertIn("winograd", table)

    def test_an_unknown_algorithm_is_refused_with_those_there_are(self):
        self.refused(2, "summary", "job.textproto", "--set", "model.conv_algorithm=FFT", says=["WINOGRAD"])


if __name__ == "__main__":
    program.main()
