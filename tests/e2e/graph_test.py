#!/usr/bin/python3
"""A network that a user wrote as a graph: two branches from the samples, which are an input once more further on,
concat, a residual add, and inputs that are named twice. It trains, and PyTorch computes the same gradients.

usage: graph_test.py LOCKSTEP
"""

import h5py
import idx
import program
import torch
import torch.nn.functional as F

# `sum` comes before what it adds. The first step takes all samples, in microbatches of 3, 3 and 2.
JOB = """
name: "graph"
model {
  layer { name: "sum" input: ["relu", "both", "relu"] add {} }
  layer { name: "left" input: "data" conv2d { filters: 4 kernel: 3 padding: 1 } }
  layer { name: "right" input: "data" conv2d { filters: 4 kernel: 5 padding: 2 } }
  layer { name: "both" input: ["left", "right"] concat {} }
  layer { name: "conv" conv2d { filters: 8 kernel: 3 padding: 1 } }
  layer { name: "relu" relu {} }
  layer { name: "all" input: ["sum", "data", "data"] concat {} }
  layer { max_pool { kernel: 2 } }
  layer { name: "fc" linear { units: 10 } }
}
data { mnist { digest: IGNORED } holdout { samples: 0 } normalization { scale_to_unit {} } }
global_batch: 8
microbatch: 3
steps: 1
optimizer { sgd { learning_rate: 0.001 } }
"""
LARGE_RATE = 64  # a step changes weights by so much more than their rounding; a power of two


def network(x, p):
    left, right = (F.conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], padding="same") for name in ("left", "right"))
    both = torch.cat([left, right], 1)
    relu = F.conv2d(both, p["conv.weight"], p["conv.bias"], padding="same").relu()
    everything = torch.cat([relu + both + relu, x, x], 1)
    return F.linear(F.max_pool2d(everything, 2).flatten(1), p["fc.weight"], p["fc.bias"])


class GraphTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("job.textproto", JOB)
        self.run_program("data", "make", "--dir", "few", "--train", 8, "--test", 4)

    def train_on_few(self, output, *settings, ranks=0):
        return self.train(output, "--data-dir", "few", *settings, ranks=ranks)

    def parameters(self, answer):
        with h5py.File(self.directory / answer["checkpoint"]) as file:
            return {name: torch.as_tensor(array[()]).double() for name, array in file["parameters"].items()}

    def samples(self):
        images, labels = (idx.read(idx.find(self.directory / "few", f"train-{name}-ubyte"))
                          for name in ("images-idx3", "labels-idx1"))
        return torch.from_numpy(images / 255).unsqueeze(1), torch.from_numpy(labels.astype("i8"))

    def test_gradients_are_pytorchs(self):
        first = self.train_on_few("first")
        after = self.train_on_few("second", "--weights", first["checkpoint"], "--set",
                                  f"optimizer.sgd.learning_rate={LARGE_RATE}")
        before, moved = self.parameters(first), self.parameters(after)
        expected = {name: value.clone().requires_grad_() for name, value in before.items()}
        images, labels = self.samples()
        F.cross_entropy(network(images, expected), labels).backward()
        for name, value in expected.items():
            with self.subTest(name):
                error = (before[name] - moved[name]) / LARGE_RATE - value.grad
                self.assertLess(error.abs().max(), 1e-5 * value.grad.abs().max())

    def test_it_learns_and_has_the_same_weights_on_any_number_of_ranks(self):
        answers = [self.train_on_few(f"ranks{ranks}", "--set", "steps=100", ranks=ranks) for ranks in (0, 2, 3)]
        self.assertEqual(len({answer["weights_sha256"] for answer in answers}), 1)
        with h5py.File(self.directory / answers[0]["metrics"]) as file:
            loss = file["metrics/train"]["loss"]
        self.assertLess(loss[-1], 0.2 * loss[0])

    def test_graphs_that_are_wrong_are_refused_with_layer_and_field(self):
        for setting, says in [
                ('layer[7].input=["relu"]',
                 "model.layer[6]: must be the input of another layer, or the last: nothing uses all"),
                ('layer[0].input=["relu", "left", "both"]',
                 "model.layer[0].input: must name inputs of one shape, names 8x28x28 and 4x28x28, in layer sum"),
                ('layer[0].input=["relu", "fc"]', "model.layer[0].input: must not lead back to the layer: sum -> all"),
                ('layer[0].input=["relu", "bith"]',
                 "model.layer[0].input[1]: must be the name of a layer or data, is bith; did you mean both?"),
                ('layer[6].input=["sum", "data", "max_pool_1"]', "model.layer[6].input: must not lead back"),
                ('layer[3].input=["left"]', "model.layer[3].input: must name at least two layers, names 1"),
                ('layer[4].input=["left", "right"]', "model.layer[4].input: must name one layer, names 2"),
                ("layer[5].name=conv", "model.layer[5].name: must be unique, is conv")]:
            with self.subTest(setting):
                self.refused(2, "check", "job.textproto", "--data-dir", "few", "--set", f"model.{setting}", says=[says])


if __name__ == "__main__":
    program.main()
