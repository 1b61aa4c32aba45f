"""The zoo's networks for small images, written down once more with PyTorch's modules, from the papers and from what
torchvision calls their parts. Shares no code with the program.

Every function takes `scaled`, which multiplies a number of channels by the width, and gives a module whose state has
the names of the program's parameters. Dropout is left out.
"""

import os
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 10


def scaler(width):
    """Channels times the width; from 16 upwards, the nearest multiple of 8."""
    def scaled(count):
        wide = count * width
        return count if width == 1 else max(1, int(wide + 0.5)) if wide < 16 else 8 * int(wide / 8 + 0.5)
    return scaled


def chain(**modules):
    return nn.Sequential(OrderedDict(modules))


def lenet(scaled, activation, pooling):
    return chain(conv1=nn.Conv2d(1, scaled(6), 5, padding=2), bend1=activation(), pool1=pooling(2),
                 conv2=nn.Conv2d(scaled(6), scaled(16), 5), bend2=activation(), pool2=pooling(2), flat=nn.Flatten(),
                 fc1=nn.Linear(25 * scaled(16), scaled(120)), bend3=activation(),
                 fc2=nn.Linear(scaled(120), scaled(84)), bend4=activation(), fc3=nn.Linear(scaled(84), CLASSES))


def keras_mnist(scaled):
    return chain(conv1=nn.Conv2d(1, scaled(32), 3), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
                 conv2=nn.Conv2d(scaled(32), scaled(64), 3), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
                 conv3=nn.Conv2d(scaled(64), scaled(64), 3), relu3=nn.ReLU(), flat=nn.Flatten(),
                 fc1=nn.Linear(9 * scaled(64), scaled(64)), relu4=nn.ReLU(), fc2=nn.Linear(scaled(64), CLASSES))


def keras_484k(scaled):
    few, many = scaled(32), scaled(64)
    return chain(conv1=nn.Conv2d(1, few, 5, padding=2), relu1=nn.ReLU(),
                 conv2=nn.Conv2d(few, few, 5, padding=2), relu2=nn.ReLU(), pool1=nn.MaxPool2d(2),
                 conv3=nn.Conv2d(few, many, 3, padding=1), relu3=nn.ReLU(),
                 conv4=nn.Conv2d(many, many, 3, padding=1), relu4=nn.ReLU(), pool2=nn.MaxPool2d(2), flat=nn.Flatten(),
                 fc1=nn.Linear(49 * many, scaled(128)), relu5=nn.ReLU(), fc2=nn.Linear(scaled(128), CLASSES))


def ciresan(scaled):
    return chain(pad=nn.ConstantPad2d((0, 1, 0, 1), 0),
                 conv1=nn.Conv2d(1, scaled(20), 4), tanh1=nn.Tanh(), pool1=nn.MaxPool2d(2),
                 conv2=nn.Conv2d(scaled(20), scaled(40), 5), tanh2=nn.Tanh(), pool2=nn.MaxPool2d(3), flat=nn.Flatten(),
                 fc1=nn.Linear(9 * scaled(40), scaled(150)), tanh3=nn.Tanh(), fc2=nn.Linear(scaled(150), CLASSES))


class FeaturesAndClassifier(nn.Module):
    """AlexNet's and VGG's form."""

    def __init__(self, features, inputs, hidden, dropout_first):
        super().__init__()
        self.features = nn.Sequential(*features)
        layers = [nn.Linear(inputs, hidden), nn.ReLU(), nn.Identity(), nn.Linear(hidden, hidden), nn.ReLU()]
        layers = [nn.Identity(), *layers] if dropout_first else [*layers, nn.Identity()]
        self.classifier = nn.Sequential(*layers, nn.Linear(hidden, CLASSES))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def alexnet(scaled):
    def conv(inputs, filters, kernel):
        return [nn.Conv2d(inputs, filters, kernel, padding=kernel // 2), nn.ReLU()]
    filters = [scaled(count) for count in (64, 192, 384, 256)]
    features = [*conv(1, filters[0], 5), nn.MaxPool2d(3, 2), *conv(filters[0], filters[1], 5), nn.MaxPool2d(3, 2),
                *conv(filters[1], filters[2], 3), *conv(filters[2], filters[3], 3), *conv(filters[3], filters[3], 3),
                nn.MaxPool2d(3, 2)]
    return FeaturesAndClassifier(features, 4 * filters[3], scaled(1024), dropout_first=True)


def vgg(scaled, convolutions, batch_norm=False):
    features, channels = [], 1
    for count, filters in zip(convolutions, (64, 128, 256, 512, 512)):
        for _ in range(count):
            features.append(nn.Conv2d(channels, scaled(filters), 3, padding=1))
            channels = scaled(filters)
            features += [nn.BatchNorm2d(channels), nn.ReLU()] if batch_norm else [nn.ReLU()]
        features.append(nn.MaxPool2d(2, ceil_mode=True))
    return FeaturesAndClassifier(features, channels, scaled(512), dropout_first=False)


class Inception(nn.ModuleDict):
    def __init__(self, scaled, inputs, ones, reduce3, threes, reduce5, fives, pooled):
        def conv(channels, filters, kernel=1):
            return nn.Conv2d(channels, scaled(filters), kernel, padding=kernel // 2)
        super().__init__({"1x1": conv(inputs, ones), "3x3_reduce": conv(inputs, reduce3),
                          "3x3": conv(scaled(reduce3), threes, 3), "5x5_reduce": conv(inputs, reduce5),
                          "5x5": conv(scaled(reduce5), fives, 5), "pool_proj": conv(inputs, pooled)})
        self.outputs = sum(map(scaled, (ones, threes, fives, pooled)))

    def forward(self, x):
        def conv(name, value):
            return F.relu(self[name](value))
        return torch.cat([conv("1x1", x), conv("3x3", conv("3x3_reduce", x)), conv("5x5", conv("5x5_reduce", x)),
                          conv("pool_proj", F.max_pool2d(x, 3, 1, padding=1))], 1)


class GoogLeNet(nn.Module):
    MODULES = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
               "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
               "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
               "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
               "5b": (384, 192, 384, 48, 128, 128)}

    def __init__(self, scaled):
        super().__init__()
        self.conv1 = nn.Conv2d(1, scaled(64), 3, padding=1)
        self.conv2_reduce = nn.Conv2d(scaled(64), scaled(64), 1)
        self.conv2 = nn.Conv2d(scaled(64), scaled(192), 3, padding=1)
        channels = scaled(192)
        for name, filters in self.MODULES.items():
            module = Inception(scaled, channels, *filters)
            self.add_module(f"inception_{name}", module)
            channels = module.outputs
        self.fc = nn.Linear(channels, CLASSES)

    def forward(self, x):
        x = F.local_response_norm(F.relu(self.conv1(x)), 5)
        x = F.relu(self.conv2(F.relu(self.conv2_reduce(x))))
        x = F.max_pool2d(F.local_response_norm(x, 5), 3, 2, ceil_mode=True)
        for name in self.MODULES:
            if name in ("4a", "5a"):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = getattr(self, f"inception_{name}")(x)
        return self.fc(x.mean((2, 3)))


class Residual(nn.Module):
    """A block of ResNet; `kernels` of its convolutions, the first 3 x 3 one with the stride."""

    def __init__(self, inputs, inner, outer, stride, kernels, groups):
        super().__init__()
        channels = inputs
        for number, kernel in enumerate(kernels, 1):
            filters = outer if number == len(kernels) else inner
            three = kernel == 3 and number < 3
            step = stride if three and number == kernels.index(3) + 1 else 1
            setattr(self, f"conv{number}", nn.Conv2d(channels, filters, kernel, step, kernel // 2, bias=False,
                                                     groups=groups if kernel == 3 else 1))
            setattr(self, f"bn{number}", nn.BatchNorm2d(filters))
            channels = filters
        self.count = len(kernels)
        self.downsample = None
        if stride != 1 or inputs != outer:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x):
        y = x
        for number in range(1, self.count + 1):
            y = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(y))
            if number < self.count:
                y = F.relu(y)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, scaled, blocks, bottleneck=False, cardinality=1):
        super().__init__()
        self.conv1 = nn.Conv2d(1, scaled(64), 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(scaled(64))
        groups = 1 if cardinality == 1 else scaled(cardinality)
        channels = scaled(64)
        for stage, count in enumerate(blocks):
            planes = scaled(64 * 2**stage)
            outer = planes * 4 if bottleneck else planes
            inner = planes if groups == 1 else groups * 4 * 2**stage
            stack = []
            for i in range(count):
                stack.append(Residual(channels, inner, outer, 2 if stage and i == 0 else 1,
                                      (1, 3, 1) if bottleneck else (3, 3), groups))
                channels = outer
            setattr(self, f"layer{stage + 1}", nn.Sequential(*stack))
        self.fc = nn.Linear(channels, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


class MobileNet(nn.Module):
    BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))

    def __init__(self, scaled):
        super().__init__()
        channels = scaled(32)
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.conv1_bn = nn.BatchNorm2d(channels)
        for number, (filters, stride) in enumerate(self.BLOCKS, 1):
            filters = scaled(filters)
            setattr(self, f"block{number}", nn.ModuleDict({
                "depthwise": nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
                "depthwise_bn": nn.BatchNorm2d(channels),
                "pointwise": nn.Conv2d(channels, filters, 1, bias=False),
                "pointwise_bn": nn.BatchNorm2d(filters)}))
            channels = filters
        self.fc = nn.Linear(channels, CLASSES)

    def forward(self, x):
        x = F.relu6(self.conv1_bn(self.conv1(x)))
        for number in range(1, len(self.BLOCKS) + 1):
            block = getattr(self, f"block{number}")
            for part in ("depthwise", "pointwise"):
                x = F.relu6(block[part + "_bn"](block[part](x)))
        return self.fc(x.mean((2, 3)))


class DenseLayer(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))], 1)


def densenet121(scaled):
    growth, channels = scaled(32), scaled(64)
    features = OrderedDict(conv0=nn.Conv2d(1, channels, 3, padding=1, bias=False), norm0=nn.BatchNorm2d(channels),
                           relu0=nn.ReLU())
    for block, count in enumerate((6, 12, 24, 16), 1):
        if block > 1:
            features[f"transition{block - 1}"] = chain(norm=nn.BatchNorm2d(channels), relu=nn.ReLU(),
                                                       conv=nn.Conv2d(channels, channels // 2, 1, bias=False),
                                                       pool=nn.AvgPool2d(2))
            channels //= 2
        layers = OrderedDict()
        for number in range(1, count + 1):
            layers[f"denselayer{number}"] = DenseLayer(channels, growth)
            channels += growth
        features[f"denseblock{block}"] = nn.Sequential(layers)
    features.update(norm5=nn.BatchNorm2d(channels), relu5=nn.ReLU())
    return chain(features=nn.Sequential(features), pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(),
                 classifier=nn.Linear(channels, CLASSES))


class Fire(nn.Module):
    def __init__(self, inputs, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


def squeezenet(scaled):
    features, channels = [nn.Conv2d(1, scaled(96), 3, padding=1), nn.ReLU()], scaled(96)
    for stage in (((16, 64), (16, 64), (32, 128)), ((32, 128), (48, 192), (48, 192), (64, 256)), ((64, 256),)):
        features.append(nn.MaxPool2d(3, 2, ceil_mode=True))
        for squeeze, expand in stage:
            features.append(Fire(channels, scaled(squeeze), scaled(expand)))
            channels = 2 * scaled(expand)
    return chain(features=nn.Sequential(*features),
                 classifier=nn.Sequential(nn.Identity(), nn.Conv2d(channels, CLASSES, 1), nn.ReLU(),
                                          nn.AdaptiveAvgPool2d(1), nn.Flatten()))


# The architecture's name in a job file: the width to test it at, and its builder.
NETWORKS = {
    "LENET5": (0.5, lambda scaled: lenet(scaled, nn.ReLU, nn.MaxPool2d)),
    "LENET5_1998": (1, lambda scaled: lenet(scaled, nn.Tanh, nn.AvgPool2d)),
    "KERAS_MNIST": (0.25, keras_mnist),
    "KERAS_484K": (0.25, keras_484k),
    "CIRESAN": (0.5, ciresan),
    "ALEXNET": (0.125, alexnet),
    "VGG11": (0.125, lambda scaled: vgg(scaled, (1, 1, 2, 2, 2))),
    "VGG13": (0.125, lambda scaled: vgg(scaled, (2, 2, 2, 2, 2))),
    "VGG16": (0.125, lambda scaled: vgg(scaled, (2, 2, 3, 3, 3))),
    "VGG19": (0.125, lambda scaled: vgg(scaled, (2, 2, 4, 4, 4))),
    "VGG11_BN": (0.0625, lambda scaled: vgg(scaled, (1, 1, 2, 2, 2), batch_norm=True)),
    "VGG13_BN": (0.0625, lambda scaled: vgg(scaled, (2, 2, 2, 2, 2), batch_norm=True)),
    "VGG16_BN": (0.0625, lambda scaled: vgg(scaled, (2, 2, 3, 3, 3), batch_norm=True)),
    "VGG19_BN": (0.0625, lambda scaled: vgg(scaled, (2, 2, 4, 4, 4), batch_norm=True)),
    "GOOGLENET": (0.125, GoogLeNet),
    "RESNET18": (0.0625, lambda scaled: ResNet(scaled, (2, 2, 2, 2))),
    "RESNET34": (0.0625, lambda scaled: ResNet(scaled, (3, 4, 6, 3))),
    "RESNET50": (0.0625, lambda scaled: ResNet(scaled, (3, 4, 6, 3), bottleneck=True)),
    "RESNEXT50_32X4D": (0.0625, lambda scaled: ResNet(scaled, (3, 4, 6, 3), bottleneck=True, cardinality=32)),
    "MOBILENET_V1": (0.25, MobileNet),
    "DENSENET121": (0.0625, densenet121),
    "SQUEEZENET1_0": (0.25, squeezenet),
}


def networks():
    """All of them, or those that LOCKSTEP_TEST_NETWORKS names, with commas between."""
    names = os.environ.get("LOCKSTEP_TEST_NETWORKS")
    return {name: NETWORKS[name] for name in names.split(",")} if names else NETWORKS
