#include "comm/pieces.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace lockstep::comm {
namespace {

using Pieces = std::vector<std::pair<int64_t, int>>;

Pieces PiecesOf(int64_t size, int64_t largest) {
  Pieces pieces;
  InPieces(
      size, [&](int64_t offset, int count) { pieces.emplace_back(offset, count); }, largest);
  return pieces;
}

TEST(InPieces, CoverTheWholeWithoutGaps) {
  EXPECT_EQ(PiecesOf(10, 4), (Pieces{{0, 4}, {4, 4}, {8, 2}}));
  EXPECT_EQ(PiecesOf(8, 4), (Pieces{{0, 4}, {4, 4}}));
  EXPECT_EQ(PiecesOf(3, 4), (Pieces{{0, 3}}));
}

TEST(InPieces, NothingNeedsNoCall) { EXPECT_EQ(PiecesOf(0, 4), Pieces{}); }

TEST(InPieces, MoreThanAnIntCountsGoesInSeveralCalls) {
  EXPECT_EQ(PiecesOf((int64_t{1} << 31) + 5, kLargestPiece),
            (Pieces{{0, 1 << 30}, {1 << 30, 1 << 30}, {int64_t{1} << 31, 5}}));
}

}  // namespace
}  // namespace lockstep::comm
