#include "trainer/config/overrides.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

#include "trainer/base/error.h"
#include "trainer/config/schema.h"
#include "trainer/config/text_parser.h"

namespace lockstep {
namespace {

namespace pb = google::protobuf;

// The field that a path leads to.
struct Target {
  pb::Message* message = nullptr;  // that the field belongs to
  const pb::FieldDescriptor* field = nullptr;
  std::optional<int> index;
  std::string message_path;  // "" for the job itself
  std::string path;
};

class Override {
 public:
  Override(const std::string& argument, pb::Message* job) : argument_(argument), job_(job) {
    const size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0) {
      Fail("", "must be path.to.field=value");
    }
    path_ = argument.substr(0, equals);
    value_ = argument.substr(equals + 1);
  }

  std::string Apply() const {
    const Target target = Find();
    const std::unique_ptr<pb::Message> parsed = ParseValue(target);
    const pb::Reflection& reflection = *target.message->GetReflection();
    if (target.index) {
      target.message->MergeFrom(*parsed);
      const int last = reflection.FieldSize(*target.message, target.field) - 1;
      reflection.SwapElements(target.message, target.field, *target.index, last);
      reflection.RemoveLast(target.message, target.field);
    } else {
      reflection.ClearField(target.message, target.field);
      reflection.SwapFields(target.message, parsed.get(), {target.field});
    }
    return target.path;
  }

 private:
  [[noreturn]] void Fail(std::string_view path, std::string_view what) const {
    throw ConfigError(
        fmt::format("--set {}: {}{}{}", argument_, path, path.empty() ? "" : ": ", what));
  }

  // Walks down the path, making the messages on its way.
  Target Find() const {
    Target target;
    std::string_view rest = path_;
    while (true) {
      const size_t dot = rest.find('.');
      target = Descend(target, rest.substr(0, dot));
      if (dot == std::string_view::npos) {
        return target;
      }
      rest.remove_prefix(dot + 1);
    }
  }

  // From a field that holds a message to one of the message's fields: `step` is "name" or
  // "name[i]".
  Target Descend(const Target& from, std::string_view step) const {
    Target to;
    to.message = from.field == nullptr ? job_ : MessageAt(from);
    to.message_path = from.path;
    const size_t bracket = step.find('[');
    const std::string name(step.substr(0, bracket));
    const std::string prefix = from.path.empty() ? "" : from.path + ".";
    to.path = prefix + std::string(step);
    to.field = to.message->GetDescriptor()->FindFieldByName(name);
    if (to.field == nullptr) {
      Fail(prefix + name, DescribeUnknownField(name, *to.message->GetDescriptor()));
    }
    if (bracket != std::string_view::npos) {
      to.index = ParseIndex(to, prefix + name, step.substr(bracket));
    }
    return to;
  }

  int ParseIndex(const Target& target, const std::string& list, std::string_view brackets) const {
    if (!target.field->is_repeated()) {
      Fail(list, "is not a list: leave out " + std::string(brackets));
    }
    int index = -1;
    const char* end = brackets.data() + brackets.size() - 1;
    const auto [stop, error] = std::from_chars(brackets.data() + 1, end, index);
    if (error != std::errc() || stop != end || *end != ']') {
      Fail(list, fmt::format("must have a whole number in brackets, has {}", brackets));
    }
    const int size = target.message->GetReflection()->FieldSize(*target.message, target.field);
    if (index < 0 || index >= size) {
      Fail(target.path, size == 0 ? "is beyond the list, which is empty"
                                  : fmt::format("must be from [0] to [{}]", size - 1));
    }
    return index;
  }

  pb::Message* MessageAt(const Target& target) const {
    if (target.field->message_type() == nullptr) {
      Fail(target.path, "is a value and has no fields");
    }
    const pb::Reflection& reflection = *target.message->GetReflection();
    if (!target.field->is_repeated()) {
      return reflection.MutableMessage(target.message, target.field);
    }
    if (!target.index) {
      Fail(target.path, "is a list: say which element, as in " + target.path + "[0]");
    }
    return reflection.MutableRepeatedMessage(target.message, target.field, *target.index);
  }

  // A message of the target's type that holds nothing but the value.
  std::unique_ptr<pb::Message> ParseValue(const Target& target) const {
    std::unique_ptr<pb::Message> parsed(target.message->New());
    if (IsBareString(target)) {
      const pb::Reflection& reflection = *parsed->GetReflection();
      if (target.field->is_repeated()) {
        reflection.AddString(parsed.get(), target.field, value_);
      } else {
        reflection.SetString(parsed.get(), target.field, value_);
      }
      return parsed;
    }
    const ParsedText text = ParseText(target.field->name() + ": " + value_, parsed.get());
    if (text.error) {
      Fail(AbsolutePath(target, text.error->path), text.error->what);
    }
    const bool one_field =
        std::all_of(text.outline.begin(), text.outline.end(), [&](const OutlineField& field) {
          return field.message != target.message->GetDescriptor() ||
                 field.descriptor == target.field;
        });
    const bool one_element =
        !target.index || parsed->GetReflection()->FieldSize(*parsed, target.field) == 1;
    if (!one_field || !one_element) {
      Fail(target.path, "must be one value, is " + value_);
    }
    return parsed;
  }

  bool IsBareString(const Target& target) const {
    return target.field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING &&
           !value_.starts_with('"') && !value_.starts_with('\'') && !value_.starts_with('[');
  }

  // From a path within the parsed value's message to one within the job.
  static std::string AbsolutePath(const Target& target, const std::string& path) {
    const std::string first_element = target.field->name() + "[0]";
    if (path.empty()) {
      return target.path;
    }
    if (target.index && path.starts_with(first_element)) {
      return target.path + path.substr(first_element.size());
    }
    return target.message_path.empty() ? path : target.message_path + "." + path;
  }

  const std::string& argument_;
  pb::Message* job_;
  std::string path_;
  std::string value_;
};

}  // namespace

std::string ApplyOverride(const std::string& argument, pb::Message* job) {
  return Override(argument, job).Apply();
}

}  // namespace lockstep
