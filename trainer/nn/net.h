#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trainer/nn/layer.h"
#include "trainer/nn/parameters.h"

namespace lockstep {

// A directed acyclic graph of layers with one input and one output. Holds what is constant while
// training: the layers, their shapes and the layout of the parameters. The numbers live elsewhere
// (values with the trainer, activations in a NetExecutor), so threads share one Net.
class Net {
 public:
  // The net's input as a node's input.
  static constexpr int kInput = -1;

  struct Node {
    std::string name;
    std::unique_ptr<Layer> layer;
    std::vector<int> inputs;  // earlier nodes, or kInput
    LayerPlan plan;
    // This node's parameters, and its buffers: ranges of the layout.
    ParameterSlice parameters;
    ParameterSlice buffers;
  };

  // A net for samples of shape `input`, in microbatches of at most `max_batch`.
  Net(Shape input, int max_batch, ConvolutionChoice convolutions = ConvolutionChoice::kAuto)
      : input_(input), max_batch_(max_batch), convolutions_(convolutions) {}

  // Builds `layer` and appends it as a node; returns the node's number. Nodes come in topological
  // order: REQUIRES that every input is kInput or a number returned before. The last node is the
  // net's output. Throws LayerError, also when a sample's values at this node are more than an int
  // can count.
  int Add(std::string name, std::unique_ptr<Layer> layer, std::vector<int> inputs);

  const Shape& input() const { return input_; }
  int max_batch() const { return max_batch_; }
  ConvolutionChoice convolutions() const { return convolutions_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const ParameterLayout& parameters() const { return parameters_; }
  // The shape of a node's output, or of the net's input.
  const Shape& shape(int node) const { return node == kInput ? input_ : nodes_[node].plan.output; }
  const Shape& output() const { return shape(static_cast<int>(nodes_.size()) - 1); }
  // Every node but the last is some node's input: what a net must be before it can be trained.
  bool EveryNodeIsUsed() const;
  // Floating-point operations of a forward pass for one sample.
  int64_t flops() const;

 private:
  Shape input_;
  int max_batch_;
  ConvolutionChoice convolutions_;
  std::vector<Node> nodes_;
  ParameterLayout parameters_;
};

}  // namespace lockstep
