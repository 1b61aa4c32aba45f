#!/usr/bin/python3
"""Draws sheets of augmented samples and looks at them with OpenCV.

usage: preview_test.py LOCKSTEP
"""

import json

import cv2
import h5py
import idx
import numpy as np
import program

ENLARGEMENT = 3  # of images of 28 x 28
FLIP = ("--set", "data.augment.flip.probability=1")


class PreviewTest(program.ProgramTest):
    def preview(self, *arguments, job="job.textproto", **options):
        """The JSON answer and the sheet, as an array of rows of pixels of blue, green and red."""
        result = self.run_program("data", "preview", job, "-o", "sheet.png", "--json", *arguments, **options)
        answer = json.loads(result.stdout)
        self.assertEqual(answer["file"], "sheet.png")
        sheet = cv2.imread(str(self.directory / "sheet.png"), cv2.IMREAD_UNCHANGED)
        self.assertEqual(sheet.shape, (answer["height"], answer["width"], 3))
        return answer, sheet

    def places(self, sheet, image):
        """Upper left corners of all places where the sheet shows just that image."""
        large = np.repeat(np.repeat(image, ENLARGEMENT, axis=0), ENLARGEMENT, axis=1)
        if large.ndim == 2:
            large = np.repeat(large[:, :, None], 3, axis=2)
        difference = cv2.matchTemplate(sheet, np.ascontiguousarray(large), cv2.TM_SQDIFF_NORMED)
        return [(x, y) for y, x in np.argwhere(difference < 0.001)
                if np.array_equal(sheet[y:y + len(large), x:x + len(large)], large)]

    def test_the_sheet_shows_samples_as_they_are_and_augmented_in_their_rows(self):
        self.run_program("data", "make", "--dir", "digits", "--train", "300", "--test", "10")
        images = idx.read(self.directory / "digits/train-images-idx3-ubyte.gz")
        labels = idx.read(self.directory / "digits/train-labels-idx1-ubyte.gz")
        self.write("job.textproto", program.DIGITS_JOB.replace(
            "digits { train_samples: 500 test_samples: 100 }", "mnist { digest: IGNORED directory: 'digits' }"))
        answer, sheet = self.preview(*FLIP, "--samples", "3", "--epochs", "2", "--data-dir", "digits")
        self.assertEqual(answer["epochs"], 2)
        self.assertEqual(len(answer["samples"]), 3)
        columns = None
        tops = []
        for sample in answer["samples"]:
            image = images[sample["sample"]]
            self.assertEqual(sample["label"], labels[sample["sample"]])
            (stored,) = self.places(sheet, image)
            flipped = self.places(sheet, image[:, ::-1])
            self.assertEqual({y for _, y in flipped}, {stored[1]})
            columns = columns or [stored[0], *(x for x, _ in flipped)]
            self.assertEqual([stored[0], *(x for x, _ in flipped)], columns)
            tops.append(stored[1])
        self.assertEqual(len(columns), 3)
        self.assertEqual(tops, sorted(tops))

    def test_equal_seeds_draw_equal_sheets_on_any_number_of_ranks(self):
        augment = ("--set", "data.augment.elastic.alpha=50")
        first = self.preview(*augment, "--seed", "5")[1]
        self.assertTrue(np.array_equal(self.preview(*augment, "--set", "seed=5", ranks=2)[1], first))
        self.assertFalse(np.array_equal(self.preview(*augment, "--seed", "6")[1], first))

    def hdf5_job(self, images):
        for name in ("train", "test"):
            with h5py.File(self.directory / f"{name}.h5", "w") as file:
                file["images"] = images
                file["labels"] = np.arange(len(images)) % 2
        return program.DIGITS_JOB.replace("digits { train_samples: 500 test_samples: 100 } holdout { samples: 50 }",
                                          "hdf5 { train_file: 'train.h5' test_file: 'test.h5' } holdout { samples: 0 }"
                                          " normalization { scale_to_unit {} }")

    def test_three_channels_are_red_green_and_blue(self):
        images = np.random.default_rng(1).integers(0, 256, (4, 3, 28, 28), "u1")
        self.write("job.textproto", self.hdf5_job(images))
        answer, sheet = self.preview(*FLIP, "--samples", "4", "--epochs", "1")
        for sample in answer["samples"]:
            image = images[sample["sample"]].transpose(1, 2, 0)[:, :, ::-1]
            self.assertEqual(len(self.places(sheet, image)), 1)
            self.assertEqual(len(self.places(sheet, image[:, ::-1])), 1)

    def test_floating_point_pixels_are_shown_from_the_lowest_to_the_highest(self):
        levels = np.random.default_rng(2).integers(0, 256, (2, 1, 28, 28))
        levels[0, 0, 0, :2] = 0, 255
        self.write("job.textproto", self.hdf5_job((levels * 0.5 - 30).astype("f4")))
        answer, sheet = self.preview(*FLIP, "--samples", "2", "--epochs", "1")
        for sample in answer["samples"]:
            self.assertEqual(len(self.places(sheet, levels[sample["sample"], 0].astype("u1"))), 1)

    def test_mixed_samples_are_drawn_with_captions(self):
        plain = self.preview("--set", "data.augment.flip.probability=0")[1]
        mixed = self.preview("--set", "data.augment.mix_up.alpha=1")[1]
        self.assertEqual(mixed.shape[1], plain.shape[1])
        self.assertGreater(mixed.shape[0], plain.shape[0])

    def test_the_answer_for_people_names_the_file(self):
        result = self.run_program("data", "preview", "job.textproto", "-o", "sheet.png", *FLIP)
        self.assertEqual(result.stdout, "sheet.png: 8 samples as they are stored and in the first 8 epochs\n")

    def test_what_cannot_be_drawn_is_refused(self):
        def refused(code, *arguments, says, output="sheet.png"):
            self.refused(code, "data", "preview", "job.textproto", "-o", output, *arguments, says=says)
            self.assertFalse((self.directory / "sheet.png").exists())

        refused(2, says=["job.textproto:10:1: data.augment: is not set, so there is nothing to see"])
        refused(2, *FLIP, "--samples", "451", says=["--samples must be at most the 450 that are trained on, is 451"])
        refused(2, *FLIP, "--samples", "400", "--epochs", "30",
                says=["12400 images of 28 x 28 pixels are too many for one sheet"])
        refused(2, *FLIP, "--seed", "x", says=["--set seed=x: seed"])
        refused(4, *FLIP, output="nowhere/sheet.png", says=["nowhere"])


if __name__ == "__main__":
    program.main()
