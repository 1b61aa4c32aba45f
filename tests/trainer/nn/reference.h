#pragma once

#include <string>
#include <vector>

#include "trainer/base/random.h"
#include "trainer/tensor/shape.h"

// Plain double-precision versions of layers, and the check that their gradients are right.

namespace lockstep {

// A batch as N x C x H x W: on purpose not the order that the trainer computes in.
struct Array {
  int batch = 0;
  Shape shape;
  std::vector<double> values;

  double& at(int n, int c, int h, int w) { return values[Index(n, c, h, w)]; }
  double at(int n, int c, int h, int w) const { return values[Index(n, c, h, w)]; }

 private:
  size_t Index(int n, int c, int h, int w) const {
    return ((size_t(n) * shape.channels + c) * shape.height + h) * shape.width + w;
  }
};

Array Zeros(int batch, const Shape& shape);
// Standard normal; every value is a float's.
Array RandomArray(int batch, const Shape& shape, RandomStream& stream);
std::vector<double> RandomVector(int64_t size, RandomStream& stream);

// "(n=0, c=2, h=1, w=1)": element `index` of an array of this shape.
std::string ElementName(const Shape& shape, size_t index);

// A layer's parameters in the layout's order, each in exported (PyTorch's) order.
using ParameterValues = std::vector<std::vector<double>>;

struct LayerGradients {
  std::vector<Array> inputs;
  ParameterValues parameters;
};

// What a layer must compute, written as plainly as possible and sharing no code with it.
class Reference {
 public:
  virtual ~Reference() = default;

  virtual Array Forward(const std::vector<Array>& inputs,
                        const ParameterValues& parameters) const = 0;

  // Gradients of sum(output * output_gradient).
  virtual LayerGradients Backward(const std::vector<Array>& inputs,
                                  const ParameterValues& parameters,
                                  const Array& output_gradient) const = 0;
};

// Compares Backward with central differences of Forward, and names the elements that differ. Of a
// large array, some 200 elements spread over it are looked at.
void ExpectGradientIsRight(const Reference& reference, std::vector<Array> inputs,
                           ParameterValues parameters, const Array& output_gradient);

}  // namespace lockstep
