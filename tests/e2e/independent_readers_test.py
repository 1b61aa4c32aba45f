#!/usr/bin/python3
"""Programs that know nothing of Lockstep read what it wrote: metrics with pandas and h5py, and weights with
PyTorch, which must compute the same from them.

usage: independent_readers_test.py LOCKSTEP
"""

import json
import os
import pathlib
import re

import h5py
import idx
import numpy as np
import pandas
import program
import torch
import torch.nn.functional as F
from torch import nn

LENET5_JOB = pathlib.Path(__file__).parents[2] / "deploy/jobs/lenet5.textproto"

# What LeNet-5 lacks: groups, windows and strides that are not square, padding, parameters without a bias,
# means, normalisation, branches that meet again, and a flattened image that is not square.
BRANCHED_JOB = """
name: "branched"
model {
  layer { name: "stem" conv2d { filters: 8 kernel: 5 stride: 2 padding: 2 } }
  layer { name: "even" batch_norm { epsilon: 0.001 } }
  layer { name: "start" leaky_relu { slope: 0.1 } }
  layer { name: "tall" conv2d { filters: 8 kernel_height: 3 kernel_width: 1 padding_height: 1 groups: 4 bias: false } }
  layer { name: "left" elu {} }
  layer { name: "wide" conv2d { filters: 8 kernel_height: 1 kernel_width: 5 padding_width: 2 groups: 2 } input: "start" }
  layer { name: "right" tanh {} }
  layer { name: "shares" softmax {} input: "wide" }
  layer { name: "sum" add {} input: ["left", "right", "shares", "start"] }
  layer { name: "bounded" relu6 {} }
  layer { name: "both" concat {} input: ["bounded", "start"] }
  layer { name: "calm" local_response_norm { size: 3 alpha: 0.5 k: 2 } }
  layer { name: "framed" pad { top: 1 right: 2 value: 0.5 } }
  layer { name: "mean" avg_pool { kernel_height: 3 kernel_width: 2 stride_height: 2 stride_width: 3 padding_height: 1
                                  ceil_mode: true count_include_pad: false } }
  layer { name: "top" conv2d { filters: 12 kernel: 3 stride_height: 2 padding: 1 groups: 4 } }
  layer { name: "even_top" batch_norm { momentum: 0.3 } }
  layer { name: "bend" sigmoid {} }
  layer { name: "flat" linear { units: 10 } }
  layer { name: "channel_means" global_avg_pool {} input: "bend" }
  layer { name: "of_means" linear { units: 10 bias: false } }
  layer { name: "channel_peaks" global_max_pool {} input: "bend" }
  layer { name: "of_peaks" linear { units: 10 bias: false } }
  layer { name: "out" add {} input: ["flat", "of_means", "of_peaks"] }
}
data { mnist {} holdout { samples: 500 } }
global_batch: 100
microbatch: 25
steps: 150
optimizer { adam { learning_rate: 0.01 } }
"""


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


class Branched(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 5, stride=2, padding=2)
        self.even = nn.BatchNorm2d(8, eps=1e-3)
        self.tall = nn.Conv2d(8, 8, (3, 1), padding=(1, 0), groups=4, bias=False)
        self.wide = nn.Conv2d(8, 8, (1, 5), padding=(0, 2), groups=2)
        self.top = nn.Conv2d(16, 12, 3, stride=(2, 1), padding=1, groups=4)
        self.even_top = nn.BatchNorm2d(12, momentum=0.3)
        self.flat = nn.Linear(12 * 4 * 6, 10)
        self.of_means = nn.Linear(12, 10, bias=False)
        self.of_peaks = nn.Linear(12, 10, bias=False)

    def forward(self, x):
        start = F.leaky_relu(self.even(self.stem(x)), 0.1)
        wide = self.wide(start)
        total = F.elu(self.tall(start)) + torch.tanh(wide) + F.softmax(wide, 1) + start
        calm = F.local_response_norm(torch.cat([F.relu6(total), start], 1), 3, alpha=0.5, k=2)
        means = F.avg_pool2d(F.pad(calm, (0, 2, 1, 0), value=0.5), (3, 2), stride=(2, 3), padding=(1, 0),
                             ceil_mode=True, count_include_pad=False)
        bent = torch.sigmoid(self.even_top(self.top(means)))
        return self.flat(bent.flatten(1)) + self.of_means(bent.mean((2, 3))) + self.of_peaks(bent.amax((2, 3)))


# Every step takes all samples, in one microbatch.
NORMED_JOB = """
name: "normed"
model {
  layer { name: "conv1" conv2d { filters: 6 kernel: 5 stride: 2 bias: false } }
  layer { name: "bn1" batch_norm {} }
  layer { relu {} }
  layer { max_pool { kernel: 2 } }
  layer { name: "conv2" conv2d { filters: 7 kernel: 3 padding: 1 } }
  layer { name: "bn2" batch_norm { momentum: 0.5 } }
  layer { relu {} }
  layer { name: "fc" linear { units: 20 bias: false } }
  layer { name: "bn3" batch_norm { epsilon: 0.01 } }
  layer { name: "out" linear { units: 10 } }
}
data { mnist { digest: IGNORED } holdout { samples: 0 } }
global_batch: 90
microbatch: 90
optimizer { sgd { learning_rate: 0.1 } }
"""


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 7, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(7, momentum=0.5)
        self.fc = nn.Linear(7 * 6 * 6, 20, bias=False)
        self.bn3 = nn.BatchNorm1d(20, eps=0.01)
        self.out = nn.Linear(20, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        return self.out(self.bn3(self.fc(x.flatten(1))))


class MetricsTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.answer = self.train("run")
        self.metrics = self.directory / self.answer["metrics"]

    def test_pandas_reads_what_train_said(self):
        steps = pandas.read_hdf(self.metrics, "metrics/train")
        self.assertEqual(list(steps.step), list(range(1, self.answer["total_steps"] + 1)))
        self.assertEqual(steps.samples_seen.iloc[-1], 3 * 450)
        self.assertEqual(list(steps.epoch), [1 + step // 4 for step in range(12)])
        self.assertLess(steps.loss.iloc[-1], steps.loss.iloc[0])
        evaluations = pandas.read_hdf(self.metrics, "metrics/eval")
        self.assertEqual(list(zip(evaluations.step, evaluations.split)),
                         [(4, "holdout"), (8, "holdout"), (12, "holdout"), (12, "test")])
        test = evaluations.iloc[-1]
        self.assertEqual({name: test[name] for name in self.answer["test"]}, self.answer["test"])

    def test_h5py_reads_what_pandas_reads(self):
        with h5py.File(self.metrics) as file:
            self.assertEqual(set(file["metrics"]), {"train", "eval", "ranks"})
            for name, series in file["metrics"].items():
                table = pandas.read_hdf(self.metrics, f"metrics/{name}")
                self.assertEqual(list(series.dtype.names), list(table.columns))
                for column in table:
                    values = series[column]
                    values = [text.decode() for text in values] if values.dtype.kind == "S" else values
                    np.testing.assert_array_equal(values, table[column])


class PyTorchTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        torch.set_num_threads(1)
        self.data = idx.mnist_directory()
        self.settings = []
        if self.data is None:
            self.assertNotEqual(os.environ.get("CI"), "true", "LOCKSTEP_DATA must name MNIST's directory when CI=true")
            self.data = self.directory / "made"
            self.settings = ["--set", "data.mnist.digest=IGNORED", "--set", "data.holdout.samples=500"]
            self.run_program("data", "make", "--dir", self.data, "--train", 5000, "--test", 2000)

    def train_and_predict(self, *settings):
        """The checkpoint of a run of the job, what `evaluate` says about it, and the table of its predictions."""
        checkpoint = self.train("runs", *self.settings, *settings, "--data-dir", self.data)["checkpoint"]
        answer = json.loads(self.run_program("evaluate", "--json", "--checkpoint", checkpoint, "--data-dir", self.data,
                                             "--predictions", "predictions.h5").stdout)
        return (self.directory / checkpoint, answer,
                pandas.read_hdf(self.directory / "predictions.h5", "metrics/predictions"))

    def input_for(self, checkpoint, images):
        """Images as the network was shown them while training: /job says how."""
        with h5py.File(checkpoint) as file:
            job = file["job"][()].decode()
        mean, deviation = (json.loads(re.search(rf"\b{name}: (\[.*\])", job)[1])
                           for name in ("mean", "standard_deviation"))  # one number a channel
        return torch.from_numpy(((images / 255 - mean) / deviation).astype("f4")).unsqueeze(1)

    def state_dict(self, checkpoint):
        with h5py.File(checkpoint) as file:
            return {name: torch.as_tensor(array[()]) for name, array in file["parameters"].items()}

    def assert_pytorch_agrees(self, model, checkpoint, answer, predictions):
        model.load_state_dict(self.state_dict(checkpoint))
        model.eval()
        images, labels = idx.test_set(self.data)
        with torch.inference_mode():
            logits = torch.cat([model(part) for part in self.input_for(checkpoint, images).split(500)]).numpy()
        np.testing.assert_array_equal(labels, predictions.label)
        np.testing.assert_allclose(predictions.filter(like="score_")[:1000], logits[:1000], rtol=0, atol=1e-4)
        self.assertEqual((int((logits.argmax(axis=1) == labels).sum()), len(labels)),
                         (answer["correct"], answer["samples"]))
        self.assertGreater(answer["accuracy"], 0.7, "the network has learnt something")

    def test_pytorch_computes_the_same_with_the_weights_of_lenet5(self):
        self.write("job.textproto", LENET5_JOB.read_text())
        self.assert_pytorch_agrees(LeNet5(), *self.train_and_predict("--set", "steps=150", "--set", "schedule={}"))

    def test_pytorch_computes_the_same_with_the_weights_of_every_other_kind_of_layer(self):
        self.write("job.textproto", BRANCHED_JOB)
        self.assert_pytorch_agrees(Branched(), *self.train_and_predict())

    def test_ten_steps_with_batch_norm_are_pytorchs(self):
        self.write("job.textproto", NORMED_JOB)
        self.run_program("data", "make", "--dir", self.directory / "few", "--train", 90, "--test", 10)
        first, last = (self.directory / self.train(f"after{steps}", "--set", f"steps={steps}", "--data-dir",
                                                   self.directory / "few")["checkpoint"] for steps in (1, 11))
        images, labels = (idx.read(idx.find(self.directory / "few", f"train-{name}-ubyte"))
                          for name in ("images-idx3", "labels-idx1"))
        inputs, labels = self.input_for(first, images), torch.from_numpy(labels.astype("i8"))
        model = Normed()
        model.load_state_dict(self.state_dict(first))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(10):
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
        state = self.state_dict(last)
        for name, value in model.state_dict().items():
            with self.subTest(name):
                self.assertEqual((state[name].dtype, state[name].shape), (value.dtype, value.shape))
                torch.testing.assert_close(state[name], value, rtol=1e-4, atol=1e-4)
        self.assertEqual(int(state["bn1.num_batches_tracked"]), 11)


if __name__ == "__main__":
    program.main()
