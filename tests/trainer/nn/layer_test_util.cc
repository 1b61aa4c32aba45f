#include "tests/trainer/nn/layer_test_util.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace lockstep {
namespace {

constexpr std::byte kNanByte{0xFF};
constexpr std::byte kGuardByte{0xA5};

// Calls visit(index in N x C x H x W, index in N x H x W x C) for every element.
template <typename Visit>
void ForEachElement(int batch, const Shape& shape, const Visit& visit) {
  size_t nchw = 0;
  for (int n = 0; n < batch; ++n) {
    for (int c = 0; c < shape.channels; ++c) {
      for (int h = 0; h < shape.height; ++h) {
        for (int w = 0; w < shape.width; ++w) {
          visit(nchw++, ((size_t(n) * shape.height + h) * shape.width + w) * shape.channels + c);
        }
      }
    }
  }
}

GuardedBytes ToMemory(const Array& array) {
  GuardedBytes memory(array.values.size() * sizeof(float));
  ForEachElement(array.batch, array.shape, [&](size_t nchw, size_t nhwc) {
    memory.floats()[nhwc] = static_cast<float>(array.values[nchw]);
  });
  return memory;
}

void ExpectCloseValues(const std::vector<double>& actual, const std::vector<double>& expected,
                       const std::string& what, const std::function<std::string(size_t)>& name) {
  constexpr double kTolerance = 1e-5;
  constexpr double kTiny = 1e-30;
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double scale = kTiny;
  for (const double value : expected) {
    scale = std::max(scale, std::abs(value));
  }
  double worst = 0;
  size_t where = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double error = std::abs(actual[i] - expected[i]) / scale;
    if (!(error <= worst)) {  // NaN is the worst
      worst = error;
      where = i;
    }
    if (std::isnan(error)) {
      break;
    }
  }
  EXPECT_LE(worst, kTolerance) << what << " " << name(where) << " is " << actual[where]
                               << ", should be " << expected[where];
}

void ExpectSameGradients(const LayerGradients& actual, const LayerGradients& expected,
                         const std::string& what) {
  EXPECT_EQ(actual.parameters, expected.parameters) << what << ": parameter gradients";
  for (size_t i = 0; i < actual.inputs.size(); ++i) {
    if (actual.inputs[i].batch > 0) {
      EXPECT_EQ(actual.inputs[i].values, expected.inputs[i].values)
          << what << ": gradient of input " << i;
    }
  }
}

// Starting values for parameter gradients, of the gradients' own size: too small ones would hide
// in the tolerance.
ParameterValues StartValues(const ParameterValues& gradients, RandomStream& stream) {
  ParameterValues start;
  for (const std::vector<double>& gradient : gradients) {
    double scale = 0;
    for (const double value : gradient) {
      scale = std::max(scale, std::abs(value));
    }
    start.push_back(RandomVector(static_cast<int64_t>(gradient.size()), stream));
    for (double& value : start.back()) {
      value = static_cast<float>(value * scale);
    }
  }
  return start;
}

// One microbatch of a case, with what the reference makes of it.
struct Trial {
  std::vector<Array> inputs;
  ParameterValues parameters;
  Array output;
  Array output_gradient;
  LayerGradients gradients;
};

Trial MakeTrial(const LayerRunner& runner, const Reference& reference, const LayerCase& layer_case,
                int batch) {
  RandomStream stream(layer_case.seed, {.purpose = Purpose::kAugment});
  Trial trial;
  for (const Shape& shape : layer_case.inputs) {
    trial.inputs.push_back(RandomArray(batch, shape, stream));
  }
  trial.parameters = runner.RandomParameters(stream);
  trial.output_gradient = RandomArray(batch, runner.plan().output, stream);
  trial.output = reference.Forward(trial.inputs, trial.parameters);
  trial.gradients = reference.Backward(trial.inputs, trial.parameters, trial.output_gradient);
  return trial;
}

void ExpectForward(LayerRunner& runner, const Trial& trial, bool same_in_evaluation) {
  const Array output = runner.Forward(Phase::kTraining, trial.inputs, trial.parameters);
  ExpectClose(output, trial.output, "output");
  if (same_in_evaluation) {
    EXPECT_EQ(runner.Forward(Phase::kEvaluation, trial.inputs, trial.parameters).values,
              output.values)
        << "evaluation differs from training";
  }
  EXPECT_EQ(runner.Forward(Phase::kTraining, trial.inputs, trial.parameters).values, output.values)
      << "the second forward differs from the first";
}

void ExpectBackward(LayerRunner& runner, const Trial& trial, RandomStream& stream) {
  const std::vector<bool> all(trial.inputs.size(), true);
  const ParameterValues start = StartValues(trial.gradients.parameters, stream);
  const LayerGradients gradients = runner.Backward(trial.output_gradient, start, all);
  for (size_t i = 0; i < gradients.inputs.size(); ++i) {
    ExpectClose(gradients.inputs[i], trial.gradients.inputs[i],
                fmt::format("gradient of input {}", i));
  }
  ASSERT_EQ(gradients.parameters.size(), trial.gradients.parameters.size());
  for (size_t i = 0; i < gradients.parameters.size(); ++i) {
    std::vector<double> expected = trial.gradients.parameters[i];
    std::ranges::transform(expected, start[i], expected.begin(), std::plus<>());
    ExpectClose(gradients.parameters[i], expected,
                "gradient of " + runner.parameters()[i].name + ", added to what was there,");
  }
  ExpectSameGradients(runner.Backward(trial.output_gradient, start, all), gradients,
                      "second backward");
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<bool> wanted = all;
    wanted[i] = false;
    ExpectSameGradients(runner.Backward(trial.output_gradient, start, wanted), gradients,
                        fmt::format("gradient of input {} not wanted", i));
  }
}

}  // namespace

GuardedBytes::GuardedBytes(int64_t size) : size_(size), memory_(kGuard + size + kGuard) {
  std::ranges::fill(memory_.span(), kGuardByte);
  Poison();
}

std::span<float> GuardedBytes::floats() {
  return {reinterpret_cast<float*>(bytes().data()), size_ / sizeof(float)};
}

void GuardedBytes::Poison() { std::ranges::fill(bytes(), kNanByte); }

bool GuardedBytes::intact() const {
  const auto untouched = [](std::byte value) { return value == kGuardByte; };
  return std::ranges::all_of(memory_.span().first(kGuard), untouched) &&
         std::ranges::all_of(memory_.span().last(kGuard), untouched);
}

Array ToArray(std::span<const float> memory, int batch, const Shape& shape) {
  Array array = Zeros(batch, shape);
  ForEachElement(batch, shape,
                 [&](size_t nchw, size_t nhwc) { array.values[nchw] = memory[nhwc]; });
  return array;
}

LayerRunner::LayerRunner(Layer& layer, std::vector<Shape> inputs, int max_batch, DrawKey key)
    : layer_(layer), input_shapes_(std::move(inputs)), key_(std::move(key)) {
  // Somebody else's parameter comes first, so that no slice begins at 0.
  layout_.Add("other",
              {.name = "weight", .memory_dims = {3}, .export_axes = {0}, .export_dims = {3}});
  plan_ = layer_.Build(
      {.name = "layer", .inputs = input_shapes_, .max_batch = max_batch, .parameters = layout_});
  const auto parameter_bytes = static_cast<int64_t>(layout_.size() * sizeof(float));
  values_ = GuardedBytes(parameter_bytes);
  gradients_ = GuardedBytes(parameter_bytes);
  buffers_ = GuardedBytes(layout_.buffer_size() * static_cast<int64_t>(sizeof(float)));
  statistics_ = GuardedBytes(layout_.buffer_size() * static_cast<int64_t>(sizeof(float)));
  for (const Buffer& buffer : layout_.buffers()) {
    std::ranges::fill(buffers_.floats().subspan(buffer.slice.offset, buffer.slice.size),
                      buffer.spec.initial);
  }
  saved_ = GuardedBytes(plan_.saved_bytes);
  scratch_ = GuardedBytes(plan_.scratch_bytes);
  prepared_ = GuardedBytes(plan_.prepared_bytes);
}

ParameterValues LayerRunner::RandomParameters(RandomStream& stream) const {
  ParameterValues values;
  for (const Parameter& parameter : parameters()) {
    values.push_back(RandomVector(parameter.slice.size, stream));
  }
  return values;
}

LayerContext LayerRunner::Context(Phase phase) {
  scratch_.Poison();
  const bool training = phase == Phase::kTraining;
  return {.phase = phase,
          .seed = key_.seed,
          .step = key_.step,
          .layer = key_.layer,
          .sample_ids = std::span(key_.sample_ids).first(batch_),
          .values = Values(),
          .parameter_gradients = training ? gradients_.floats() : std::span<float>(),
          .statistics = training ? statistics_.floats() : std::span<float>(),
          .saved = training ? saved_.bytes() : std::span<std::byte>(),
          .scratch = scratch_.bytes(),
          .prepared = prepared_.bytes()};
}

void LayerRunner::SetBuffers(const std::vector<std::vector<double>>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    const ParameterSlice& slice = layout_.buffers()[i].slice;
    ASSERT_EQ(static_cast<int64_t>(values[i].size()), slice.size);
    std::ranges::copy(values[i], buffers_.floats().subspan(slice.offset).begin());
  }
}

std::vector<std::vector<double>> LayerRunner::Statistics() {
  std::vector<std::vector<double>> statistics;
  for (const Buffer& buffer : layout_.buffers()) {
    const auto own = statistics_.floats().subspan(buffer.slice.offset, buffer.slice.size);
    statistics.emplace_back(own.begin(), own.end());
  }
  return statistics;
}

void LayerRunner::ExpectIntact() const {
  EXPECT_TRUE(buffers_.intact());
  EXPECT_TRUE(statistics_.intact()) << "wrote outside the statistics";
  EXPECT_TRUE(values_.intact());
  EXPECT_TRUE(gradients_.intact()) << "wrote outside the parameter gradients";
  EXPECT_TRUE(saved_.intact()) << "wrote outside saved, " << plan_.saved_bytes << " bytes";
  EXPECT_TRUE(scratch_.intact()) << "wrote outside scratch, " << plan_.scratch_bytes << " bytes";
  EXPECT_TRUE(prepared_.intact()) << "wrote outside prepared, " << plan_.prepared_bytes << " bytes";
  EXPECT_TRUE(output_.intact()) << "wrote outside the output";
}

Array LayerRunner::Forward(Phase phase, const std::vector<Array>& inputs,
                           const ParameterValues& parameter_values) {
  for (size_t i = 0; i < parameter_values.size(); ++i) {
    const std::vector<float> exported(parameter_values[i].begin(), parameter_values[i].end());
    ImportParameter(parameters()[i], exported, values_.floats());
  }
  batch_ = inputs.at(0).batch;
  inputs_.clear();
  std::vector<ConstTensor> tensors;
  for (const Array& input : inputs) {
    inputs_.push_back(ToMemory(input));
    tensors.push_back({inputs_.back().floats().data(), batch_, input.shape});
  }
  output_ = GuardedBytes(batch_ * plan_.output.size() * static_cast<int64_t>(sizeof(float)));
  saved_.Poison();
  statistics_.Poison();
  prepared_.Poison();
  layer_.Prepare(Values(), prepared_.bytes());
  layer_.Forward(Context(phase), tensors, {output_.floats().data(), batch_, plan_.output});
  ExpectIntact();
  return ToArray(output_.floats(), batch_, plan_.output);
}

LayerGradients LayerRunner::Backward(const Array& output_gradient, const ParameterValues& start,
                                     const std::vector<bool>& wanted) {
  gradients_.Poison();
  for (size_t i = 0; i < start.size(); ++i) {
    const std::vector<float> exported(start[i].begin(), start[i].end());
    ImportParameter(parameters()[i], exported, gradients_.floats());
  }
  std::vector<ConstTensor> inputs;
  std::vector<GuardedBytes> memory;
  std::vector<Tensor> input_gradients;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Shape& shape = input_shapes_[i];
    inputs.push_back({inputs_[i].floats().data(), batch_, shape});
    memory.emplace_back(batch_ * shape.size() * static_cast<int64_t>(sizeof(float)));
    input_gradients.push_back({wanted[i] ? memory[i].floats().data() : nullptr, batch_, shape});
  }
  GuardedBytes upstream = ToMemory(output_gradient);
  layer_.Backward(Context(Phase::kTraining), inputs,
                  {output_.floats().data(), batch_, plan_.output},
                  {upstream.floats().data(), batch_, plan_.output}, input_gradients);
  ExpectIntact();
  EXPECT_TRUE(std::ranges::all_of(gradients_.floats().first(parameters().empty() ? 0 : 3),
                                  [](float value) { return std::isnan(value); }))
      << "wrote another layer's gradient";
  LayerGradients gradients;
  for (size_t i = 0; i < memory.size(); ++i) {
    EXPECT_TRUE(memory[i].intact()) << "wrote outside the gradient of input " << i;
    gradients.inputs.push_back(wanted[i] ? ToArray(memory[i].floats(), batch_, input_shapes_[i])
                                         : Array());
  }
  for (const Parameter& parameter : parameters()) {
    const std::vector<float> exported = ExportParameter(parameter, gradients_.floats());
    gradients.parameters.emplace_back(exported.begin(), exported.end());
  }
  return gradients;
}

void ExpectClose(const Array& actual, const Array& expected, const std::string& what) {
  ASSERT_EQ(actual.batch, expected.batch) << what;
  ASSERT_EQ(ToString(actual.shape), ToString(expected.shape)) << what;
  ExpectCloseValues(actual.values, expected.values, what,
                    [&](size_t i) { return ElementName(expected.shape, i); });
}

void ExpectClose(const std::vector<double>& actual, const std::vector<double>& expected,
                 const std::string& what) {
  ExpectCloseValues(actual, expected, what, [](size_t i) { return fmt::format("element {}", i); });
}

void ExpectKeepsContract(Layer& layer, const Reference& reference, const LayerCase& layer_case) {
  LayerRunner runner(layer, layer_case.inputs, layer_case.max_batch, layer_case.key);
  for (const int batch : {layer_case.max_batch, (layer_case.max_batch + 1) / 2}) {
    SCOPED_TRACE(fmt::format("batch {} of at most {}", batch, layer_case.max_batch));
    const Trial trial = MakeTrial(runner, reference, layer_case, batch);
    ExpectGradientIsRight(reference, trial.inputs, trial.parameters, trial.output_gradient);
    ExpectForward(runner, trial, layer_case.same_in_evaluation);
    RandomStream stream(layer_case.seed, {.purpose = Purpose::kAugment, .sample = 1});
    ExpectBackward(runner, trial, stream);
  }
}

void ExpectRefuses(Layer& layer, const std::vector<Shape>& inputs, const std::string& field,
                   const std::string& message) {
  try {
    const LayerRunner runner(layer, inputs, 1);
    ADD_FAILURE() << "built, should have refused: " << field << " " << message;
  } catch (const LayerError& error) {
    EXPECT_EQ(error.field(), field);
    EXPECT_STREQ(error.what(), message.c_str());
  }
}

}  // namespace lockstep
