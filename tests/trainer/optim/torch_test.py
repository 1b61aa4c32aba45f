"""Compares ten steps of each optimiser with PyTorch's.

usage: torch_test.py OPTIM_STEPS
"""

import subprocess
import sys
import unittest

try:
    import torch
except ImportError:
    print("PyTorch is not installed")
    sys.exit(77)

from large_batch import Lamb, Lars

STEPS = 10
SIZES = [150, 7, 1, 42]  # of the parameter tensors
TOLERANCE = 1e-6  # a few float roundings; values and gradients are about 1


def line(tensor):
    return " ".join(repr(x) for x in tensor.tolist())


def our_steps(arguments, decays, values, gradients):
    blocks = " ".join(f"{size} {int(decay)}" for size, decay in zip(SIZES, decays))
    text = "\n".join([str(len(SIZES)), blocks, line(values)] + [line(g) for g in gradients])
    command = [OPTIM_STEPS] + [str(argument) for argument in arguments]
    output = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return torch.tensor([[float(x) for x in row.split()] for row in output.splitlines()])


def torch_steps(make_optimizer, decays, values, gradients):
    tensors = [torch.nn.Parameter(part.clone()) for part in values.split(SIZES)]
    decaying = [tensor for tensor, decay in zip(tensors, decays) if decay]
    others = [tensor for tensor, decay in zip(tensors, decays) if not decay]
    groups = [{"params": decaying}]
    if others:
        groups.append({"params": others, "weight_decay": 0, "adapt": False})
    optimizer = make_optimizer(groups)
    rows = []
    for gradient in gradients:
        for tensor, part in zip(tensors, gradient.split(SIZES)):
            tensor.grad = part.clone()
        optimizer.step()
        rows.append(torch.cat([tensor.detach().clone() for tensor in tensors]))
    return torch.stack(rows)


class TorchTest(unittest.TestCase):
    def compare(self, arguments, make_optimizer):
        for decays in ([True] * 4, [True, False, True, False], [False, True, False, True]):
            with self.subTest(decays=decays):
                self.compare_with(arguments, make_optimizer, decays)

    def compare_with(self, arguments, make_optimizer, decays):
        torch.manual_seed(7)
        values = torch.randn(sum(SIZES))
        # From tiny to large, as the gradients of different layers are.
        gradients = torch.randn(STEPS, sum(SIZES)) * torch.logspace(-4, 1, sum(SIZES))
        ours = our_steps(arguments, decays, values, gradients)
        theirs = torch_steps(make_optimizer, decays, values, gradients)
        self.assertEqual(ours.shape, theirs.shape)
        self.assertFalse(torch.equal(theirs[0], values))
        error = ((ours - theirs).abs() / theirs.abs().clamp(min=1)).max().item()
        self.assertLess(error, TOLERANCE)

    def test_plain_sgd(self):
        self.compare([0.05, 0, "sgd", 0, 0], lambda p: torch.optim.SGD(p, lr=0.05))

    def test_sgd_with_weight_decay(self):
        self.compare([0.05, 0.01, "sgd", 0, 0],
                     lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=0.01))

    def test_momentum_with_weight_decay(self):
        self.compare([0.05, 0.01, "sgd", 0.9, 0],
                     lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01))

    def test_nesterov_with_weight_decay(self):
        self.compare([0.05, 0.01, "sgd", 0.9, 1],
                     lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True,
                                               weight_decay=0.01))

    def test_adam(self):
        self.compare([0.001, 0, "adam", 0.9, 0.999, 1e-8], lambda p: torch.optim.Adam(p, lr=0.001))

    def test_adam_with_other_betas_epsilon_and_weight_decay(self):
        self.compare([0.01, 0.1, "adam", 0.8, 0.95, 1e-3],
                     lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3,
                                                weight_decay=0.1))

    def test_adamw(self):
        self.compare([0.01, 0.1, "adamw", 0.8, 0.95, 1e-3],
                     lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3,
                                                 weight_decay=0.1))

    def test_rmsprop(self):
        self.compare([0.01, 0, "rmsprop", 0.99, 1e-8, 0, 0], lambda p: torch.optim.RMSprop(p))

    def test_rmsprop_centered_with_momentum_and_weight_decay(self):
        # In the first step the variance is small beside the squares that it is the difference of.
        self.compare([0.01, 0.1, "rmsprop", 0.8, 0.01, 0.9, 1],
                     lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.8, eps=0.01, momentum=0.9,
                                                   centered=True, weight_decay=0.1))

    def test_lars(self):
        self.compare([2, 0.01, "lars", 0.9, 0.02],
                     lambda p: Lars(p, lr=2, momentum=0.9, trust=0.02, weight_decay=0.01))

    def test_lamb(self):
        self.compare([0.01, 0.1, "lamb", 0.8, 0.95, 1e-6],
                     lambda p: Lamb(p, lr=0.01, betas=(0.8, 0.95), weight_decay=0.1))


if __name__ == "__main__":
    OPTIM_STEPS = sys.argv.pop(1)
    unittest.main()
