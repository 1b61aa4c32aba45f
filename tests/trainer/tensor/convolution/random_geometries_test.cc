#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "tests/trainer/tensor/convolution/convolution_runner.h"
#include "trainer/base/random.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/convolution/direct_convolution.h"
#include "trainer/tensor/convolution/gemm_convolution.h"
#include "trainer/tensor/convolution/pointwise_convolution.h"
#include "trainer/tensor/convolution/window_convolution.h"
#include "trainer/tensor/convolution/winograd_convolution.h"

namespace lockstep {
namespace {

class RandomGeometries : public testing::Test {
 protected:
  void SetUp() override { UseOneBlasThread(); }

  int Between(int low, int high) { return low + static_cast<int>(stream_.Below(high - low + 1)); }

  // Any numbers of channels, filters and groups, or those that some algorithms want: multiples of
  // 16, small groups, square kernels without a stride. At most some 200,000 multiply-adds
  // a sample, two million of those.
  ConvolutionGeometry Draw(bool whole_vectors) {
    for (;;) {
      ConvolutionGeometry geometry{.input = {.height = Between(1, 16), .width = Between(1, 16)},
                                   .kernel_height = Between(1, 7),
                                   .kernel_width = Between(1, 7),
                                   .stride_height = Between(1, 4),
                                   .stride_width = Between(1, 4),
                                   .padding_height = Between(0, 4),
                                   .padding_width = Between(0, 4)};
      if (whole_vectors) {
        DrawWholeVectors(&geometry);
      } else {
        DrawChannels(&geometry);
      }
      const bool fits =
          geometry.kernel_height <= geometry.input.height + 2 * geometry.padding_height &&
          geometry.kernel_width <= geometry.input.width + 2 * geometry.padding_width;
      if (fits && geometry.flops() < (whole_vectors ? 4'000'000 : 400'000)) {
        return geometry;
      }
    }
  }

 private:
  void DrawChannels(ConvolutionGeometry* geometry) {
    geometry->groups = Between(0, 2) == 0 ? Between(2, 6) : 1;
    geometry->input.channels = geometry->groups * Between(1, geometry->groups > 1 ? 12 : 40);
    geometry->filters = geometry->groups * Between(1, geometry->groups > 1 ? 8 : 40);
  }

  void DrawWholeVectors(ConvolutionGeometry* geometry) {
    const bool grouped = Between(0, 1) == 0;
    geometry->input.channels = 16 * Between(1, 3);
    geometry->filters = grouped ? geometry->input.channels : 16 * Between(1, 6);
    geometry->groups = grouped ? geometry->input.channels >> Between(0, 4) : 1;
    if (Between(0, 2) == 0) {
      const int kernel = 1 + 2 * Between(0, 2);
      geometry->groups = 1;
      geometry->stride_height = geometry->stride_width = 1;
      geometry->kernel_height = geometry->kernel_width = kernel;
      geometry->padding_height = geometry->padding_width = kernel / 2;
    }
  }

  RandomStream stream_{2024, {.purpose = Purpose::kAugment}};
};

TEST_F(RandomGeometries, TheChosenAlgorithmIsTheConvolution) {
  for (int i = 0; i < 200 && !HasFatalFailure(); ++i) {
    const ConvolutionGeometry geometry = Draw(i % 4 == 0);
    const int max_batch = Between(1, 6);
    ExpectIsTheConvolution(*MakeConvolution(geometry, max_batch), geometry, Between(1, max_batch),
                           i);
  }
}

std::vector<std::unique_ptr<ConvolutionAlgorithm>> AllThatServe(const ConvolutionGeometry& geometry,
                                                                int max_batch) {
  std::vector<std::unique_ptr<ConvolutionAlgorithm>> all;
  all.push_back(std::make_unique<GemmConvolution>(geometry, max_batch));
  if (PointwiseConvolution::Serves(geometry)) {
    all.push_back(std::make_unique<PointwiseConvolution>(geometry));
  }
  if (WinogradEngine::Serves(geometry)) {
    for (const int output_size : WinogradEngine::OutputSizes(geometry)) {
      all.push_back(std::make_unique<WinogradConvolution>(geometry, max_batch, output_size));
    }
  }
  if (WindowConvolution::Serves(geometry)) {
    all.push_back(std::make_unique<WindowConvolution>(geometry, max_batch));
  }
  if (DirectEngine::Serves(geometry)) {
    all.push_back(std::make_unique<DirectConvolution>(geometry));
  }
  return all;
}

TEST_F(RandomGeometries, EveryAlgorithmThatServesIsTheConvolution) {
  std::map<std::string_view, int> runs;
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
    const ConvolutionGeometry geometry = Draw(i % 2 == 0);
    const int batch = Between(1, 3);
    for (const auto& algorithm : AllThatServe(geometry, batch)) {
      ExpectIsTheConvolution(*algorithm, geometry, batch, i);
      ++runs[algorithm->name()];
    }
  }
  for (const char* name : {"gemm", "pointwise", "winograd", "windows", "direct"}) {
    EXPECT_GE(runs[name], 3) << name;
  }
}

}  // namespace
}  // namespace lockstep
