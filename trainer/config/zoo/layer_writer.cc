#include "trainer/config/zoo/layer_writer.h"

namespace lockstep {
namespace {

// MaxPool and AvgPool are messages with the same fields, these.
template <typename Pool>
void Fill(const PoolSpec& spec, Pool* pool) {
  pool->set_kernel(spec.kernel);
  if (spec.stride != 0 && spec.stride != spec.kernel) {
    pool->set_stride(spec.stride);
  }
  if (spec.padding != 0) {
    pool->set_padding(spec.padding);
  }
  if (spec.ceil_mode) {
    pool->set_ceil_mode(true);
  }
}

}  // namespace

// Settings that have their default value are left out, as a user would.
void LayerWriter::Conv(const std::string& name, const ConvSpec& spec) {
  v1::Conv2d& conv = *Append(name)->mutable_conv2d();
  conv.set_filters(spec.filters);
  conv.set_kernel(spec.kernel);
  if (spec.stride != 1) {
    conv.set_stride(spec.stride);
  }
  if (spec.padding != 0) {
    conv.set_padding(spec.padding);
  }
  if (spec.groups != 1) {
    conv.set_groups(spec.groups);
  }
  if (!spec.bias) {
    conv.set_bias(false);
  }
  if (start_ == Start::kHe) {
    conv.mutable_initializer()->mutable_he_normal();
  }
}

void LayerWriter::Linear(const std::string& name, int units) {
  v1::Linear& linear = *Append(name)->mutable_linear();
  linear.set_units(units);
  if (start_ == Start::kHe) {
    linear.mutable_initializer()->mutable_he_normal();
  }
}

void LayerWriter::Classifier(const std::string& name, int classes) {
  Append(name)->mutable_linear()->set_units(classes);
}

void LayerWriter::MaxPool(const std::string& name, const PoolSpec& spec) {
  Fill(spec, Append(name)->mutable_max_pool());
}

void LayerWriter::AvgPool(const std::string& name, const PoolSpec& spec) {
  Fill(spec, Append(name)->mutable_avg_pool());
}

void LayerWriter::Dropout(const std::string& name, double rate) {
  if (rate > 0) {
    Append(name)->mutable_dropout()->set_rate(rate);
  }
}

void LayerWriter::PadEnd(const std::string& name, int pixels) {
  v1::Pad& pad = *Append(name)->mutable_pad();
  pad.set_bottom(pixels);
  pad.set_right(pixels);
}

void LayerWriter::Add(const std::string& name, const std::vector<std::string>& inputs) {
  Merge(name, inputs)->mutable_add();
}

void LayerWriter::Concat(const std::string& name, const std::vector<std::string>& inputs) {
  Merge(name, inputs)->mutable_concat();
}

v1::Layer* LayerWriter::Append(const std::string& name) {
  const int layers = model_.layer_size();
  const std::string before = layers == 0 ? "data" : model_.layer(layers - 1).name();
  v1::Layer* const layer = model_.add_layer();
  layer->set_name(name);
  if (current_ != before) {
    layer->add_input(current_);
  }
  current_ = name;
  return layer;
}

v1::Layer* LayerWriter::Merge(const std::string& name, const std::vector<std::string>& inputs) {
  v1::Layer* const layer = Append(name);
  layer->mutable_input()->Assign(inputs.begin(), inputs.end());
  return layer;
}

}  // namespace lockstep
