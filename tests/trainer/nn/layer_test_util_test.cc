#include "tests/trainer/nn/layer_test_util.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

// The harness must notice every breach of the layer contract: these layers commit them.

namespace lockstep {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Values = std::vector<double>;

enum class Fault {
  kNone,
  kWrongOutput,
  kUnwrittenOutput,
  kWritesBehindOutput,
  kAddsToOutput,
  kOtherInEvaluation,
  kOtherEveryTime,
  kSavesTooMuch,
  kKeepsInScratch,
  kWrongInputGradient,
  kAddsToInputGradient,
  kOverwritesParameterGradient,
  kForgetsASample,
  kSkipsParametersWithoutInputGradient,
  kWritesAnotherLayersGradient,
};

// y = weight * x, one weight for all; saves x.
class Scale : public Layer {
 public:
  explicit Scale(Fault fault) : fault_(fault) {}

  std::string_view kind() const override { return "scale"; }

  LayerPlan Build(const BuildContext& context) override {
    weight_ = context.parameters.Add(
        "scale", {.name = "weight", .memory_dims = {1}, .export_axes = {0}, .export_dims = {1}});
    const int64_t bytes =
        context.max_batch * context.inputs[0].size() * static_cast<int64_t>(sizeof(float));
    return {.output = context.inputs[0], .saved_bytes = bytes, .scratch_bytes = bytes};
  }

  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override {
    const float weight = *context.Value(weight_) + (fault_ == Fault::kWrongOutput ? 1e-3F : 0);
    const int64_t written = output.size() - (fault_ == Fault::kUnwrittenOutput ? 1 : 0);
    for (int64_t i = 0; i < written; ++i) {
      output.data[i] =
          weight * inputs[0].data[i] + (fault_ == Fault::kAddsToOutput ? output.data[i] : 0);
    }
    if (fault_ == Fault::kWritesBehindOutput) {
      output.data[output.size()] = 0;
    }
    if (fault_ == Fault::kOtherEveryTime) {
      output.data[0] += static_cast<float>(calls_++) * 1e-7F;
    }
    if (context.phase == Phase::kEvaluation) {
      output.data[0] *= fault_ == Fault::kOtherInEvaluation ? 2 : 1;
      return;
    }
    std::ranges::copy(inputs[0].values(), Kept(context));
    if (fault_ == Fault::kSavesTooMuch) {
      context.saved.data()[context.saved.size()] = std::byte{0};
    }
  }

  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor /*output*/, ConstTensor dy,
                std::span<const Tensor> input_gradients) const override {
    if (!input_gradients[0] && fault_ == Fault::kSkipsParametersWithoutInputGradient) {
      return;
    }
    float sum = 0;
    for (int64_t i = fault_ == Fault::kForgetsASample ? inputs[0].shape.size() : 0; i < dy.size();
         ++i) {
      sum += dy.data[i] * Kept(context)[i];
    }
    float* const gradient = context.Gradient(weight_);
    *gradient = sum + (fault_ == Fault::kOverwritesParameterGradient ? 0 : *gradient);
    if (fault_ == Fault::kWritesAnotherLayersGradient) {
      gradient[-1] = 0;
    }
    if (!input_gradients[0]) {
      return;
    }
    float* const dx = input_gradients[0].data;
    const float weight =
        *context.Value(weight_) * (fault_ == Fault::kWrongInputGradient ? -1.0F : 1.0F);
    for (int64_t i = 0; i < dy.size(); ++i) {
      dx[i] = weight * dy.data[i] + (fault_ == Fault::kAddsToInputGradient ? dx[i] : 0);
    }
  }

 private:
  float* Kept(const LayerContext& context) const {
    return reinterpret_cast<float*>(fault_ == Fault::kKeepsInScratch ? context.scratch.data()
                                                                     : context.saved.data());
  }

  Fault fault_;
  ParameterSlice weight_;
  mutable std::atomic<int> calls_ = 0;
};

class ScaleReference : public Reference {
 public:
  explicit ScaleReference(double input_gradient_factor = 1) : factor_(input_gradient_factor) {}

  Array Forward(const std::vector<Array>& inputs,
                const ParameterValues& parameters) const override {
    Array y = inputs[0];
    for (double& value : y.values) {
      value *= parameters[0][0];
    }
    return y;
  }

  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& dy) const override {
    Array dx = dy;
    double sum = 0;
    for (size_t i = 0; i < dx.values.size(); ++i) {
      sum += dy.values[i] * inputs[0].values[i];
      dx.values[i] *= parameters[0][0] * factor_;
    }
    return {.inputs = {dx}, .parameters = {{sum}}};
  }

 private:
  double factor_;
};

std::vector<std::string> Failures(Fault fault, const Reference& reference = ScaleReference()) {
  testing::TestPartResultArray results;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    Scale layer(fault);
    ExpectKeepsContract(layer, reference, {.inputs = {{2, 3, 2}}});
  }
  std::vector<std::string> messages;
  messages.reserve(results.size());
  for (int i = 0; i < results.size(); ++i) {
    messages.emplace_back(results.GetTestPartResult(i).message());
  }
  return messages;
}

TEST(ExpectKeepsContract, AcceptsALayerThatDoes) { EXPECT_THAT(Failures(Fault::kNone), IsEmpty()); }

TEST(ExpectKeepsContract, NoticesEveryBreachAndSaysWhere) {
  const std::vector<std::pair<Fault, std::string>> breaches = {
      {Fault::kWrongOutput, "output (n="},
      {Fault::kUnwrittenOutput, "output (n=2, c=1, h=2, w=1) is -nan"},
      {Fault::kWritesBehindOutput, "wrote outside the output"},
      {Fault::kAddsToOutput, "output (n=0, c=0, h=0, w=0) is -nan"},
      {Fault::kOtherInEvaluation, "evaluation differs from training"},
      {Fault::kOtherEveryTime, "the second forward differs"},
      {Fault::kSavesTooMuch, "wrote outside saved"},
      {Fault::kKeepsInScratch, "gradient of scale.weight"},
      {Fault::kWrongInputGradient, "gradient of input 0 (n="},
      {Fault::kAddsToInputGradient, "gradient of input 0 (n=0, c=0, h=0, w=0) is -nan"},
      {Fault::kOverwritesParameterGradient, "gradient of scale.weight, added to what was there"},
      {Fault::kForgetsASample, "gradient of scale.weight"},
      {Fault::kSkipsParametersWithoutInputGradient, "gradient of input 0 not wanted"},
      {Fault::kWritesAnotherLayersGradient, "wrote another layer's gradient"},
  };
  for (const auto& [fault, text] : breaches) {
    EXPECT_THAT(Failures(fault), Contains(HasSubstr(text))) << text;
  }
}

TEST(ExpectKeepsContract, NoticesAReferenceWhoseGradientIsWrong) {
  EXPECT_THAT(Failures(Fault::kNone, ScaleReference(1.001)),
              Contains(HasSubstr("reference, input 0 (n=0, c=0, h=0, w=0)")));
}

TEST(ExpectClose, NamesTheWorstElement) {
  EXPECT_NONFATAL_FAILURE(ExpectClose(Values{100, 2.01, 3.02}, Values{100, 2, 3}, "values"),
                          "values element 2 is 3.02, should be 3");
}

TEST(ExpectClose, MeasuresByTheLargestNumber) {
  ExpectClose(Values{1000, 1e-3}, Values{1000, 0}, "values");
  EXPECT_NONFATAL_FAILURE(ExpectClose(Values{10, 1e-3}, Values{10, 0}, "values"), "element 1");
}

}  // namespace
}  // namespace lockstep
