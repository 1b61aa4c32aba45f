#include "trainer/cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "trainer/config/spelling.h"

namespace lockstep {
namespace {

// CLI::Range would let NaN pass.
std::string NotFromZeroToOne(const std::string& text) {
  double number = 0;
  if (CLI::detail::lexical_cast(text, number) && number >= 0 && number <= 1) {
    return "";
  }
  return fmt::format("must be a number from 0 to 1, is {}", text);
}

// CLI11 would take the largest number for all that are larger.
std::string NotWholeUpTo64Bits(const std::string& text) {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && rest == end) {
    return "";
  }
  return fmt::format("must be a whole number from 0 to 2^64 - 1, is {}", text);
}

// CLI11 hides what is in the group without a name.
std::vector<const CLI::App*> ShownCommands(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); });
}

std::vector<std::string> CommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* each : ShownCommands(command)) {
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

// CLI11 joins the type and what the value must be: "INT:INT in [0 - 1024]".
OptionHelp HelpOf(const CLI::Option& option) {
  const bool is_argument = option.get_positional();
  const std::string type = option.get_type_size() == 0 ? "" : option.get_type_name();
  const size_t colon = type.find(':');
  return {.names = option.get_name(is_argument, /*all_options=*/true),
          .value = is_argument ? "" : type.substr(0, colon),
          .limits = colon == std::string::npos ? "" : type.substr(colon + 1),
          .default_value = option.get_default_str(),
          .is_argument = is_argument,
          .required = option.get_required(),
          .repeated = option.get_expected_max() == CLI::detail::expected_max_vector_size,
          .description = option.get_description()};
}

CommandHelp HelpOf(const CLI::App& command) {
  CommandHelp help{.name = command.get_name(),
                   .description = command.get_description(),
                   .options = {},
                   .commands = {}};
  for (const CLI::Option* option : command.get_options()) {
    help.options.push_back(HelpOf(*option));
  }
  // Not that of std::ranges: clang-tidy 14 cannot compile its result.
  std::stable_partition(help.options.begin(), help.options.end(),
                        [](const OptionHelp& option) { return option.is_argument; });
  for (const CLI::App* each : ShownCommands(command)) {
    help.commands.push_back(HelpOf(*each));
  }
  return help;
}

}  // namespace

Option& Option::Required() {
  option_->required();
  return *this;
}

Option& Option::TypeName(const char* name) {
  option_->type_name(name);
  return *this;
}

Option& Option::ShowDefault() {
  option_->capture_default_str();
  return *this;
}

Option& Option::OneAtATime() {
  option_->allow_extra_args(false);
  return *this;
}

Option& Option::CommaSeparated(int count) {
  option_->delimiter(',')->expected(count);
  return *this;
}

Option& Option::InRange(int64_t first, int64_t last) {
  option_->check(CLI::Range(first, last));
  return *this;
}

Option& Option::WholeUpTo64Bits() {
  option_->check(CLI::Validator(NotWholeUpTo64Bits, "FROM 0 TO 2^64 - 1"));
  return *this;
}

Option& Option::FromZeroToOne() {
  option_->check(CLI::Validator(NotFromZeroToOne, "FROM 0 TO 1"));
  return *this;
}

Command Command::AddCommand(const std::string& name, const std::string& description) {
  return Command(app_->add_subcommand(name, description));
}

Command& Command::Hidden() {
  app_->group("");
  return *this;
}

void Command::RequireCommand() { app_->require_subcommand(1); }

template <typename Value>
Option Command::Add(const std::string& name, Value* value, const std::string& description) {
  return Option(app_->add_option(name, *value, description));
}

template Option Command::Add(const std::string&, std::string*, const std::string&);
template Option Command::Add(const std::string&, std::vector<std::string>*, const std::string&);
template Option Command::Add(const std::string&, std::vector<int>*, const std::string&);
template Option Command::Add(const std::string&, int*, const std::string&);
template Option Command::Add(const std::string&, int64_t*, const std::string&);
template Option Command::Add(const std::string&, uint64_t*, const std::string&);
template Option Command::Add(const std::string&, double*, const std::string&);

void Command::AddFlag(const std::string& name, bool* given, const std::string& description) {
  app_->add_flag(name, *given, description);
}

void Command::OnCall(std::function<void()> call) { app_->callback(std::move(call)); }

CommandHelp Command::Help() const { return HelpOf(*app_); }

CommandLine::CommandLine(const std::string& program, const std::string& description,
                         const std::string& version)
    : app_(std::make_unique<CLI::App>(description, program)) {
  app_->set_version_flag("--version", version);
}

CommandLine::~CommandLine() = default;

ParsedLine CommandLine::Parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
    return {};
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      return {.asked_for = {}, .problem = DescribeUsageError(*app_, error)};
    }
    std::ostringstream text;
    app_->exit(error, text, text);
    return {.asked_for = text.str(), .problem = {}};
  }
}

}  // namespace lockstep
