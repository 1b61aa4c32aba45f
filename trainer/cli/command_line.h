#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lockstep {

// What commands say to CLI11. It takes seconds to compile, so only command_line.cc includes it.

// What the help says of an option or argument.
struct OptionHelp {
  std::string names;  // "-h,--help", or "JOB" of an argument
  std::string value;  // what stands for the value, "DIR"; empty for flags and arguments
  std::string limits;
  std::string default_value;
  bool is_argument = false;
  bool required = false;
  bool repeated = false;
  std::string description;
};

// What the help says of the program or of a command.
struct CommandHelp {
  std::string name;
  std::string description;
  std::vector<OptionHelp> options;  // arguments first
  std::vector<CommandHelp> commands;
};

// An option or argument of a command. Each call says one thing more about it.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option& Required();
  // What stands for the value in the help: "DIR".
  Option& TypeName(const char* name);
  // The help shows what the variable holds now.
  Option& ShowDefault();
  // Of a list: takes one value each time that it is given, not all that follow.
  Option& OneAtATime();
  // Of a list: `count` values with commas between them.
  Option& CommaSeparated(int count);

  // What each value must be.
  Option& InRange(int64_t first, int64_t last);
  Option& WholeUpTo64Bits();  // from 0 to 2^64 - 1
  Option& FromZeroToOne();

 private:
  CLI::Option* option_;
};

// The program or one of its commands, which CommandLine owns.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  Command AddCommand(const std::string& name, const std::string& description);
  // Not shown in the help.
  Command& Hidden();
  // The line must name one of the commands added.
  void RequireCommand();
  // "--name" adds an option, "NAME" an argument. `value` outlives the parsing; it is a string, a
  // vector of strings or ints, an int, int64_t, uint64_t or double.
  template <typename Value>
  Option Add(const std::string& name, Value* value, const std::string& description);
  void AddFlag(const std::string& name, bool* given, const std::string& description);
  // Called when the line has called this command, after all values are set.
  void OnCall(std::function<void()> call);

  // All that is not hidden.
  CommandHelp Help() const;

 private:
  CLI::App* app_;
};

// What came of a line; at most one of the texts is not empty.
struct ParsedLine {
  std::string asked_for;  // the help, or the version
  // What is wrong with the line, with the command that it is about, a guess at what was meant, and
  // where to read on.
  std::string problem;
};

class CommandLine {
 public:
  CommandLine(const std::string& program, const std::string& description,
              const std::string& version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Command program() { return Command(app_.get()); }

  ParsedLine Parse(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace lockstep
