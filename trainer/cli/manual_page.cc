#include "trainer/cli/manual_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace lockstep {
namespace {

// Text that man(7) is to show as it is.
std::string Plain(std::string_view text) {
  std::string result = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) {
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '~':
        result += "\\(ti";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '\'':
        result += "\\(aq";
        break;
      default:
        result += c;
    }
  }
  return result;
}

char ToLower(unsigned char c) { return static_cast<char>(std::tolower(c)); }

std::string Bold(std::string_view text) { return fmt::format("\\fB{}\\fR", Plain(text)); }

std::string Italic(std::string_view text) { return fmt::format("\\fI{}\\fR", Plain(text)); }

// "-h,--help" as people write it: "-h, --help".
std::string Names(const OptionHelp& option) {
  std::string text;
  for (size_t begin = 0; begin <= option.names.size();) {
    const size_t comma = std::min(option.names.find(',', begin), option.names.size());
    text += text.empty() ? "" : ", ";
    text += Bold(option.names.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return text;
}

// What CLI11 says of limits, in words: "INT in [0 - 1024]", "NONNEGATIVE".
std::string Limits(std::string text) {
  constexpr std::string_view kMiddle = " - ";
  const size_t begin = text.find('[');
  const size_t middle = text.find(kMiddle, begin);
  if (begin != std::string::npos && middle != std::string::npos && text.ends_with(']')) {
    return fmt::format(
        "from {} to {}", text.substr(begin + 1, middle - begin - 1),
        text.substr(middle + kMiddle.size(), text.size() - middle - kMiddle.size() - 1));
  }
  std::ranges::transform(text, text.begin(), ToLower);
  return text == "nonnegative" ? "0 or more" : text;
}

std::string Entry(const OptionHelp& option) {
  std::string head = option.is_argument ? Italic(option.names) : Names(option);
  head += option.value.empty() ? "" : " " + Italic(option.value);
  head += option.repeated ? " ..." : "";
  std::string text = fmt::format(".TP\n{}\n{}.\n", head, Plain(option.description));
  if (option.required && !option.is_argument) {
    text += "Required.\n";
  }
  if (!option.limits.empty()) {
    text += fmt::format("Must be {}.\n", Plain(Limits(option.limits)));
  }
  if (!option.default_value.empty()) {
    text += fmt::format("Default: {}.\n", Bold(option.default_value));
  }
  return text;
}

// The line that calls it: its own words, its arguments, and what it insists on.
std::string Synopsis(const std::string& words, const CommandHelp& command) {
  std::string text = Bold(words);
  if (!command.commands.empty()) {
    return text + fmt::format(" {} [{}]...", Italic("COMMAND"), Italic("OPTION"));
  }
  text += fmt::format(" [{}]...", Italic("OPTION"));
  for (const OptionHelp& option : command.options) {
    if (option.is_argument) {
      const std::string name = Italic(option.names);
      text += option.required ? " " + name : fmt::format(" [{}]", name);
    } else if (option.required) {
      const std::string longest = option.names.substr(option.names.rfind(',') + 1);
      text += fmt::format(" {} {}{}", Bold(longest), Italic(option.value),
                          option.repeated ? "..." : "");
    }
  }
  return text;
}

std::string Options(const CommandHelp& command) {
  std::string text;
  for (const OptionHelp& option : command.options) {
    text += Entry(option);
  }
  return text;
}

// "Train a network" as the end of a line that begins with a name; "MNIST's files" stays.
std::string Uncapitalized(std::string text) {
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = ToLower(static_cast<unsigned char>(text[0]));
  }
  return text;
}

// NAME takes one line: of a description of several clauses, the first.
std::string Head(const std::string& page, const CommandHelp& command, const std::string& version) {
  std::string title = page;
  std::ranges::transform(title, title.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::string brief = command.description.substr(0, command.description.find_first_of(";:"));
  return fmt::format(".TH {} 1 \"\" \"lockstep {}\" \"Lockstep\"\n.SH NAME\n{} \\- {}\n",
                     Plain(title), version, Plain(page), Plain(Uncapitalized(brief)));
}

std::string Description(const CommandHelp& command) {
  const bool ends = command.description.ends_with('.');
  return fmt::format("{}{}\n", Plain(command.description), ends ? "" : ".");
}

std::string SectionsOf(const std::string& page, const std::vector<ManualPage>& sections) {
  const auto found = std::ranges::find(sections, page, &ManualPage::name);
  return found == sections.end() ? "" : found->text;
}

std::string PageName(const CommandHelp& program, const CommandHelp& command) {
  return program.name + "-" + command.name;
}

ManualPage ProgramPage(const CommandHelp& program, const std::string& version,
                       const std::vector<ManualPage>& sections) {
  std::string text = Head(program.name, program, version);
  text += fmt::format(".SH SYNOPSIS\n{}\n", Synopsis(program.name, program));
  text += ".SH DESCRIPTION\n" + Description(program) + ".SH COMMANDS\n";
  std::string see_also;
  for (const CommandHelp& command : program.commands) {
    text += fmt::format(".TP\n{}\n{}", Bold(command.name), Description(command));
    see_also += fmt::format("{}.BR {} (1)", see_also.empty() ? "" : ",\n",
                            Plain(PageName(program, command)));
  }
  text += ".SH OPTIONS\n" + Options(program) + SectionsOf(program.name, sections);
  return {.name = program.name, .text = text + ".SH SEE ALSO\n" + see_also + "\n"};
}

ManualPage CommandPage(const CommandHelp& program, const CommandHelp& command,
                       const std::string& version, const std::vector<ManualPage>& sections) {
  const std::string name = PageName(program, command);
  const std::string words = program.name + " " + command.name;
  std::string text = Head(name, command, version) + ".SH SYNOPSIS\n";
  if (command.commands.empty()) {
    text += Synopsis(words, command) + "\n";
  }
  for (const CommandHelp& each : command.commands) {
    text += (&each == command.commands.data() ? "" : ".br\n") +
            Synopsis(words + " " + each.name, each) + "\n";
  }
  text += ".SH DESCRIPTION\n" + Description(command);
  for (const CommandHelp& each : command.commands) {
    text +=
        fmt::format(".SS {}\n", Plain(words + " " + each.name)) + Description(each) + Options(each);
  }
  if (command.commands.empty()) {
    text += ".SH OPTIONS\n" + Options(command);
  }
  text += SectionsOf(name, sections);
  return {.name = name,
          .text = text + fmt::format(".SH SEE ALSO\n.BR {} (1)\n", Plain(program.name))};
}

}  // namespace

std::vector<ManualPage> WriteManual(const CommandHelp& program, const std::string& version,
                                    const std::vector<ManualPage>& sections) {
  std::vector<ManualPage> pages{ProgramPage(program, version, sections)};
  for (const CommandHelp& command : program.commands) {
    pages.push_back(CommandPage(program, command, version, sections));
  }
  return pages;
}

}  // namespace lockstep
