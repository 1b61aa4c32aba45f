#pragma once

#include <string>
#include <vector>

#include "trainer/config/model.pb.h"

namespace lockstep {

struct ConvSpec {
  int filters;
  int kernel;
  int stride = 1;
  int padding = 0;
  int groups = 1;
  bool bias = true;
};

struct PoolSpec {
  int kernel;
  int stride = 0;  // 0: the kernel's size
  int padding = 0;
  bool ceil_mode = false;
};

// Writes down a network layer by layer, in the words of a job file. Each call appends one layer,
// whose input is the layer before it or what From() has named, and which is the next one's input.
class LayerWriter {
 public:
  // How weights that a relu follows begin: kHe suits deep stacks, kDefault shallow ones.
  enum class Start { kDefault, kHe };

  LayerWriter(Start start, v1::Model* model) : start_(start), model_(*model) {}

  // The layer that the next one takes its input from: "data" at first.
  const std::string& current() const { return current_; }
  // Goes back to an earlier layer, to begin a branch there.
  void From(const std::string& layer) { current_ = layer; }

  void Conv(const std::string& name, const ConvSpec& spec);
  void Linear(const std::string& name, int units);
  // The last one: its weights begin by default, as no relu follows.
  void Classifier(const std::string& name, int classes);
  void MaxPool(const std::string& name, const PoolSpec& spec);
  void AvgPool(const std::string& name, const PoolSpec& spec);
  void GlobalAvgPool(const std::string& name) { Append(name)->mutable_global_avg_pool(); }
  void BatchNorm(const std::string& name) { Append(name)->mutable_batch_norm(); }
  void LocalResponseNorm(const std::string& name) { Append(name)->mutable_local_response_norm(); }
  void Relu(const std::string& name) { Append(name)->mutable_relu(); }
  void Relu6(const std::string& name) { Append(name)->mutable_relu6(); }
  void Tanh(const std::string& name) { Append(name)->mutable_tanh(); }
  // Nothing if the rate is 0.
  void Dropout(const std::string& name, double rate);
  void PadEnd(const std::string& name, int pixels);
  void Add(const std::string& name, const std::vector<std::string>& inputs);
  void Concat(const std::string& name, const std::vector<std::string>& inputs);

 private:
  v1::Layer* Append(const std::string& name);
  v1::Layer* Merge(const std::string& name, const std::vector<std::string>& inputs);

  Start start_;
  v1::Model& model_;
  std::string current_ = "data";
};

}  // namespace lockstep
