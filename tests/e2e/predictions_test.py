#!/usr/bin/python3
"""`evaluate --predictions` writes what the network says about every test sample.

usage: predictions_test.py LOCKSTEP
"""

import json

import numpy as np
import pandas
import program

# (ranks, threads) of an evaluation in 4 microbatches, so that some ranks have none.
LAYOUTS = [(2, 1), (3, 2), (7, 1), (1, 4)]


def probabilities(scores):
    """Softmax of each row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class PredictionsTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.checkpoint = self.train("run")["checkpoint"]

    def evaluate(self, *checkpoints, to, ranks=1, threads=1):
        """The JSON answer, the table of predictions and its scores as an array."""
        options = [word for path in checkpoints for word in ("--checkpoint", path)]
        answer = json.loads(self.run_program("evaluate", *options, "--json", "--threads", threads, "--predictions",
                                             to, ranks=ranks).stdout)
        table = pandas.read_hdf(self.directory / to, "metrics/predictions")
        return answer, table, table.filter(like="score_").to_numpy()

    def test_the_file_has_the_same_bytes_on_any_number_of_ranks_and_threads(self):
        self.evaluate(self.checkpoint, to="alone.h5")
        for ranks, threads in LAYOUTS:
            with self.subTest(ranks=ranks, threads=threads):
                self.evaluate(self.checkpoint, to="other.h5", ranks=ranks, threads=threads)
                self.assertEqual((self.directory / "other.h5").read_bytes(),
                                 (self.directory / "alone.h5").read_bytes())

    def test_there_is_one_row_a_sample_and_one_score_a_class_in_order(self):
        _, table, _ = self.evaluate(self.checkpoint, to="predictions.h5")
        self.assertEqual(list(table.columns), ["sample", "label", "answer", *(f"score_{k}" for k in range(10))])
        self.assertEqual(list(table["sample"]), list(range(100)))
        self.assertEqual([str(kind) for kind in table.dtypes], 3 * ["int64"] + 10 * ["float64"])

    def test_what_evaluate_counts_follows_from_the_rows(self):
        answer, table, scores = self.evaluate(self.checkpoint, to="predictions.h5")
        confusion = np.zeros((10, 10), int)
        np.add.at(confusion, (table.label, table.answer), 1)
        self.assertEqual(confusion.tolist(), answer["confusion"])
        self.assertGreater(answer["correct"], 20, "the network has learnt something")
        np.testing.assert_array_equal(scores.argmax(axis=1), table.answer)
        loss = -np.log(probabilities(scores)[np.arange(100), table.label]).mean()
        self.assertAlmostEqual(loss, answer["loss"], places=9)

    def test_a_committee_scores_with_the_logarithm_of_its_mean_probability(self):
        other = self.train("other", "--set", "seed=2")["checkpoint"]
        _, _, first = self.evaluate(self.checkpoint, to="first.h5")
        _, _, second = self.evaluate(other, to="second.h5")
        answer, table, both = self.evaluate(self.checkpoint, other, to="both.h5")
        mean = (probabilities(first) + probabilities(second)) / 2
        np.testing.assert_allclose(both, np.log(mean), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(mean.argmax(axis=1), table.answer)
        self.assertAlmostEqual(-both[np.arange(100), table.label].mean(), answer["loss"], places=9)

    def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(self):
        (self.directory / "folder").mkdir()
        for ranks, place, why in ((2, "nowhere/p.h5", "nowhere/p.h5: cannot be created: No such file or directory"),
                                  (0, "job.textproto/p.h5", "p.h5: cannot be created: Not a directory"),
                                  (0, "folder", "folder: cannot be replaced: Is a directory")):
            with self.subTest(place):
                self.refused(4, "evaluate", "--checkpoint", "missing.h5", "--predictions", place, ranks=ranks,
                             says=[why])

    def test_an_evaluation_that_fails_leaves_the_old_file_as_it_was(self):
        self.write("old.h5", "old")
        self.refused(4, "evaluate", "--checkpoint", "missing.h5", "--predictions", "old.h5", says=["missing.h5"])
        self.assertEqual((self.directory / "old.h5").read_text(), "old")
        self.assertEqual([path.name for path in self.directory.glob("old.h5*")], ["old.h5"])


if __name__ == "__main__":
    program.main()
