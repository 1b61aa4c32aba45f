#include "trainer/cli/usage_error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

#include "trainer/config/spelling.h"

namespace lockstep {
namespace {

std::vector<std::string> CommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* each : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(each->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

void Append(std::string_view more, std::string* text) {
  *text += text->ends_with('?') ? " " : "; ";
  *text += more;
}

void AppendGuess(const std::string& word, const std::vector<std::string>& names,
                 std::string* text) {
  if (const std::string nearest = Nearest(word, names); !nearest.empty()) {
    Append(fmt::format("did you mean {}?", nearest), text);
  }
}

// `unknown` is the first word that nobody understood; empty if there is none.
std::string Problem(const CLI::App& command, const std::string& unknown,
                    const CLI::ParseError& error) {
  const std::vector<std::string> commands = CommandNames(command);
  const bool is_option = unknown.starts_with('-');
  if (!commands.empty() && !is_option) {
    std::string text = "a command is missing";
    if (!unknown.empty()) {
      text = fmt::format("there is no command {}", unknown);
      AppendGuess(unknown, commands, &text);
    }
    Append(fmt::format("possible here: {}", fmt::join(commands, ", ")), &text);
    return text;
  }
  if (unknown.empty()) {
    return error.what();
  }
  std::string text =
      fmt::format("{} {}", is_option ? "there is no option" : "did not expect", unknown);
  AppendGuess(unknown, OptionNames(command), &text);
  return text;
}

}  // namespace

std::string DescribeUsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = &app;
  std::string name = app.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().back();
    name += " " + command->get_name();
  }
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  std::string text = Problem(*command, unknown.empty() ? "" : unknown[0], error);
  Append(fmt::format("see: {} --help", name), &text);
  return text;
}

}  // namespace lockstep
