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
#include "trainer/config/zoo/zoo.h"

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

using Printer = google::protobuf::TextFormat::Printer;

constexpr const char* kHeader =
    "# proto-file: trainer/config/job.proto\n# proto-message: lockstep.v1.Job\n\n";

Printer NewPrinter() {
  Printer printer;
  printer.SetUseShortRepeatedPrimitives(true);
  printer.SetUseUtf8StringEscaping(true);
  return printer;
}

std::string Print(const google::protobuf::Message& message, const Printer& printer) {
  std::string text;
  CHECK(printer.PrintToString(message, &text));
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
  LoadedJob loaded{.job = {}, .written = {}, .positions = SourceMap(std::string(file))};
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
  ExpandZoo(&loaded.job);
  loaded.written = loaded.job;
  FillDefaults(&loaded.job);
  Problems problems(loaded.positions);
  ValidateJob(written, loaded.job, &problems);
  problems.ThrowIfAny();
  return loaded;
}

std::string EffectiveText(const v1::Job& job) { return kHeader + Print(job, NewPrinter()); }

std::string ReadableText(const v1::Job& job) {
  v1::Job before;  // what stands before the model
  if (job.has_name()) {
    before.set_name(job.name());
  }
  if (job.has_seed()) {
    before.set_seed(job.seed());
  }
  v1::Job after = job;
  after.clear_name();
  after.clear_seed();
  after.clear_model();
  v1::Model around = job.model();
  around.clear_layer();
  Printer indented = NewPrinter();
  indented.SetInitialIndentLevel(1);
  Printer on_one_line = NewPrinter();
  on_one_line.SetSingleLineMode(true);
  std::string layers;
  for (const v1::Layer& layer : job.model().layer()) {
    layers += fmt::format("  layer {{ {}}}\n", Print(layer, on_one_line));
  }
  // Names of layers hold no braces.
  constexpr std::string_view kEmpty = "{ }";
  for (size_t at = layers.find(kEmpty); at != layers.npos; at = layers.find(kEmpty, at)) {
    layers.replace(at, kEmpty.size(), "{}");
  }
  return fmt::format("{}{}model {{\n{}{}}}\n{}", kHeader, Print(before, NewPrinter()),
                     Print(around, indented), layers, Print(after, NewPrinter()));
}

}  // namespace lockstep
