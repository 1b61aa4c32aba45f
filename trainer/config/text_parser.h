#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/config/outline.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace lockstep {

// A mistake in a text. The path is empty where no field is to blame.
struct TextError {
  Position position;
  std::string path;
  std::string what;  // "must be a whole number, is yes"
};

struct ParsedText {
  std::vector<OutlineField> outline;
  std::optional<TextError> error;  // the first one; the message holds what was read before it
};

// Reads protobuf's text format into `message`, which is cleared first. Stricter than protobuf:
// octal numbers are mistakes.
ParsedText ParseText(std::string_view text, google::protobuf::Message* message);

}  // namespace lockstep
