#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace lockstep {

// What is wrong with a command line that `app` did not take, with the command that it is about, a
// guess at what was meant, and where to read on.
std::string DescribeUsageError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace lockstep
