#include "trainer/tensor/kernels/instruction_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/base/error.h"

namespace lockstep {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(InstructionSet, IsTheBestUnlessAnotherIsWanted) {
  EXPECT_EQ(ChooseInstructionSet(nullptr, InstructionSet::kAvx2), InstructionSet::kAvx2);
  EXPECT_EQ(ChooseInstructionSet("", InstructionSet::kAvx512), InstructionSet::kAvx512);
}

TEST(InstructionSet, IsWhatIsWanted) {
  EXPECT_EQ(ChooseInstructionSet("sse2", InstructionSet::kAvx512), InstructionSet::kSse2);
  EXPECT_EQ(ChooseInstructionSet("avx2", InstructionSet::kAvx512), InstructionSet::kAvx2);
  EXPECT_EQ(ChooseInstructionSet("avx512", InstructionSet::kAvx512), InstructionSet::kAvx512);
}

TEST(InstructionSet, ThatTheCpuLacksIsRefused) {
  EXPECT_THAT([] { ChooseInstructionSet("avx512", InstructionSet::kAvx2); },
              ThrowsMessage<ConfigError>(HasSubstr("at most avx2")));
}

TEST(InstructionSet, OfAnotherNameIsRefused) {
  EXPECT_THAT([] { ChooseInstructionSet("AVX2", InstructionSet::kAvx512); },
              ThrowsMessage<ConfigError>(HasSubstr("is \"AVX2\"")));
}

}  // namespace
}  // namespace lockstep
