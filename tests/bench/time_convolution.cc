// Times calls of one convolution, one thread. For each word on standard input (forward, backward,
// weights: backward without the input's gradient) prints the seconds that one such call takes.
// Prints the algorithm's name first. compare_layers asks, in turn with PyTorch.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include "trainer/tensor/aligned_buffer.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/convolution/convolution.h"

namespace lockstep {
namespace {

// Some numbers, none of them special.
AlignedBuffer<float> Numbers(int64_t count) {
  AlignedBuffer<float> numbers(count);
  for (int64_t i = 0; i < count; ++i) {
    numbers.data()[i] = static_cast<float>(i * 7919 % 1009) / 1009.0F - 0.5F;
  }
  return numbers;
}

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

ConvolutionChoice ToChoice(const std::string& name) {
  return name == "winograd" ? ConvolutionChoice::kWinograd
         : name == "gemm"   ? ConvolutionChoice::kGemm
         : name == "direct" ? ConvolutionChoice::kDirect
                            : ConvolutionChoice::kAuto;
}

class TimedConvolution {
 public:
  TimedConvolution(const ConvolutionGeometry& geometry, int batch, ConvolutionChoice choice)
      : geometry_(geometry),
        batch_(batch),
        algorithm_(MakeConvolution(geometry, batch, choice)),
        weights_(Numbers(geometry.weights())),
        weight_gradient_(geometry.weights()),
        input_(Numbers(batch * geometry.input.size())),
        input_gradient_(batch * geometry.input.size()),
        output_(Numbers(batch * geometry.output().size())),
        scratch_(algorithm_->scratch_bytes()),
        prepared_(algorithm_->prepared_bytes()) {}

  std::string_view name() const { return algorithm_->name(); }

  double Seconds(const std::string& what) {
    const double start = CpuSeconds();
    Call(what);
    return CpuSeconds() - start;
  }

 private:
  void Call(const std::string& what) {
    const Tensor input{input_.data(), batch_, geometry_.input};
    const Tensor output{output_.data(), batch_, geometry_.output()};
    // Once a step in training; a step may have but one microbatch.
    algorithm_->Prepare(weights_.data(), prepared_.span());
    const ConvolutionWeights weights{weights_.data(), prepared_.span()};
    if (what == "forward") {
      algorithm_->Forward(weights, input, output, scratch_.span());
      return;
    }
    float* const input_gradient = what == "backward" ? input_gradient_.data() : nullptr;
    algorithm_->Backward(
        weights, input, output,
        {.weights = weight_gradient_.data(), .input = {input_gradient, batch_, geometry_.input}},
        scratch_.span());
  }

  ConvolutionGeometry geometry_;
  int batch_;
  std::unique_ptr<ConvolutionAlgorithm> algorithm_;
  AlignedBuffer<float> weights_;
  AlignedBuffer<float> weight_gradient_;
  AlignedBuffer<float> input_;
  AlignedBuffer<float> input_gradient_;
  AlignedBuffer<float> output_;
  AlignedBuffer<std::byte> scratch_;
  AlignedBuffer<std::byte> prepared_;
};

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) {
  if (argc != 10) {
    fmt::print(
        stderr,
        "usage: time_convolution auto|winograd|gemm|direct BATCH CHANNELS SIZE FILTERS KERNEL "
        "STRIDE PADDING GROUPS\n");
    return 2;
  }
  std::vector<int> numbers;
  for (int i = 2; i < argc; ++i) {
    numbers.push_back(std::atoi(argv[i]));
  }
  lockstep::UseOneBlasThread();
  lockstep::TimedConvolution convolution({.input = {numbers[1], numbers[2], numbers[2]},
                                          .filters = numbers[3],
                                          .kernel_height = numbers[4],
                                          .kernel_width = numbers[4],
                                          .stride_height = numbers[5],
                                          .stride_width = numbers[5],
                                          .padding_height = numbers[6],
                                          .padding_width = numbers[6],
                                          .groups = numbers[7]},
                                         numbers[0], lockstep::ToChoice(argv[1]));
  fmt::print("{}\n", convolution.name());
  std::fflush(stdout);
  for (std::string what; std::cin >> what;) {
    fmt::print("{}\n", convolution.Seconds(what));
    std::fflush(stdout);
  }
}
