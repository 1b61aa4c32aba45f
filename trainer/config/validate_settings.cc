#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "trainer/config/limits.h"
#include "trainer/config/schema.h"
#include "trainer/config/validate_job.h"

namespace lockstep {
namespace {

namespace pb = google::protobuf;

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

// One value of a field; index -1 for a field that is not repeated.
struct Value {
  const pb::Message& message;
  const pb::FieldDescriptor& field;
  int index = -1;

  template <typename T>
  T Get(T (pb::Reflection::*single)(const pb::Message&, const pb::FieldDescriptor*) const,
        T (pb::Reflection::*element)(const pb::Message&, const pb::FieldDescriptor*, int)
            const) const {
    const pb::Reflection* reflection = message.GetReflection();
    return index < 0 ? (reflection->*single)(message, &field)
                     : (reflection->*element)(message, &field, index);
  }

  std::optional<double> AsNumber() const {
    using pb::Reflection;
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return Get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32);
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return static_cast<double>(Get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return static_cast<double>(Get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return Get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble);
      default:
        return std::nullopt;
    }
  }
};

std::string CheckString(const std::string& value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (value.empty()) {
    return "must not be empty";
  }
  return std::any_of(value.begin(), value.end(), is_control) ? "must not contain control characters"
                                                             : "";
}

std::string CheckEnum(int number, const pb::EnumDescriptor& type) {
  const pb::EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (number != 0 && value != nullptr) {
    return "";
  }
  return fmt::format("must be one of {}, is {}", EnumNames(type),
                     value == nullptr ? std::to_string(number) : value->name());
}

std::string CheckValue(const Value& value) {
  using pb::Reflection;
  const pb::Reflection& reflection = *value.message.GetReflection();
  if (const std::optional<double> number = value.AsNumber()) {
    return CheckNumber(*number, value.field.options().GetExtension(v1::setting));
  }
  if (value.field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
    return CheckString(
        value.Get<std::string>(&Reflection::GetString, &Reflection::GetRepeatedString));
  }
  if (value.field.enum_type() != nullptr) {
    return CheckEnum(reflection.GetEnumValue(value.message, &value.field),
                     *value.field.enum_type());
  }
  return "";
}

void CheckMessage(const pb::Message& message, const std::string& path, Problems* problems);

void CheckField(const Value& value, const std::string& path, Problems* problems) {
  const pb::Reflection& reflection = *value.message.GetReflection();
  if (value.field.message_type() != nullptr) {
    const pb::Message& inner =
        value.index < 0 ? reflection.GetMessage(value.message, &value.field)
                        : reflection.GetRepeatedMessage(value.message, &value.field, value.index);
    CheckMessage(inner, path, problems);
  } else if (const std::string what = CheckValue(value); !what.empty()) {
    problems->Add(path, what);
  }
}

// Required fields and choices that are not set.
void CheckPresence(const pb::Message& message, const std::string& path, Problems* problems) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    const bool is_set = field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                                            : reflection.HasField(message, &field);
    if (field.options().GetExtension(v1::setting).required() && !is_set) {
      problems->Add(Join(path, field.name()), "must be set");
    }
  }
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const pb::OneofDescriptor& oneof = *type.oneof_decl(i);
    if (oneof.options().GetExtension(v1::required_choice) &&
        !reflection.HasOneof(message, &oneof)) {
      problems->Add(path, "must set one of " + MemberNames(oneof));
    }
  }
}

void CheckMessage(const pb::Message& message, const std::string& path, Problems* problems) {
  CheckPresence(message, path, problems);
  std::vector<const pb::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    const std::string name = Join(path, field->name());
    if (!field->is_repeated()) {
      CheckField({message, *field}, name, problems);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      CheckField({message, *field, i}, fmt::format("{}[{}]", name, i), problems);
    }
  }
}

}  // namespace

void ValidateSettings(const v1::Job& written, Problems* problems) {
  CheckMessage(written, "", problems);
}

}  // namespace lockstep
