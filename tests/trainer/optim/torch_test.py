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

STEPS = 10
PARAMETERS = 200
TOLERANCE = 1e-6  # a few float roundings; values and gradients are about 1


def line(tensor):
    return " ".join(repr(x) for x in tensor.tolist())


def our_steps(arguments, values, gradients):
    text = "\n".join([str(PARAMETERS), line(values)] + [line(g) for g in gradients])
    command = [OPTIM_STEPS] + [str(argument) for argument in arguments]
    output = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return torch.tensor([[float(x) for x in row.split()] for row in output.splitlines()])


def torch_steps(make_optimizer, values, gradients):
    parameter = torch.nn.Parameter(values.clone())
    optimizer = make_optimizer([parameter])
    rows = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        rows.append(parameter.detach().clone())
    return torch.stack(rows)


class TorchTest(unittest.TestCase):
    def compare(self, arguments, make_optimizer):
        torch.manual_seed(7)
        values = torch.randn(PARAMETERS)
        # From tiny to large, as the gradients of different layers are.
        gradients = torch.randn(STEPS, PARAMETERS) * torch.logspace(-4, 1, PARAMETERS)
        ours = our_steps(arguments, values, gradients)
        theirs = torch_steps(make_optimizer, values, gradients)
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


if __name__ == "__main__":
    OPTIM_STEPS = sys.argv.pop(1)
    unittest.main()
