#include "trainer/data/search_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// An environment with these variables. `variables` must outlive it.
auto Environment(const std::map<std::string, std::string>& variables) {
  return [&variables](const char* name) -> const char* {
    const auto variable = variables.find(name);
    return variable == variables.end() ? nullptr : variable->second.c_str();
  };
}

TEST(SearchPath, GoesFromTheCommandLineToTheCache) {
  const std::map<std::string, std::string> variables = {{"LOCKSTEP_DATA", "/env"},
                                                        {"HOME", "/home/ada"}};
  EXPECT_THAT(
      SearchPath(
          {.command_line = "/flag", .job_file = "/job", .environment = Environment(variables)}),
      ElementsAre("/flag", "/env", "/job", "/home/ada/.cache/lockstep"));
}

TEST(SearchPath, LeavesOutWhatIsNotSaid) {
  const std::map<std::string, std::string> variables = {{"LOCKSTEP_DATA", ""},
                                                        {"HOME", "/home/ada"}};
  EXPECT_THAT(SearchPath({.environment = Environment(variables)}),
              ElementsAre("/home/ada/.cache/lockstep"));
}

TEST(SearchPath, IsEmptyWithoutAHome) {
  EXPECT_THAT(SearchPath({.environment = [](const char*) { return nullptr; }}), IsEmpty());
}

}  // namespace
}  // namespace lockstep
