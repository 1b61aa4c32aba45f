#!/usr/bin/python3
"""Every optimiser and schedule that a job file can ask for: ten steps are PyTorch's, and the bytes do not depend on
the number of ranks.

usage: training_methods_test.py LOCKSTEP
"""

import itertools
import json
import math
import pathlib
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import idx
import program
import torch
import torch.nn.functional as F
import torch.optim.lr_scheduler as lrs
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
RATE = 0.1
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

WARMUP = "warmup { steps: 4 start_factor: 0.1 }"


def warmed(factor, warmup=4):
    """LambdaLR's function for a factor of PyTorch's step, which counts from 0, with the warm-up before it."""
    return lambda step: min(1, 0.1 + 0.9 * (step + 1) / warmup) * factor(step)


# What a job file says, and the same as a scheduler of PyTorch's, or as the formula of a paper or of Caffe.
SCHEDULES = {
    "constant {}": lambda o: lrs.ConstantLR(o, factor=1),
    "step { every_epochs: 3 factor: 0.5 }": lambda o: lrs.StepLR(o, 3, gamma=0.5),
    "step { every_steps: 4 }": lambda o: lrs.StepLR(o, 4),
    "multi_step { epochs: [2, 7] factor: 0.3 }": lambda o: lrs.MultiStepLR(o, [2, 7], gamma=0.3),
    "multi_step { steps: [3, 4] }": lambda o: lrs.MultiStepLR(o, [3, 4]),
    "exponential { factor: 0.8 }": lambda o: lrs.ExponentialLR(o, 0.8),
    "inverse { gamma: 0.5 }": lambda o: lrs.LambdaLR(o, lambda step: (1 + 0.5 * step)**-0.75),
    "polynomial { power: 2 }": lambda o: lrs.PolynomialLR(o, STEPS, power=2),
    "polynomial { final_factor: 0.5 }": lambda o: lrs.LambdaLR(o, lambda step: 1 - 0.5 * step / STEPS),
    "cosine {}": lambda o: lrs.CosineAnnealingLR(o, STEPS),
    "cosine { final_factor: 0.1 }": lambda o: lrs.CosineAnnealingLR(o, STEPS, eta_min=0.1 * RATE),
    "one_cycle {}": lambda o: lrs.OneCycleLR(o, RATE, STEPS, cycle_momentum=False),
    "one_cycle { peak_at: 0.45 start_factor: 0.2 final_factor: 0.05 shape: LINEAR }":
        lambda o: lrs.OneCycleLR(o, RATE, STEPS, pct_start=0.45, anneal_strategy="linear", cycle_momentum=False,
                                 div_factor=5, final_div_factor=4),
    f"constant {{}} {WARMUP}": lambda o: lrs.LambdaLR(o, warmed(lambda step: 1)),
    f"step {{ every_steps: 3 factor: 0.5 }} {WARMUP}": lambda o: lrs.LambdaLR(o, warmed(lambda step: 0.5**(step // 3))),
    f"multi_step {{ steps: [3, 6] }} {WARMUP}":
        lambda o: lrs.LambdaLR(o, warmed(lambda step: 0.1**((step >= 3) + (step >= 6)))),
    f"exponential {{ factor: 0.8 }} {WARMUP}": lambda o: lrs.LambdaLR(o, warmed(lambda step: 0.8**step)),
    f"inverse {{ gamma: 0.5 power: 2 }} {WARMUP}": lambda o: lrs.LambdaLR(o, warmed(lambda step: (1 + 0.5 * step)**-2)),
    f"polynomial {{}} {WARMUP}": lambda o: lrs.LambdaLR(o, warmed(lambda step: 1 - max(0, step - 4) / 6)),
    f"cosine {{}} {WARMUP}":
        lambda o: lrs.LambdaLR(o, warmed(lambda step: (1 + math.cos(math.pi * max(0, step - 4) / 6)) / 2)),
    # A cycle of 6 steps whose peak is at its step 2 (from 0).
    f"one_cycle {{ peak_at: 0.5 shape: LINEAR start_factor: 0.2 final_factor: 0 }} {WARMUP}":
        lambda o: lrs.LambdaLR(o, warmed(lambda step: 0.2 if step < 4 else (0.2, 0.6, 1, 2 / 3, 1 / 3, 0, 0)[step - 4])),
    "scaling { rule: LINEAR reference_batch: 60 }": lambda o: lrs.LambdaLR(o, lambda step: 1.5),
    "scaling { rule: SQUARE_ROOT reference_batch: 40 }": lambda o: lrs.LambdaLR(o, lambda step: 1.5),
    "exponential { factor: 0.5 } scaling { rule: LINEAR reference_batch: 120 }":
        lambda o: lrs.LambdaLR(o, lambda step: 0.75 * 0.5**step),
}


# What a job file says, and the same loss by PyTorch of outputs and labels.
LOSSES = {
    "loss=SOFTMAX_CROSS_ENTROPY": F.cross_entropy,
    "regularization.label_smoothing=0.1": lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1),
    "loss=MEAN_SQUARED_ERROR": lambda z, y: F.mse_loss(z, F.one_hot(y, 10).float()),
    "loss=MEAN_SQUARED_ERROR regularization.label_smoothing=0.2":
        lambda z, y: F.mse_loss(z, 0.8 * F.one_hot(y, 10) + 0.02),
}

# The same for what becomes of the gradient.
CLIPS = {
    "regularization.clip_global_norm=0.5": lambda p: nn.utils.clip_grad_norm_(p, 0.5),
    "regularization.clip_value=0.01": lambda p: nn.utils.clip_grad_value_(p, 0.01),
    "regularization.clip_value=0.02 regularization.clip_global_norm=0.1":
        lambda p: (nn.utils.clip_grad_value_(p, 0.02), nn.utils.clip_grad_norm_(p, 0.1)),
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

    def torch_steps(self, make_optimizer, weight_decay=0, decay_all=True, make_schedule=None, loss=F.cross_entropy,
                    clip=lambda parameters: None):
        """The network after ten steps from the weights of the first checkpoint."""
        model = Net()
        model.load_state_dict(self.state_dict(self.first))
        matrices = [p for p in model.parameters() if p.ndim > 1]
        vectors = [p for p in model.parameters() if p.ndim <= 1]
        optimizer = make_optimizer([{"params": matrices, "weight_decay": weight_decay},
                                    {"params": vectors, "weight_decay": weight_decay if decay_all else 0,
                                     "adapt": decay_all}])
        schedule = make_schedule(optimizer) if make_schedule else None
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss(model(self.inputs), self.labels).backward()
            clip(list(model.parameters()))
            optimizer.step()
            if schedule:
                schedule.step()
        return model

    def assert_same(self, checkpoint, model):
        state, before = self.state_dict(checkpoint), self.state_dict(self.first)
        for name, value in model.named_parameters():
            torch.testing.assert_close(state[name], value.detach(), rtol=0, atol=TOLERANCE)
            self.assertGreater((value - before[name]).abs().max(), 10 * TOLERANCE, f"{name} has hardly moved")

    def run_jobs(self, cases):
        """The checkpoints of runs with each list of settings, from the weights of the first one. A few at a time: most
        of a start is waiting."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda case: self.run_job(f"name=run{case[0]}", *case[1], weights=self.first),
                                 enumerate(cases)))

    def test_of_every_optimizer_ten_steps_are_pytorchs(self):
        cases = list(itertools.product(OPTIMIZERS, (True, False)))
        checkpoints = self.run_jobs([
            (f"optimizer={{ {optimizer} }}", "regularization.weight_decay=0.05",
             f"regularization.decay_biases_and_norms={str(decay_all).lower()}") for optimizer, decay_all in cases])
        for (optimizer, decay_all), checkpoint in zip(cases, checkpoints):
            with self.subTest(optimizer=optimizer, decay_all=decay_all):
                self.assert_same(checkpoint, self.torch_steps(OPTIMIZERS[optimizer], 0.05, decay_all))

    def test_with_every_schedule_ten_steps_are_pytorchs(self):
        checkpoints = self.run_jobs([(f"schedule={{ {schedule} }}", f"optimizer.sgd.learning_rate={RATE}")
                                     for schedule in SCHEDULES])
        for (schedule, make), checkpoint in zip(SCHEDULES.items(), checkpoints):
            with self.subTest(schedule=schedule):
                self.assert_same(checkpoint, self.torch_steps(lambda p: torch.optim.SGD(p, lr=RATE),
                                                              make_schedule=make))

    def test_with_every_loss_ten_steps_are_pytorchs(self):
        checkpoints = self.run_jobs([(*settings.split(), "optimizer.sgd.learning_rate=0.1") for settings in LOSSES])
        for (settings, loss), checkpoint in zip(LOSSES.items(), checkpoints):
            with self.subTest(settings):
                self.assert_same(checkpoint, self.torch_steps(lambda p: torch.optim.SGD(p, lr=0.1), loss=loss))

    def test_with_every_clipping_ten_steps_are_pytorchs(self):
        checkpoints = self.run_jobs([(*settings.split(), "optimizer.sgd.learning_rate=0.5") for settings in CLIPS])
        for (settings, clip), checkpoint in zip(CLIPS.items(), checkpoints):
            with self.subTest(settings):
                self.assert_same(checkpoint, self.torch_steps(lambda p: torch.optim.SGD(p, lr=0.5), clip=clip))

    def test_the_moving_average_of_ten_steps_is_that_of_pytorchs_weights(self):
        averages = []

        class Averaging(torch.optim.SGD):
            def step(self):
                super().step()
                keep = min(0.7, (2 + len(averages)) / (11 + len(averages)))
                before = averages[-1] if averages else first
                averages.append([keep * a + (1 - keep) * w.detach() for a, w in zip(before, self.in_order)])

        def make(groups):
            optimizer = Averaging(groups, lr=0.5)
            optimizer.in_order = [w for group in groups for w in group["params"]]  # the matrices, then the vectors
            return optimizer

        state = self.state_dict(self.first)
        names = ["conv.weight", "out.weight", "bn.weight", "bn.bias", "out.bias"]
        first = [state[name] for name in names]
        [checkpoint] = self.run_jobs([("weight_average.decay=0.7", "optimizer.sgd.learning_rate=0.5")])
        model = self.torch_steps(make)
        self.assert_same(checkpoint, model)
        with h5py.File(checkpoint) as file:
            self.assertEqual(set(file["average"]), set(file["parameters"]) - {"bn.num_batches_tracked"})
            for name, average in zip(names, averages[-1]):
                torch.testing.assert_close(torch.as_tensor(file["average"][name][()]), average, rtol=0, atol=TOLERANCE)
                self.assertGreater((average - dict(model.named_parameters())[name]).abs().max(), 10 * TOLERANCE)

    def test_check_states_the_scaled_learning_rate_and_its_reference(self):
        scaling = ("--set", "schedule.scaling={ rule: LINEAR reference_batch: 60 }", "--data-dir", "few")
        self.assertIn("learning rate 0.15: 0.1 for a batch of 60, times 90 / 60\n",
                      self.run_program("check", "job.textproto", *scaling).stdout)
        answer = json.loads(self.run_program("check", "job.textproto", *scaling, "--json").stdout)
        self.assertAlmostEqual(answer["learning_rate"], 0.15)


class MemoryTest(program.ProgramTest):
    def check(self, *settings, ranks=1):
        answer = self.run_program("check", "job.textproto", "--json", *settings, ranks=ranks)
        return json.loads(answer.stdout)["memory_bytes"]

    def parameters(self):
        answer = self.run_program("summary", "job.textproto", "--json").stdout
        return json.loads(answer)["parameters"]

    def test_check_counts_what_every_optimizer_remembers(self):
        def memory(optimizer):
            return self.check("--set", f"optimizer={{ {optimizer} }}")["parameters"]

        least = memory("sgd { learning_rate: 1 }")
        parameters = self.parameters()
        for arrays, optimizer in ((1, "sgd { learning_rate: 1 momentum: 0.9 }"), (2, "adam {}"), (1, "rmsprop {}"),
                                  (3, "rmsprop { momentum: 0.9 centered: true }")):
            with self.subTest(optimizer):
                self.assertEqual(memory(optimizer) - least, 4 * parameters * arrays)

    def test_check_counts_what_the_ranks_of_a_node_share(self):
        plain = "optimizer={ sgd { learning_rate: 1 } }"
        values = self.parameters() + 2 * 4  # with the running statistics of four channels
        data = 600 * (28 * 28 + 4)
        prepared = set()
        for ranks, settings, arrays, sums in (
                (1, (), 2, 8),  # weights and gradient; exact sums
                (1, ("--set", "weight_average={}"), 3, 8),
                (3, (), 3, 3 * 8),  # the weights once more, for all to read
                (3, ("--set", "reduction=FLOAT32"), 3, 3 * 4)):
            with self.subTest(ranks=ranks, settings=settings):
                memory = self.check("--set", plain, *settings, ranks=ranks)
                self.assertEqual((memory["data"], memory["parameters"], memory["sums"]),
                                 (data, 4 * arrays * values, sums * values))
                self.assertGreater(memory["prepared"], 0)  # once, by all ranks together
                prepared.add(memory["prepared"])
                self.assertEqual(memory["shared"], data + (4 * arrays + sums) * values + memory["prepared"])
        self.assertEqual(len(prepared), 1)


class WeightAverageTest(program.ProgramTest):
    def test_the_average_is_what_is_evaluated(self):
        answer = self.train("run", "--set", "weight_average={ decay: 0.99 }", ranks=2)
        checkpoint = answer["checkpoint"]

        def evaluated(*arguments):
            result = self.run_program("evaluate", "--checkpoint", checkpoint, "--json", *arguments)
            return {name: json.loads(result.stdout)[name] for name in answer["test"]}

        self.assertEqual(evaluated(), answer["test"])
        self.assertNotEqual(evaluated("--raw-weights")["loss"], answer["test"]["loss"])
        plain = self.train("plain")
        self.assertEqual(plain["weights_sha256"], answer["weights_sha256"])
        self.assertEqual(evaluated("--raw-weights"), plain["test"])


class EarlyStoppingTest(program.ProgramTest):
    # So slow, and without running statistics, that the first of all evaluations stays the best.
    SETTINGS = ["--set", "model={ layer { linear { units: 10 } } }", "--set",
                "optimizer={ sgd { learning_rate: 1e-9 } }", "--set", "evaluation.early_stopping.patience=2",
                "--set", "epochs=10"]

    def assert_ends_after_three_epochs(self, answer):
        self.assertEqual((answer["outcome"], answer["step"], answer["total_steps"]), ("finished early", 12, 40))
        self.assertEqual(answer["best"]["step"], 4)
        self.assertEqual(answer["best"]["checkpoint"], "run/digits/checkpoints/step-00000004.h5")
        self.assertIn("test", answer)

    def test_a_run_ends_when_evaluations_get_no_better(self):
        answer = self.train("run", *self.SETTINGS, ranks=2)
        self.assert_ends_after_three_epochs(answer)
        content = (self.directory / answer["checkpoint"]).read_bytes()
        with self.subTest("again, there is nothing left to do"):
            self.assert_ends_after_three_epochs(self.train("run", *self.SETTINGS))
        for step in (4, 8):
            with self.subTest("resumed, it ends where it would have ended", step=step):
                again = self.train("run", *self.SETTINGS, "--resume", f"run/digits/checkpoints/step-{step:08}.h5",
                                   ranks=3)
                self.assert_ends_after_three_epochs(again)
                self.assertEqual((self.directory / again["checkpoint"]).read_bytes(), content)
        with self.subTest("with more patience, it goes on"):
            more = self.train("run", *self.SETTINGS, "--set", "evaluation.early_stopping.patience=3")
            self.assertEqual((more["outcome"], more["step"]), ("finished early", 16))

    def test_people_are_told(self):
        result = self.run_program("train", "job.textproto", *self.SETTINGS)
        self.assertIn("finished early, after step 12 of 40: the hold-out accuracy no longer rose\nbest hold-out accuracy",
                      result.stdout)


class LongerRunTest(program.ProgramTest):
    def warnings_of_longer(self, output, *settings):
        """What the log says when a finished run is made longer by an epoch."""
        self.train(output, *settings, "--set", "epochs=1", ranks=0)
        return self.run_program("train", "job.textproto", *settings, "--set", "epochs=2", "--set",
                                f"output_directory={output}").stderr

    def test_a_finished_run_can_be_made_longer_and_is_then_as_if_it_had_always_been(self):
        self.assertNotIn("the job has changed", self.warnings_of_longer("longer"))
        whole = self.train("whole", "--set", "epochs=2", ranks=0)
        self.assertEqual(self.weights("longer/digits/checkpoints/step-00000008.h5"), whole["weights_sha256"])

    def test_where_learning_rates_depend_on_the_runs_length_a_warning_says_so(self):
        self.assertIn("the job has changed", self.warnings_of_longer("cosine", "--set", "schedule.cosine={}"))


class WhatDoesNotFitTest(program.ProgramTest):
    def test_what_needs_hold_out_samples_is_refused_where_the_fraction_comes_to_none(self):
        few = ("--set", "data.digits.train_samples=5", "--set", "data.holdout.fraction=0.1", "--set", "global_batch=32")
        for setting in ("evaluation.early_stopping.patience=1", "checkpoint.keep_best=true"):
            path = setting[:setting.rindex(".")] if "patience" in setting else setting[:setting.index("=")]
            for command in ("train", "check"):
                with self.subTest(setting, command=command):
                    self.refused(2, command, "job.textproto", *few, "--set", setting,
                                 says=[f"--set {setting}: {path}: needs samples to judge by: data.holdout.fraction of "
                                       "5 samples is less than one; set data.holdout.samples"])
        self.run_program("check", "job.textproto", *few)

    def test_a_global_batch_of_more_than_all_samples_is_told(self):
        said = "note: a step takes all of the 450 training samples"
        self.assertIn(said, self.run_program("check", "job.textproto", "--set", "global_batch=451").stdout)
        self.assertNotIn(said, self.run_program("check", "job.textproto", "--set", "global_batch=450").stdout)

    def test_a_warm_up_that_is_longer_than_the_run_is_told(self):
        said = "schedule.warmup takes 4 steps and the run has 2: the learning rate never rises to the one"
        settings = ("--set", "steps=2", "--set", "schedule.warmup.epochs=1")
        self.assertIn(f"note: {said}", self.run_program("check", "job.textproto", *settings).stdout)
        self.assertIn(f"warning: {said}", self.run_program("train", "job.textproto", *settings).stderr)
        self.assertNotIn("warmup", self.run_program("check", "job.textproto", *settings, "--set", "steps=4").stdout)


# Everything at once that can be combined.
ALL_METHODS = ["regularization={ weight_decay: 0.01 decay_biases_and_norms: false clip_global_norm: 2 clip_value: 0.5"
               " label_smoothing: 0.1 }",
               "schedule={ cosine {} warmup { steps: 3 } scaling { rule: LINEAR reference_batch: 100 } }",
               "weight_average={}", "evaluation.early_stopping.patience=2"]


class RanksTest(program.ProgramTest):
    def test_with_all_methods_on_the_bytes_of_every_optimizer_are_the_same_on_1_2_and_3_ranks_resumed(self):
        settings = [word for setting in ALL_METHODS for word in ("--set", setting)]
        for optimizer in ("sgd { learning_rate: 0.1 momentum: 0.9 nesterov: true }", "adam {}", "adamw {}",
                          "rmsprop { momentum: 0.9 centered: true learning_rate: 1e-3 }",
                          "lars { learning_rate: 2 trust_coefficient: 0.01 }", "lamb {}"):
            with self.subTest(optimizer=optimizer):
                contents = set()
                for ranks, threads, resume in ((0, 1, "never"), (2, 1, "never"),
                                               (3, 2, "run/digits/checkpoints/step-00000004.h5")):
                    if resume == "never":
                        shutil.rmtree(self.directory / "run", ignore_errors=True)
                    answer = self.train("run", *settings, "--set", f"optimizer={{ {optimizer} }}", "--resume", resume,
                                        ranks=ranks, threads=threads)
                    self.assertEqual(answer["step"], 12)
                    contents.add((self.directory / answer["checkpoint"]).read_bytes())
                self.assertEqual(len(contents), 1)
                shutil.rmtree(self.directory / "run")


if __name__ == "__main__":
    program.main()
