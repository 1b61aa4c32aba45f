#include "trainer/config/defaults.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

namespace pb = google::protobuf;

bool IsChosenOrSet(const pb::Message& message, const pb::FieldDescriptor& field) {
  const pb::OneofDescriptor* oneof = field.real_containing_oneof();
  return oneof == nullptr ? message.GetReflection()->HasField(message, &field)
                          : message.GetReflection()->HasOneof(message, oneof);
}

void FillBracketDefaults(pb::Message* message) {
  const pb::Reflection& reflection = *message->GetReflection();
  const pb::Descriptor& type = *message->GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    const v1::Setting& setting = field.options().GetExtension(v1::setting);
    if (field.is_repeated() || !setting.has_default_value() || IsChosenOrSet(*message, field)) {
      continue;
    }
    if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
      reflection.SetString(message, &field, setting.default_value());
    } else {
      CHECK(pb::TextFormat::ParseFieldValueFromString(setting.default_value(), &field, message));
    }
  }
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) {
      continue;
    }
    if (!field->is_repeated()) {
      FillBracketDefaults(reflection.MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
      FillBracketDefaults(reflection.MutableRepeatedMessage(message, field, i));
    }
  }
}

// The settings `NAME`, `NAME_height` and `NAME_width` of a convolution or pooling.
class ExtentFields {
 public:
  ExtentFields(pb::Message* layer, const std::string& name)
      : layer_(layer),
        both_(Field(name)),
        height_(Field(name + "_height")),
        width_(Field(name + "_width")) {}

  // Moves the shorthand's value to height and width.
  void Expand() {
    const pb::Reflection& reflection = *layer_->GetReflection();
    if (reflection.HasField(*layer_, both_)) {
      const int value = reflection.GetInt32(*layer_, both_);
      FillUnset(height_, value);
      FillUnset(width_, value);
      reflection.ClearField(layer_, both_);
    }
  }

  void FillFrom(int value) {
    FillUnset(height_, value);
    FillUnset(width_, value);
  }

  void FillFrom(const ExtentFields& other) {
    const pb::Reflection& reflection = *layer_->GetReflection();
    if (reflection.HasField(*layer_, other.height_)) {
      FillUnset(height_, reflection.GetInt32(*layer_, other.height_));
    }
    if (reflection.HasField(*layer_, other.width_)) {
      FillUnset(width_, reflection.GetInt32(*layer_, other.width_));
    }
  }

 private:
  const pb::FieldDescriptor* Field(const std::string& name) const {
    const pb::FieldDescriptor* field = layer_->GetDescriptor()->FindFieldByName(name);
    CHECK(field != nullptr);
    return field;
  }

  void FillUnset(const pb::FieldDescriptor* field, int value) {
    if (!layer_->GetReflection()->HasField(*layer_, field)) {
      layer_->GetReflection()->SetInt32(layer_, field, value);
    }
  }

  pb::Message* layer_;
  const pb::FieldDescriptor* both_;
  const pb::FieldDescriptor* height_;
  const pb::FieldDescriptor* width_;
};

void FillConvolution(v1::Conv2d* convolution) {
  ExtentFields(convolution, "kernel").Expand();
  ExtentFields stride(convolution, "stride");
  stride.Expand();
  stride.FillFrom(1);
  ExtentFields padding(convolution, "padding");
  padding.Expand();
  padding.FillFrom(0);
}

void FillPooling(pb::Message* pooling) {
  ExtentFields kernel(pooling, "kernel");
  kernel.Expand();
  ExtentFields stride(pooling, "stride");
  stride.Expand();
  stride.FillFrom(kernel);
  ExtentFields padding(pooling, "padding");
  padding.Expand();
  padding.FillFrom(0);
}

void FillPad(v1::Pad* pad) {
  const int padding = pad->padding();  // 0 if it is not set
  pad->clear_padding();
  if (!pad->has_top()) {
    pad->set_top(padding);
  }
  if (!pad->has_bottom()) {
    pad->set_bottom(padding);
  }
  if (!pad->has_left()) {
    pad->set_left(padding);
  }
  if (!pad->has_right()) {
    pad->set_right(padding);
  }
}

std::string KindOf(const v1::Layer& layer) {
  const pb::OneofDescriptor* kinds = v1::Layer::descriptor()->FindOneofByName("kind");
  const pb::FieldDescriptor* kind = layer.GetReflection()->GetOneofFieldDescriptor(layer, kinds);
  return kind == nullptr ? "layer" : kind->name();
}

bool TakesSeveralInputs(const v1::Layer& layer) { return layer.has_add() || layer.has_concat(); }

void FillLayers(v1::Model* model) {
  std::map<std::string, int> count;
  std::string previous = "data";
  for (v1::Layer& layer : *model->mutable_layer()) {
    const std::string kind = KindOf(layer);
    const int ordinal = ++count[kind];
    if (!layer.has_name()) {
      layer.set_name(fmt::format("{}_{}", kind, ordinal));
    }
    if (layer.input().empty() && !TakesSeveralInputs(layer)) {
      layer.add_input(previous);
    }
    previous = layer.name();
    if (layer.has_conv2d()) {
      FillConvolution(layer.mutable_conv2d());
    } else if (layer.has_max_pool()) {
      FillPooling(layer.mutable_max_pool());
    } else if (layer.has_avg_pool()) {
      FillPooling(layer.mutable_avg_pool());
    } else if (layer.has_pad()) {
      FillPad(layer.mutable_pad());
    }
  }
}

void FillDependentDefaults(v1::Job* job) {
  constexpr int kDefaultMicrobatch = 32;
  if (!job->has_microbatch()) {
    job->set_microbatch(std::min(kDefaultMicrobatch, job->global_batch()));
  }
  if (!job->checkpoint().has_keep_best()) {
    job->mutable_checkpoint()->set_keep_best(HoldsOut(job->data().holdout()));
  }
}

}  // namespace

bool HoldsOut(const v1::Holdout& holdout) {
  return holdout.has_samples() ? holdout.samples() > 0 : holdout.fraction() > 0;
}

void FillDefaults(v1::Job* job) {
  FillBracketDefaults(job);
  if (job->has_model()) {
    FillLayers(job->mutable_model());
  }
  FillDependentDefaults(job);
}

}  // namespace lockstep
