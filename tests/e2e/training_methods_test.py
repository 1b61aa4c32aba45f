#!/usr/bin/python3
"""Every optimiser and schedule that a job file can ask for: ten steps are PyTorch's, and the bytes do not depend on
the number of ranks.

usage: training_methods_test.py LOCKSTEP
"""

import json
import pathlib
import re
import shutil
import sys

import h5py
import idx
import program
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "trainer/optim"))
from large_batch import Lamb, Lars

# Every step takes all samples, in one microbatch: an epoch is a step.
JOB = """
name: "methods"
model {
  layer { name: "conv" conv2d { filters: 6 kernel: 5 stride: 2 bias: false } }
  layer { name: "bn" batch_norm {} }
  layer { tanh {} }
  layer { avg_pool { kernel: 2 } }
  layer { name: "out" linear { units: 10 } }
}
data { mnist { digest: IGNORED } holdout { samples: 0 } }
global_batch: 90
microbatch: 90
steps: 10
optimizer { sgd { learning_rate: 0.1 } }
"""

STEPS = 10
TOLERANCE = 1e-4

# What a job file says, and the same for PyTorch, whose parameter groups set the weight decay.
OPTIMIZERS = {
    "sgd { learning_rate: 0.1 }": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd { learning_rate: 0.1 momentum: 0.9 }": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "sgd { learning_rate: 0.1 momentum: 0.9 nesterov: true }":
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam { epsilon: 1e-4 }": lambda p: torch.optim.Adam(p, eps=1e-4),
    "adam { learning_rate: 0.01 beta1: 0.8 beta2: 0.9 epsilon: 1e-3 }":
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.9), eps=1e-3),
    "adamw { learning_rate: 0.01 beta1: 0.8 beta2: 0.9 epsilon: 1e-3 }":
        lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.9), eps=1e-3),
    "rmsprop { learning_rate: 0.001 epsilon: 1e-3 }": lambda p: torch.optim.RMSprop(p, lr=0.001, eps=1e-3),
    "rmsprop { learning_rate: 0.001 smoothing: 0.9 epsilon: 0.01 momentum: 0.5 centered: true }":
        lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.9, eps=0.01, momentum=0.5, centered=True),
    "lars { learning_rate: 2 trust_coefficient: 0.01 }": lambda p: Lars(p, lr=2, momentum=0.9, trust=0.01),
    "lamb { learning_rate: 0.05 beta1: 0.8 beta2: 0.9 epsilon: 1e-3 }":
        lambda p: Lamb(p, lr=0.05, betas=(0.8, 0.9), eps=1e-3),
}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 5, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.out = nn.Linear(6 * 6 * 6, 10)

    def forward(self, x):
        return self.out(F.avg_pool2d(torch.tanh(self.bn(self.conv(x))), 2).flatten(1))


def network_inputs(images, job):
    """Images as the network is shown them: the effective job says how."""
    mean, deviation = (json.loads(re.search(rf"\b{name}: (\[.*\])", job)[1]) for name in ("mean", "standard_deviation"))
    return torch.from_numpy(((images / 255 - mean) / deviation).astype("f4")).unsqueeze(1)


class TenStepsTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        torch.set_num_threads(1)
        self.write("job.textproto", JOB)
        self.run_program("data", "make", "--dir", "few", "--train", 90, "--test", 10)
        self.first = self.run_job("steps=1", "name=first")
        images, labels = (idx.read(idx.find(self.directory / "few", f"train-{name}-ubyte"))
                          for name in ("images-idx3", "labels-idx1"))
        with h5py.File(self.first) as file:
            self.inputs = network_inputs(images, file["job"][()].decode())
        self.labels = torch.from_numpy(labels.astype("i8"))

    def run_job(self, *settings, weights=None):
        """The checkpoint that a run ends with."""
        arguments = [word for setting in settings for word in ("--set", setting)]
        if weights:
            arguments += ["--weights", weights]
        return self.directory / self.train("runs", *arguments, "--data-dir", "few", ranks=0)["checkpoint"]

    def state_dict(self, checkpoint):
        with h5py.File(checkpoint) as file:
            return {name: torch.as_tensor(array[()]) for name, array in file["parameters"].items()}

    def torch_steps(self, make_optimizer, weight_decay=0, decay_all=True, after_step=lambda optimizer: None):
        """The network after ten steps from the weights of the first checkpoint."""
        model = Net()
        model.load_state_dict(self.state_dict(self.first))
        matrices = [p for p in model.parameters() if p.ndim > 1]
        vectors = [p for p in model.parameters() if p.ndim <= 1]
        optimizer = make_optimizer([{"params": matrices, "weight_decay": weight_decay},
                                    {"params": vectors, "weight_decay": weight_decay if decay_all else 0,
                                     "adapt": decay_all}])
        for _ in range(STEPS):
            optimizer.zero_grad()
            F.cross_entropy(model(self.inputs), self.labels).backward()
            optimizer.step()
            after_step(optimizer)
        return model

    def assert_same(self, checkpoint, model):
        state, before = self.state_dict(checkpoint), self.state_dict(self.first)
        for name, value in model.named_parameters():
            torch.testing.assert_close(state[name], value.detach(), rtol=0, atol=TOLERANCE)
            self.assertGreater((value - before[name]).abs().max(), 10 * TOLERANCE, f"{name} has hardly moved")

    def test_of_every_optimizer_ten_steps_are_pytorchs(self):
        for index, (optimizer, make) in enumerate(OPTIMIZERS.items()):
            for all_decay in (True, False):
                with self.subTest(optimizer=optimizer, all_decay=all_decay):
                    checkpoint = self.run_job(
                        f"name=run{index}-{all_decay}", f"optimizer={{ {optimizer} }}",
                        "regularization.weight_decay=0.05",
                        f"regularization.decay_biases_and_norms={str(all_decay).lower()}", weights=self.first)
                    self.assert_same(checkpoint, self.torch_steps(make, 0.05, all_decay))


# Everything at once that can be combined.
ALL_METHODS = ["regularization={ weight_decay: 0.01 decay_biases_and_norms: false clip_global_norm: 2 }",
               "schedule={ cosine {} warmup { steps: 3 } }"]


class RanksTest(program.ProgramTest):
    def test_with_all_methods_on_the_bytes_of_every_optimizer_are_the_same_on_any_number_of_ranks(self):
        settings = [word for setting in ALL_METHODS for word in ("--set", setting)]
        for optimizer in ("sgd { learning_rate: 0.1 momentum: 0.9 nesterov: true }", "adam {}", "adamw {}",
                          "rmsprop { momentum: 0.9 centered: true learning_rate: 1e-3 }",
                          "lars { learning_rate: 2 trust_coefficient: 0.01 }", "lamb {}"):
            with self.subTest(optimizer=optimizer):
                contents = set()
                for ranks, threads in ((0, 1), (2, 1), (3, 2)):
                    answer = self.train("run", *settings, "--set", f"optimizer={{ {optimizer} }}", ranks=ranks,
                                        threads=threads)
                    contents.add((self.directory / answer["checkpoint"]).read_bytes())
                    shutil.rmtree(self.directory / "run")
                self.assertEqual(len(contents), 1)


if __name__ == "__main__":
    program.main()
