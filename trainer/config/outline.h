#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trainer/config/source_map.h"

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
}  // namespace google::protobuf

namespace lockstep {

// A field that stands in a text, or a value of a list.
struct OutlineField {
  std::string
      path;  // "model.layer[3].conv2d.stride"; an index where the message has a repeated one
  Position position;  // of its name; of the value in a list
  std::string name;
  std::string value;                                    // as written; empty for a message
  const google::protobuf::Descriptor* message;          // that it stands in; nullptr if unknown
  const google::protobuf::FieldDescriptor* descriptor;  // nullptr if the message has no such field
};

// All fields of a text in protobuf's text format, in the order they are written. Never fails: a
// text that is not well-formed has an outline that is right up to the mistake, and unknown fields
// have one too, which is what protobuf's own parser does not tell.
std::vector<OutlineField> Outline(std::string_view text,
                                  const google::protobuf::Descriptor& message);

}  // namespace lockstep
