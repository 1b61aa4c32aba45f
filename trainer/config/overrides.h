#pragma once

#include <string>

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace lockstep {

// Applies one `--set path.to.field=value` to a job and returns the path. The value is written as in
// the job file, but strings need no quotes; a message is {...} and replaces the old one; `[i]`
// counts from 0 and picks an existing element of a repeated field, without it the whole list is
// replaced. Setting a member of a oneof takes the place of the member that was set. Throws
// ConfigError that begins with "--set ARGUMENT: "; the job is then in no useful state.
std::string ApplyOverride(const std::string& argument, google::protobuf::Message* job);

}  // namespace lockstep
