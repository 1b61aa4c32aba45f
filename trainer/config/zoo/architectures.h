#pragma once

#include "trainer/config/zoo/layer_writer.h"

// The networks of the zoo, one function each. Where torchvision has the network, layers are called
// what it calls them, so that its weights fit.

namespace lockstep {

// What a user may choose about an architecture.
struct ZooOptions {
  int classes;
  // Multiplies channels and hidden units: Scaled() says how.
  double width = 1;
  // A variant for images of about 28 x 28 pixels.
  bool small_input = false;
  double dropout = 0;

  // `count` times the width, at least 1; from 16 upwards, the nearest multiple of 8.
  int Scaled(int count) const;
};

// --- For images of about 28 x 28 pixels, which have no other variant -----------------------------

// LeNet-5 (LeCun et al. 1998) as it is built today: relu and max pooling.
void WriteLeNet5(const ZooOptions& options, v1::Model* model);
// The same with tanh and mean pooling; its sparse connections and radial output are left out.
void WriteLeNet5Of1998(const ZooOptions& options, v1::Model* model);
// The networks of Keras' MNIST tutorials.
void WriteKerasMnist(const ZooOptions& options, v1::Model* model);
void WriteKeras484k(const ZooOptions& options, v1::Model* model);
// 1-20C4-P2-40C5-P3-150-10 (Ciresan et al. 2012) for 29 x 29 pixels; small: for 28 x 28.
void WriteCiresan(const ZooOptions& options, v1::Model* model);

// --- For 224 x 224 pixels ------------------------------------------------------------------------

// AlexNet in the form of Krizhevsky 2014, without normalisation. Small: 5 x 5 windows, a pixel
// apart, first.
void WriteAlexNet(const ZooOptions& options, v1::Model* model);
// VGG (Simonyan and Zisserman 2015). `depth`: 11, 13, 16 or 19. Small: poolings round up, 512
// hidden units.
void WriteVgg(const ZooOptions& options, int depth, bool batch_norm, v1::Model* model);
// GoogLeNet (Szegedy et al. 2015) without auxiliary heads. Small: 3 x 3 windows, a pixel apart, and
// no pooling first.
void WriteGoogLeNet(const ZooOptions& options, v1::Model* model);

// Which ResNet (He et al. 2016) or ResNeXt (Xie et al. 2017).
struct ResNetKind {
  std::vector<int> blocks;  // of each of the four stages
  bool bottleneck;
  int groups = 1;        // of the bottlenecks' 3 x 3 convolutions,
  int group_width = 64;  // and a group's channels in the first stage
};
// Small: as GoogLeNet.
void WriteResNet(const ZooOptions& options, const ResNetKind& kind, v1::Model* model);

// MobileNet v1 (Howard et al. 2017), with relu6. Small: no stride in the first layer.
void WriteMobileNet(const ZooOptions& options, v1::Model* model);
// DenseNet-121 (Huang et al. 2017). Small: as GoogLeNet.
void WriteDenseNet121(const ZooOptions& options, v1::Model* model);
// SqueezeNet 1.0 (Iandola et al. 2016). Small: 3 x 3 windows, a pixel apart, first.
void WriteSqueezeNet(const ZooOptions& options, v1::Model* model);

}  // namespace lockstep
