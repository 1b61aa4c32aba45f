#include "comm/attempt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "comm/error.h"

namespace lockstep::comm {
namespace {

using testing::HasSubstr;

using Values = std::map<std::string, std::string>;

Attempt Read(const Values& values) {
  return ReadAttempt([&values](const char* name) -> const char* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  });
}

std::string RefusalOf(const Values& values) {
  try {
    Read(values);
    return "";
  } catch (const LaunchError& error) {
    return error.what();
  }
}

TEST(ReadAttempt, AProgramStartedByHandIsOfNoLaunch) {
  for (const Values& values : {Values{}, Values{{"LOCKSTEP_LAUNCH", ""}, {"LOCKSTEP_ATTEMPT", ""}},
                               Values{{"LOCKSTEP_RESTART_REASON", "left over"}}}) {
    const Attempt attempt = Read(values);
    EXPECT_EQ(attempt.launch, "");
    EXPECT_EQ(attempt.number, 0);
    EXPECT_EQ(attempt.reason, "");
  }
}

TEST(ReadAttempt, WhoeverStartsTheProgramSaysWhichStartItIs) {
  const Attempt attempt = Read({{"LOCKSTEP_LAUNCH", "launch-node1.cluster-812-1700000000"},
                                {"LOCKSTEP_ATTEMPT", "12"},
                                {"LOCKSTEP_RESTART_REASON", "node2 crashed"}});
  EXPECT_EQ(attempt.launch, "launch-node1.cluster-812-1700000000");
  EXPECT_EQ(attempt.number, 12);
  EXPECT_EQ(attempt.reason, "node2 crashed");
}

TEST(ReadAttempt, AReasonBecomesOneLineOfModerateLength) {
  Values values{{"LOCKSTEP_LAUNCH", "slurm-17_3"}, {"LOCKSTEP_ATTEMPT", "1"}};
  values["LOCKSTEP_RESTART_REASON"] = "\n node2\tcrashed,\nso did node3\n";
  EXPECT_EQ(Read(values).reason, "node2 crashed, so did node3");
  values["LOCKSTEP_RESTART_REASON"] = std::string(10'000, 'x');
  EXPECT_EQ(Read(values).reason, std::string(500, 'x'));
}

TEST(ReadAttempt, ALaunchWithoutAProperNameIsRefused) {
  for (const std::string& name : {std::string(), std::string("two words"), std::string("a/b"),
                                  std::string("a\nb"), std::string(201, 'x')}) {
    EXPECT_THAT(RefusalOf({{"LOCKSTEP_LAUNCH", name}, {"LOCKSTEP_ATTEMPT", "1"}}),
                HasSubstr("LOCKSTEP_LAUNCH: must be a name"))
        << name;
  }
}

TEST(ReadAttempt, AnAttemptThatIsNoNumberFromOneIsRefused) {
  for (const char* number :
       {"", "0", "-1", "1.5", "two", "2 ", "1000001", "99999999999999999999"}) {
    EXPECT_THAT(RefusalOf({{"LOCKSTEP_LAUNCH", "slurm-17"}, {"LOCKSTEP_ATTEMPT", number}}),
                HasSubstr("LOCKSTEP_ATTEMPT: must be a number from 1"))
        << number;
  }
}

}  // namespace
}  // namespace lockstep::comm
