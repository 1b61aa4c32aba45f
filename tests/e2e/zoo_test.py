#!/usr/bin/python3
"""The networks of the zoo: as many parameters as everybody's, and PyTorch computes the same with them, backward too.

usage: zoo_test.py LOCKSTEP
"""

import json
import re

import h5py
import idx
import numpy as np
import pandas
import program
import torch
import torch.nn.functional as F
import torch_zoo

# Trainable parameters of the architectures in full width, as their authors, torchvision or Keras count them.
PARAMETERS = {
    "3,224,224 1000": {
        "alexnet": 61_100_840, "googlenet": 6_998_552, "mobilenet_v1": 4_231_976, "densenet121": 7_978_856,
        "squeezenet1_0": 1_248_424, "vgg11": 132_863_336, "vgg13": 133_047_848, "vgg16": 138_357_544,
        "vgg19": 143_667_240, "vgg11_bn": 132_868_840, "vgg13_bn": 133_053_736, "vgg16_bn": 138_365_992,
        "vgg19_bn": 143_678_248, "resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032,
        "resnext50_32x4d": 25_028_904},
    "1,28,28 10": {"lenet5": 61_706, "lenet5-1998": 61_706, "keras-mnist": 93_322, "keras-484k": 484_714},
    "1,29,29 10": {"ciresan": 76_040},
}

# A step takes all training samples, in one microbatch.
JOB = """
name: "zoo"
model {{ zoo {{ architecture: {architecture} width: {width} small_input: true {dropout} }} }}
data {{ mnist {{ digest: IGNORED directory: "few" }} holdout {{ samples: 0 }} }}
global_batch: 4
microbatch: 4
steps: 20
optimizer {{ sgd {{ learning_rate: 0.02 }} }}
regularization {{ clip_global_norm: 1 }}
evaluation {{ test_at_end: false }}
"""
HAVE_DROPOUT = re.compile("ALEXNET|VGG|GOOGLENET|SQUEEZENET")

# A step with this learning rate changes weights by so many times their gradient that a float's rounding is lost in it.
# A power of two: the product is exact.
LARGE_RATE = 1024

# The gradient jumps where a relu or a maximum changes sides, and in deep networks some number may be so near to such a
# place that a rounding error crosses it. Not with every one of these seeds.
SEEDS = range(1, 5)


class SummaryTest(program.ProgramTest):
    def parameters(self, *arguments):
        return json.loads(self.run_program("summary", "--json", *arguments).stdout)["parameters"]

    def test_every_network_has_the_parameters_that_it_is_known_for(self):
        for data, networks in PARAMETERS.items():
            shape, classes = data.split()
            for name, expected in networks.items():
                with self.subTest(name):
                    self.assertEqual(self.parameters("--zoo", name, "--input", shape, "--classes", classes), expected)

    def test_what_expand_prints_is_a_job_file_of_the_same_network(self):
        self.write("zoo.textproto", JOB.format(architecture="RESNET18", width=0.125, dropout=""))
        text = self.run_program("summary", "zoo.textproto", "--expand").stdout
        self.assertIn('\n  layer { name: "layer1.0.bn1" batch_norm {} }\n', text)
        self.assertNotIn("zoo {", text)
        self.write("expanded.textproto", text)
        answers = [self.run_program("summary", "--json", f"{name}.textproto", "--input", "1,28,28", "--classes",
                                    10).stdout for name in ("zoo", "expanded")]
        self.assertEqual(*answers)

    def test_a_network_of_the_zoo_becomes_a_job_file_with_settings_of_ones_own(self):
        text = self.run_program("summary", "--zoo", "squeezenet1_0", "--input", "3,32,32", "--classes", 7, "--expand",
                                "--set", "model.zoo.small_input=true", "--set", "epochs=3").stdout
        self.assertIn("\nepochs: 3\n", text)
        self.write("job.textproto", text)
        self.assertGreater(self.parameters("job.textproto", "--input", "3,32,32", "--classes", 7), 700_000)

    def test_what_is_wrong_is_said(self):
        size = ("--input", "1,28,28", "--classes", 10)
        for arguments, says in [
                (["--zoo", "resnet19", *size], "the zoo has no resnet19; did you mean resnet18?"),
                (["--zoo", "resnet18"], "--zoo NAME needs --input C,H,W and --classes K"),
                (["--zoo", "resnet18", "job.textproto", *size], "give either JOB or --zoo NAME"),
                (["job.textproto", "--expand", "--json"], "give either --expand, which prints a job file, or --json"),
                ([], "JOB is required, or --zoo NAME; see: lockstep summary --help"),
                (["--zoo", "vgg16", *size], "max_pool.kernel_height: must be at most 1 (input 1x1), is 2, in layer "
                                            "features.30")]:
            with self.subTest(arguments=arguments):
                self.refused(2, "summary", *arguments, says=[says])


class PyTorchTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        torch.set_num_threads(1)
        self.few = self.directory / "few"
        self.run_program("data", "make", "--dir", self.few, "--train", 4, "--test", 10)

    def checkpoint(self, output, *arguments):
        return self.directory / self.train(output, *arguments, "--data-dir", self.few, ranks=0)["checkpoint"]

    def state(self, checkpoint):
        """Parameters and buffers."""
        with h5py.File(checkpoint) as file:
            state = {name: torch.as_tensor(array[()]) for name, array in file["parameters"].items()}
        return {name: value.double() if value.is_floating_point() else value for name, value in state.items()}

    def inputs(self, checkpoint, images):
        with h5py.File(checkpoint) as file:
            job = file["job"][()].decode()
        mean, deviation = (json.loads(re.search(rf"\b{name}: (\[.*\])", job)[1])
                           for name in ("mean", "standard_deviation"))
        return torch.from_numpy((images / 255 - mean) / deviation).unsqueeze(1)

    def assert_logits_are(self, model, checkpoint):
        images, _ = idx.test_set(self.few)
        self.run_program("evaluate", "--json", "--checkpoint", checkpoint, "--data-dir", self.few, "--predictions",
                         "predictions.h5")
        scores = pandas.read_hdf(self.directory / "predictions.h5", "metrics/predictions").filter(like="score_")
        model.eval()
        with torch.inference_mode():
            logits = model(self.inputs(checkpoint, images)).numpy()
        np.testing.assert_allclose(scores, logits, rtol=0, atol=1e-4)

    def gradient_error(self, model, checkpoint):
        """The largest difference of a gradient, relative to the largest of its parameter, and the parameter."""
        after = self.state(self.checkpoint(checkpoint.parent / "large", "--weights", checkpoint, "--set", "steps=1",
                                           "--set", f"optimizer.sgd.learning_rate={LARGE_RATE}",
                                           "--set", "regularization.clip_global_norm=0"))
        before = self.state(checkpoint)
        images, labels = (idx.read(idx.find(self.few, f"train-{name}-ubyte")) for name in ("images-idx3", "labels-idx1"))
        model.train()
        F.cross_entropy(model(self.inputs(checkpoint, images)), torch.from_numpy(labels.astype("i8"))).backward()
        largest = max(float(value.grad.abs().max()) for value in model.parameters())
        errors = []
        for name, value in model.named_parameters():
            gradient = (before[name] - after[name]) / LARGE_RATE
            # A bias before batch norm has no gradient; what is computed for it are rounding errors.
            scale = max(float(value.grad.abs().max()), 1e-3 * largest)
            errors.append((float((gradient - value.grad).abs().max()) / scale, name))
        return max(errors)

    def test_pytorch_computes_the_same_with_every_network_and_the_same_gradients(self):
        for architecture, (width, build) in torch_zoo.networks().items():
            with self.subTest(architecture):
                dropout = "dropout: 0" if HAVE_DROPOUT.match(architecture) else ""
                self.write("job.textproto", JOB.format(architecture=architecture, width=width, dropout=dropout))
                errors = []
                for seed in SEEDS:
                    checkpoint = self.checkpoint(f"{architecture}-{seed}", "--set", f"seed={seed}")
                    model = build(torch_zoo.scaler(width)).double()
                    model.load_state_dict(self.state(checkpoint))
                    self.assert_logits_are(model, checkpoint)
                    errors.append(self.gradient_error(model, checkpoint))
                    if errors[-1][0] < 1e-3:
                        break
                else:
                    self.fail(errors)


if __name__ == "__main__":
    program.main()
