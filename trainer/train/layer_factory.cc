#include "trainer/train/layer_factory.h"

#include "trainer/base/check.h"
#include "trainer/nn/layers/add.h"
#include "trainer/nn/layers/avg_pool.h"
#include "trainer/nn/layers/batch_norm.h"
#include "trainer/nn/layers/concat.h"
#include "trainer/nn/layers/conv2d.h"
#include "trainer/nn/layers/dropout.h"
#include "trainer/nn/layers/elu.h"
#include "trainer/nn/layers/global_avg_pool.h"
#include "trainer/nn/layers/global_max_pool.h"
#include "trainer/nn/layers/leaky_relu.h"
#include "trainer/nn/layers/linear.h"
#include "trainer/nn/layers/local_response_norm.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/pad.h"
#include "trainer/nn/layers/relu.h"
#include "trainer/nn/layers/relu6.h"
#include "trainer/nn/layers/sigmoid.h"
#include "trainer/nn/layers/softmax.h"
#include "trainer/nn/layers/tanh.h"

namespace lockstep {
namespace {

Initializer ToInitializer(const v1::Initializer& message) {
  switch (message.kind_case()) {
    case v1::Initializer::kHeNormal:
      return {.distribution = Distribution::kHeNormal};
    case v1::Initializer::kHeUniform:
      return {.distribution = Distribution::kHeUniform};
    case v1::Initializer::kXavierNormal:
      return {.distribution = Distribution::kXavierNormal};
    case v1::Initializer::kConstant:
      return {.distribution = Distribution::kConstant,
              .constant = static_cast<float>(message.constant())};
    case v1::Initializer::kXavierUniform:
    case v1::Initializer::KIND_NOT_SET:
      break;
  }
  return {.distribution = Distribution::kXavierUniform};
}

std::unique_ptr<Layer> MakeConv2d(const v1::Conv2d& conv) {
  return std::make_unique<Conv2d>(Conv2dOptions{.filters = conv.filters(),
                                                .kernel_height = conv.kernel_height(),
                                                .kernel_width = conv.kernel_width(),
                                                .stride_height = conv.stride_height(),
                                                .stride_width = conv.stride_width(),
                                                .padding_height = conv.padding_height(),
                                                .padding_width = conv.padding_width(),
                                                .groups = conv.groups(),
                                                .bias = conv.bias(),
                                                .initializer = ToInitializer(conv.initializer())});
}

// MaxPool and AvgPool are messages with the same fields, these.
template <typename Message>
PoolOptions ToPoolOptions(const Message& pool) {
  return {.kernel_height = pool.kernel_height(),
          .kernel_width = pool.kernel_width(),
          .stride_height = pool.stride_height(),
          .stride_width = pool.stride_width(),
          .padding_height = pool.padding_height(),
          .padding_width = pool.padding_width(),
          .ceil_mode = pool.ceil_mode()};
}

std::unique_ptr<Layer> MakeAvgPool(const v1::AvgPool& pool) {
  return std::make_unique<AvgPool>(
      ToPoolOptions(pool), pool.count_include_pad() ? MeanOver::kWindow : MeanOver::kPixels);
}

std::unique_ptr<Layer> MakePad(const v1::Pad& pad) {
  return std::make_unique<Pad>(PadOptions{.top = pad.top(),
                                          .bottom = pad.bottom(),
                                          .left = pad.left(),
                                          .right = pad.right(),
                                          .value = static_cast<float>(pad.value())});
}

std::unique_ptr<Layer> MakeLocalResponseNorm(const v1::LocalResponseNorm& norm) {
  return std::make_unique<LocalResponseNorm>(LocalResponseNormOptions{
      .size = norm.size(), .alpha = norm.alpha(), .beta = norm.beta(), .k = norm.k()});
}

}  // namespace

std::unique_ptr<Layer> MakeLayer(const v1::Layer& message) {
  switch (message.kind_case()) {
    case v1::Layer::kConv2D:
      return MakeConv2d(message.conv2d());
    case v1::Layer::kLinear:
      return std::make_unique<Linear>(
          LinearOptions{.units = message.linear().units(),
                        .bias = message.linear().bias(),
                        .initializer = ToInitializer(message.linear().initializer())});
    case v1::Layer::kMaxPool:
      return std::make_unique<MaxPool>(ToPoolOptions(message.max_pool()));
    case v1::Layer::kAvgPool:
      return MakeAvgPool(message.avg_pool());
    case v1::Layer::kGlobalAvgPool:
      return std::make_unique<GlobalAvgPool>();
    case v1::Layer::kGlobalMaxPool:
      return std::make_unique<GlobalMaxPool>();
    case v1::Layer::kBatchNorm:
      return std::make_unique<BatchNorm>(BatchNormOptions{
          .epsilon = message.batch_norm().epsilon(), .momentum = message.batch_norm().momentum()});
    case v1::Layer::kRelu:
      return std::make_unique<Relu>();
    case v1::Layer::kRelu6:
      return std::make_unique<Relu6>();
    case v1::Layer::kLeakyRelu:
      return std::make_unique<LeakyRelu>(
          LeakyReluFunction{.slope = static_cast<float>(message.leaky_relu().slope())});
    case v1::Layer::kElu:
      return std::make_unique<Elu>(EluFunction{.alpha = static_cast<float>(message.elu().alpha())});
    case v1::Layer::kSigmoid:
      return std::make_unique<Sigmoid>();
    case v1::Layer::kTanh:
      return std::make_unique<Tanh>();
    case v1::Layer::kDropout:
      return std::make_unique<Dropout>(
          DropoutOptions{.rate = static_cast<float>(message.dropout().rate()),
                         .whole_channels = message.dropout().whole_channels()});
    case v1::Layer::kSoftmax:
      return std::make_unique<Softmax>();
    case v1::Layer::kLocalResponseNorm:
      return MakeLocalResponseNorm(message.local_response_norm());
    case v1::Layer::kPad:
      return MakePad(message.pad());
    case v1::Layer::kAdd:
      return std::make_unique<Add>();
    case v1::Layer::kConcat:
      return std::make_unique<Concat>();
    case v1::Layer::KIND_NOT_SET:
      break;
  }
  CHECK(!"validation lets no layer without a kind pass");
  return nullptr;
}

}  // namespace lockstep
