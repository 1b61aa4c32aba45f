#include "comm/stream_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace lockstep::comm {
namespace {

TEST(StreamCopy, CopiesAnySizeFromAndToAnyPlaceAndNothingBeside) {
  std::vector<float> from(300);
  std::iota(from.begin(), from.end(), 1.0F);
  for (const size_t size : {0, 1, 3, 4, 5, 16, 63, 200}) {
    for (size_t source = 0; source < 4; ++source) {
      for (size_t target = 0; target < 4; ++target) {
        std::vector<float> to(300, -1.0F);
        StreamCopy(std::span(from).subspan(source, size), &to[target]);
        std::vector<float> expected(300, -1.0F);
        std::copy_n(&from[source], size, &expected[target]);
        ASSERT_EQ(to, expected) << size << " from " << source << " to " << target;
      }
    }
  }
}

}  // namespace
}  // namespace lockstep::comm
