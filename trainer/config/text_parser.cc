#include "trainer/config/text_parser.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <map>
#include <memory>
#include <set>

#include "trainer/config/schema.h"

namespace lockstep {
namespace {

namespace pb = google::protobuf;

// A text that a terminal can show, whatever a damaged file holds.
std::string Printable(const std::string& text) {
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    printable += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return printable;
}

class FirstError : public pb::io::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber column, const std::string& text) override {
    if (!error_) {
      const std::string found = text.ends_with("got: ") ? "the end of the text" : "";
      error_ = TextError{
          .position = {line + 1, column + 1},
          .path = "",
          .what = fmt::format("is not protobuf text format: {}{}", Printable(text), found)};
    }
  }
  const std::optional<TextError>& error() const { return error_; }

 private:
  std::optional<TextError> error_;
};

std::string TypeName(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return "a whole number below 2^31";
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return "a whole number below 2^63";
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return "a whole number from 0 to 2^64 - 1";
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return "a string in quotes";
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return "{ ... }";
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return "one of " + EnumNames(*field.enum_type());
    default:
      return "a number";
  }
}

// Whether `value` is one that `field` can take.
bool Fits(const std::string& value, const pb::FieldDescriptor& field) {
  const std::unique_ptr<pb::Message> scratch(
      pb::MessageFactory::generated_factory()->GetPrototype(field.containing_type())->New());
  FirstError ignored;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&ignored);
  return parser.ParseFieldValueFromString(value, &field, scratch.get());
}

std::string DescribeMisfit(const OutlineField& field) {
  const std::string must_be = "must be " + TypeName(*field.descriptor);
  return field.value.empty() ? must_be : must_be + ", is " + field.value;
}

// Goes through an outline in order and says what is wrong with a field.
class MistakeFinder {
 public:
  // `parsed`: protobuf's parser took the text, so that all values fit their fields.
  explicit MistakeFinder(bool parsed) : parsed_(parsed) {}

  // Empty if nothing is.
  std::string Check(const OutlineField& field) {
    if (field.descriptor == nullptr) {
      return field.message == nullptr ? "" : DescribeUnknownField(field.name, *field.message);
    }
    if (!seen_.insert(field.path).second) {
      return "must be set once only";
    }
    if (const std::string other = OtherMember(field); !other.empty()) {
      return fmt::format("cannot be set together with {}", other);
    }
    const bool is_message = field.descriptor->message_type() != nullptr;
    if (is_message && field.value.empty()) {
      return "";
    }
    if (IsOctal(field.value)) {
      return fmt::format("must not start with 0, which would make it octal, is {}", field.value);
    }
    return parsed_ || Fits(field.value, *field.descriptor) ? "" : DescribeMisfit(field);
  }

 private:
  static bool IsOctal(std::string_view value) {
    if (value.starts_with('-')) {
      value.remove_prefix(1);
    }
    return value.size() > 1 && value[0] == '0' &&
           value.find_first_not_of("0123456789") == std::string_view::npos;
  }

  // The member of the same oneof that was set before, if any.
  std::string OtherMember(const OutlineField& field) {
    const pb::OneofDescriptor* oneof = field.descriptor->real_containing_oneof();
    if (oneof == nullptr) {
      return "";
    }
    const std::string message = field.path.substr(0, field.path.size() - field.name.size());
    const auto [entry, is_first] = members_.emplace(message + oneof->name(), field.name);
    return is_first ? "" : entry->second;
  }

  bool parsed_;
  std::set<std::string> seen_;
  std::map<std::string, std::string> members_;  // of oneofs, by the path of the oneof
};

std::optional<TextError> FirstMistake(const std::vector<OutlineField>& outline,
                                      const std::optional<TextError>& parser_error) {
  MistakeFinder finder(!parser_error);
  for (const OutlineField& field : outline) {
    if (parser_error && parser_error->position < field.position) {
      break;  // the text is broken before it
    }
    if (std::string what = finder.Check(field); !what.empty()) {
      return TextError{field.position, field.path, std::move(what)};
    }
  }
  return parser_error;
}

}  // namespace

ParsedText ParseText(std::string_view text, pb::Message* message) {
  ParsedText parsed{.outline = Outline(text, *message->GetDescriptor()), .error = std::nullopt};
  FirstError error;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.ParseFromString(std::string(text), message);
  parsed.error = FirstMistake(parsed.outline, error.error());
  return parsed;
}

}  // namespace lockstep
