#include "trainer/config/job_file.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "trainer/base/check.h"
#include "trainer/base/error.h"
#include "trainer/config/defaults.h"
#include "trainer/config/overrides.h"
#include "trainer/config/text_parser.h"
#include "trainer/config/validate_job.h"

namespace lockstep {
namespace {

constexpr size_t kMostBytes = 4 << 20;

std::string ReadText(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    throw ConfigError(fmt::format("{}: cannot be read as a job file: {}; check the path",
                                  file.string(), std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(stream.gcount()));
  return text;
}

}  // namespace

LoadedJob LoadJob(const std::filesystem::path& file, std::span<const std::string> overrides) {
  return ParseJob(ReadText(file), file.string(), overrides);
}

LoadedJob ParseJob(std::string_view text, std::string_view file,
                   std::span<const std::string> overrides) {
  if (text.size() > kMostBytes) {
    throw ConfigError(fmt::format("{}: must be a job file of at most {} bytes", file, kMostBytes));
  }
  LoadedJob loaded{.job = {}, .positions = SourceMap(std::string(file))};
  const ParsedText parsed = ParseText(text, &loaded.job);
  if (parsed.error) {
    const auto& [position, path, what] = *parsed.error;
    throw ConfigError(fmt::format("{}:{}:{}: {}{}{}", file, position.line, position.column, path,
                                  path.empty() ? "" : ": ", what));
  }
  for (const OutlineField& field : parsed.outline) {
    loaded.positions.AddField(field.path, field.position);
  }
  for (const std::string& argument : overrides) {
    loaded.positions.AddOverride(ApplyOverride(argument, &loaded.job), argument);
  }
  const v1::Job written = loaded.job;
  FillDefaults(&loaded.job);
  Problems problems(loaded.positions);
  ValidateJob(written, loaded.job, &problems);
  problems.ThrowIfAny();
  return loaded;
}

std::string EffectiveText(const v1::Job& job) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseShortRepeatedPrimitives(true);
  printer.SetUseUtf8StringEscaping(true);
  std::string fields;
  CHECK(printer.PrintToString(job, &fields));
  return "# proto-file: trainer/config/job.proto\n# proto-message: lockstep.v1.Job\n\n" + fields;
}

}  // namespace lockstep
