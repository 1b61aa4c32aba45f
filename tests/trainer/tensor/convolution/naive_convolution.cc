#include "tests/trainer/tensor/convolution/naive_convolution.h"

namespace lockstep {
namespace {

// Calls visit(output index, weight index, input index) for each multiply-add of the definition.
template <typename Visit>
void ForEachTerm(const ConvolutionGeometry& g, int batch, Visit visit) {
  const int height =
      (g.input.height + 2 * g.padding_height - g.kernel_height) / g.stride_height + 1;
  const int width = (g.input.width + 2 * g.padding_width - g.kernel_width) / g.stride_width + 1;
  const int channels = g.input.channels / g.groups;
  size_t output = 0;
  for (int n = 0; n < batch; ++n) {
    for (int f = 0; f < g.filters; ++f) {
      const int first_channel = f / (g.filters / g.groups) * channels;
      for (int h = 0; h < height; ++h) {
        for (int w = 0; w < width; ++w, ++output) {
          for (int c = 0; c < channels; ++c) {
            for (int i = 0; i < g.kernel_height; ++i) {
              for (int j = 0; j < g.kernel_width; ++j) {
                const int y = h * g.stride_height - g.padding_height + i;
                const int x = w * g.stride_width - g.padding_width + j;
                if (y >= 0 && y < g.input.height && x >= 0 && x < g.input.width) {
                  const size_t weight =
                      ((size_t(f) * channels + c) * g.kernel_height + i) * g.kernel_width + j;
                  const size_t plane = size_t(n) * g.input.channels + first_channel + c;
                  visit(output, weight, (plane * g.input.height + y) * g.input.width + x);
                }
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace

std::vector<double> NaiveForward(const ConvolutionGeometry& geometry, int batch,
                                 const std::vector<double>& weights,
                                 const std::vector<double>& input) {
  std::vector<double> output(batch * geometry.output().size());
  ForEachTerm(geometry, batch,
              [&](size_t o, size_t w, size_t i) { output.at(o) += weights.at(w) * input.at(i); });
  return output;
}

NaiveGradients NaiveBackward(const ConvolutionGeometry& geometry, int batch,
                             const std::vector<double>& weights, const std::vector<double>& input,
                             const std::vector<double>& output_gradient) {
  NaiveGradients gradients{.weights = std::vector<double>(weights.size()),
                           .input = std::vector<double>(input.size())};
  ForEachTerm(geometry, batch, [&](size_t o, size_t w, size_t i) {
    gradients.weights.at(w) += output_gradient.at(o) * input.at(i);
    gradients.input.at(i) += output_gradient.at(o) * weights.at(w);
  });
  return gradients;
}

}  // namespace lockstep
