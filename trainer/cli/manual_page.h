#pragma once

#include <string>
#include <vector>

#include "trainer/cli/command_line.h"

namespace lockstep {

// One page of the manual, in the language of man(7).
struct ManualPage {
  std::string name;  // "lockstep-train"; the file is called lockstep-train.1
  std::string text;
};

// A page for the program, then one for each of its commands; the commands of a command are told in
// its page. They say what --help says. `sections` are what people have written: man(7) for the end
// of the page of that name, before SEE ALSO.
std::vector<ManualPage> WriteManual(const CommandHelp& program, const std::string& version,
                                    const std::vector<ManualPage>& sections);

}  // namespace lockstep
