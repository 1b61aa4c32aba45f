#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "storage/error.h"
#include "trainer/base/error.h"
#include "trainer/cli/command.h"
#include "trainer/cli/manual_page.h"

namespace lockstep {
namespace {

struct ManualArguments {
  std::string sections;
  std::string directory;
};

// The files NAME.man of a directory: sections that people have written.
std::vector<ManualPage> ReadSections(const std::filesystem::path& directory) {
  std::vector<ManualPage> sections;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".man") {
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      sections.push_back({.name = entry.path().stem(), .text = text.str()});
    }
  }
  return sections;
}

ExitCode Write(const ManualArguments& arguments, const CommandHelp& program) {
  const std::vector<ManualPage> sections = ReadSections(arguments.sections);
  const std::vector<ManualPage> pages = WriteManual(program, LOCKSTEP_VERSION, sections);
  for (const ManualPage& section : sections) {
    if (std::ranges::find(pages, section.name, &ManualPage::name) == pages.end()) {
      throw ConfigError(fmt::format("{}/{}.man: there is no page of that name", arguments.sections,
                                    section.name));
    }
  }
  for (const ManualPage& page : pages) {
    const auto path = std::filesystem::path(arguments.directory) / (page.name + ".1");
    std::ofstream file(path, std::ios::binary);
    if (!(file << page.text).flush()) {
      throw storage::Error(fmt::format("{}: cannot be written", path.string()));
    }
  }
  return ExitCode::kDone;
}

}  // namespace

void AddManualCommand(Command program, Action* action) {
  auto arguments = std::make_shared<ManualArguments>();
  Command command = program.AddCommand("manual", "Write the manual pages, for man(1)").Hidden();
  command.Add("SECTIONS", &arguments->sections, "Directory of sections written by hand").Required();
  command.Add("DIRECTORY", &arguments->directory, "Where to write the pages").Required();
  command.OnCall([=] { action->alone = [=] { return Write(*arguments, program.Help()); }; });
}

}  // namespace lockstep
