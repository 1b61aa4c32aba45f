#pragma once

#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
class EnumDescriptor;
class OneofDescriptor;
}  // namespace google::protobuf

namespace lockstep {

// What to say about a name that is not a field of `message`: "is unknown; did you mean stride?
// possible here: filters, kernel, ...".
std::string DescribeUnknownField(std::string_view name,
                                 const google::protobuf::Descriptor& message);

// The values that a job file may use: all but the unspecified one. "EXACT, FLOAT32".
std::string EnumNames(const google::protobuf::EnumDescriptor& type);

// The members of a oneof: "epochs, steps".
std::string MemberNames(const google::protobuf::OneofDescriptor& oneof);

}  // namespace lockstep
