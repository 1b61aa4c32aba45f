"""LARS and LAMB, which PyTorch has not, written plainly from their papers. A parameter group with adapt=False keeps
its ratio at 1."""

import torch


class Lars(torch.optim.Optimizer):
    """You, Gitman and Ginsburg 2017, equation 6 and algorithm 1."""

    def __init__(self, parameters, lr, momentum, trust, weight_decay=0):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay, "adapt": True})
        self.momentum, self.trust = momentum, trust

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                ratio, decay = 1, group["weight_decay"]
                if group["adapt"] and w.norm() > 0 and w.grad.norm() > 0:
                    ratio = self.trust * w.norm() / (w.grad.norm() + decay * w.norm())
                v = self.state[w].get("v", torch.zeros_like(w))
                v = self.state[w]["v"] = self.momentum * v + group["lr"] * ratio * (w.grad + decay * w)
                w -= v


class Lamb(torch.optim.Optimizer):
    """You et al. 2020, algorithm 2, with phi(z) = z."""

    def __init__(self, parameters, lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay, "adapt": True})
        self.betas, self.eps, self.steps = betas, eps, 0

    @torch.no_grad()
    def step(self):
        self.steps += 1
        for group in self.param_groups:
            for w in group["params"]:
                (beta1, beta2), state = self.betas, self.state[w]
                m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * w.grad
                v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * w.grad**2
                r = m / (1 - beta1**self.steps) / ((v / (1 - beta2**self.steps)).sqrt() + self.eps)
                u = r + group["weight_decay"] * w
                ratio = w.norm() / u.norm() if group["adapt"] and w.norm() > 0 and u.norm() > 0 else 1
                w -= group["lr"] * ratio * u
