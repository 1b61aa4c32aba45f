#!/usr/bin/python3
"""Trains with every augmentation at once: equal bytes on any number of ranks and threads, resumed too; and what
is not trained on stays as it is.

usage: augmentation_test.py LOCKSTEP
"""

import h5py
import program

AUGMENT = """
augment {
  crop { padding: 2 } flip {} scale { lowest: 0.9 highest: 1.1 separately: true } shear { degrees: 5 }
  rotation { degrees: 10 } translation { pixels: 1.5 } elastic { probability: 0.8 }
  brightness { amount: 0.1 } noise { standard_deviation: 0.05 } cutout { size: 6 probability: 0.5 }
  mix_up {}
}
"""
# (ranks, threads). A step has 4 microbatches.
LAYOUTS = [(2, 1), (3, 2), (1, 3)]
PLAIN_JOB = program.DIGITS_JOB.replace("epochs: 3", "epochs: 2")
JOB = PLAIN_JOB.replace("holdout { samples: 50 }", "holdout { samples: 50 }" + AUGMENT)


class AugmentationTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("job.textproto", JOB)

    def stand_still(self, job, output):
        """The answer of a training run that changes no answer of the network."""
        self.write("job.textproto", job.replace("layer { batch_norm {} }", ""))
        return self.train(output, "--set", "optimizer.adam.learning_rate=1e-30", "--set", "epochs=1", ranks=0)

    def series(self, answer, name):
        with h5py.File(self.directory / answer["metrics"]) as file:
            return file[f"metrics/{name}"][()]

    def test_weights_have_the_same_bytes_on_any_number_of_ranks_and_threads(self):
        alone = self.train("alone")
        for ranks, threads in LAYOUTS:
            with self.subTest(ranks=ranks, threads=threads):
                answer = self.train(f"{ranks}x{threads}", ranks=ranks, threads=threads)
                self.assertEqual(answer["weights_sha256"], alone["weights_sha256"])

    def test_a_run_cut_in_an_epoch_on_other_ranks_ends_with_the_same_weights(self):
        whole = self.train("whole")
        self.train("cut", "--set", "steps=6", ranks=3)
        self.assertEqual(self.train("cut", ranks=2)["weights_sha256"], whole["weights_sha256"])

    def test_each_operation_has_an_effect(self):
        everything = self.train("everything", "--set", "steps=1", ranks=0)["weights_sha256"]
        for setting in ("crop.padding=0", "flip.probability=0", "scale.separately=false", "shear.degrees=0",
                        "rotation.degrees=0", "translation.pixels=0", "elastic.probability=0", "outside=EDGE",
                        "brightness.amount=0", "noise.standard_deviation=0", "cutout.probability=0", "fill=0.5", "mix_up.alpha=0.4"):
            with self.subTest(setting=setting):
                without = self.train(setting.split("=")[0], "--set", "steps=1", "--set", f"data.augment.{setting}",
                                     ranks=0)
                self.assertNotEqual(without["weights_sha256"], everything)

    def test_hold_out_and_test_samples_stay_as_they_are(self):
        augmented = self.stand_still(JOB, "augmented")
        plain = self.stand_still(PLAIN_JOB, "plain")
        self.assertEqual(augmented["test"], plain["test"])
        self.assertEqual(self.series(augmented, "eval").tobytes(), self.series(plain, "eval").tobytes())
        self.assertNotEqual(self.series(augmented, "train").tobytes(), self.series(plain, "train").tobytes())

    def test_a_run_may_go_on_with_another_augmentation_and_says_so(self):
        self.train("changed", "--set", "steps=3")
        result = self.run_program("train", "job.textproto", "--set", "output_directory=changed", "--set",
                                  "data.augment.rotation.degrees=20")
        self.assertIn("modified: data.augment.rotation.degrees: 10 -> 20", result.stderr)

    def test_an_augmentation_that_does_not_fit_the_images_is_refused(self):
        line = JOB[:JOB.index("crop {")].count("\n") + 1
        self.write("job.textproto", JOB.replace("padding: 2", "padding: 28"))
        for command in ("train", "check", "bench"):
            with self.subTest(command=command):
                self.refused(2, command, "job.textproto",
                             says=[f"job.textproto:{line}:10: data.augment.crop.padding: must be less than the "
                                   "images' height and width (28 x 28), is 28"])
        self.write("job.textproto", JOB)
        self.refused(2, "check", "job.textproto", "--set", "data.augment.cutout.size=29",
                     says=["--set data.augment.cutout.size=29: data.augment.cutout.size: must be at most the images' "
                           "height and width (28 x 28), is 29"])


if __name__ == "__main__":
    program.main()
