#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "trainer/config/job.pb.h"
#include "trainer/config/source_map.h"

namespace lockstep {

// A job that is valid as far as that can be told without its data.
struct LoadedJob {
  v1::Job job;          // effective: every default filled in, every shorthand expanded
  v1::Job written;      // what file and overrides say, with the layers that a zoo stands for
  SourceMap positions;  // for errors that are found later
};

// Reads a job file, applies `--set` overrides ("optimizer.sgd.learning_rate=0.1") in their order,
// fills in defaults and validates. Throws ConfigError with one line for each thing that is wrong:
// "FILE:LINE:COLUMN: path: must be ..., is ..." or "--set ARGUMENT: path: ...".
LoadedJob LoadJob(const std::filesystem::path& file, std::span<const std::string> overrides = {});

// The same for a text; messages call it `file`.
LoadedJob ParseJob(std::string_view text, std::string_view file,
                   std::span<const std::string> overrides = {});

// A job file that holds all of an effective job. ParseJob() turns it into the same message.
std::string EffectiveText(const v1::Job& job);

// A job file like EffectiveText's, with each layer on a line of its own: for people to go on from.
std::string ReadableText(const v1::Job& job);

}  // namespace lockstep
