#include "trainer/report/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lockstep {
namespace {

constexpr Colour kWhite = {255, 255, 255};
constexpr Colour kRed = {200, 10, 20};

// '#' where the picture is not white.
std::string Drawn(const Picture& picture) {
  std::string text;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      text += picture.At(x, y) == kWhite ? '.' : '#';
    }
    text += '\n';
  }
  return text;
}

TEST(Picture, RectanglesAreCutOffAtTheEdges) {
  Picture picture(4, 3, kWhite);
  picture.Fill(2, -5, 10, 7, kRed);
  EXPECT_EQ(Drawn(picture),
            "..##\n"
            "..##\n"
            "....\n");
  EXPECT_EQ(picture.At(3, 1), kRed);
}

TEST(Picture, WritesCharactersOneEverySixPixels) {
  Picture picture(13, 7, kWhite);
  picture.Write(0, 0, "7t", 1, kRed);
  EXPECT_EQ(Drawn(picture),
            "#####..#.....\n"
            "....#..#.....\n"
            "...#..###....\n"
            "..#....#.....\n"
            ".#.....#.....\n"
            ".#.....#..#..\n"
            ".#......##...\n");
  EXPECT_EQ(Picture::TextWidth("7t", 1), 12);
}

TEST(Picture, CharactersGrowWithTheScale) {
  Picture picture(10, 14, kWhite);
  picture.Write(0, 0, "-", 2, kRed);
  EXPECT_EQ(Drawn(picture).substr(6 * 11, 22), "##########\n##########\n");
  EXPECT_EQ(Picture::TextHeight(2), 14);
}

TEST(Picture, UnknownCharactersLeaveAGap) {
  Picture picture(12, 7, kWhite);
  picture.Write(0, 0, "\xC3 ", 1, kRed);
  EXPECT_THAT(Drawn(picture), testing::Not(testing::HasSubstr("#")));
}

TEST(Picture, EqualPicturesAreEqualFilesAndOthersAreNot) {
  Picture picture(3, 2, kRed);
  EXPECT_EQ(picture.ToPng(), Picture(3, 2, kRed).ToPng());
  EXPECT_NE(picture.ToPng(), Picture(3, 2, kWhite).ToPng());
  EXPECT_EQ(picture.ToPng()[1], std::byte{'P'});
}

}  // namespace
}  // namespace lockstep
