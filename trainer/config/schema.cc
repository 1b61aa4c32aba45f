#include "trainer/config/schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/descriptor.h>

#include <vector>

#include "trainer/config/spelling.h"

namespace lockstep {
namespace {

namespace pb = google::protobuf;

// What users of other trainers write, and we neither have nor need.
struct Hint {
  std::string_view name;
  std::string_view text;
};
constexpr Hint kHints[] = {
    {"flatten", "leave it out: linear flattens its input by itself"},
    {"batch_size", "global_batch counts the samples of one update, over all ranks"},
};

std::vector<std::string> FieldNames(const pb::Descriptor& message) {
  std::vector<std::string> names;
  names.reserve(message.field_count());
  for (int i = 0; i < message.field_count(); ++i) {
    names.push_back(message.field(i)->name());
  }
  return names;
}

// The path to a field called `name` in the messages within `message`; empty if there is none.
// REQUIRES messages that do not contain themselves.
std::string FindDeeper(std::string_view name, const pb::Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    if (field.name() == name) {
      return field.name();
    }
    const pb::Descriptor* type = field.message_type();
    if (const std::string path = type == nullptr ? "" : FindDeeper(name, *type); !path.empty()) {
      return field.name() + "." + path;
    }
  }
  return "";
}

}  // namespace

std::string DescribeUnknownField(std::string_view name, const pb::Descriptor& message) {
  for (const Hint& hint : kHints) {
    if (hint.name == name) {
      return fmt::format("is unknown; {}", hint.text);
    }
  }
  const std::vector<std::string> fields = FieldNames(message);
  if (fields.empty()) {
    return "is unknown; nothing can be set here";
  }
  const std::string deeper = FindDeeper(name, message);
  const std::string nearest = deeper.empty() ? Nearest(name, fields) : deeper;
  const std::string question = nearest.empty() ? "" : fmt::format("did you mean {}? ", nearest);
  return fmt::format("is unknown; {}possible here: {}", question, fmt::join(fields, ", "));
}

std::string EnumNames(const pb::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) {
      names.push_back(type.value(i)->name());
    }
  }
  return fmt::to_string(fmt::join(names, ", "));
}

std::string MemberNames(const pb::OneofDescriptor& oneof) {
  std::vector<std::string> names;
  names.reserve(oneof.field_count());
  for (int i = 0; i < oneof.field_count(); ++i) {
    names.push_back(oneof.field(i)->name());
  }
  return fmt::to_string(fmt::join(names, ", "));
}

}  // namespace lockstep
