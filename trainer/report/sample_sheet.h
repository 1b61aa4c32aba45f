#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/report/picture.h"

namespace lockstep {

// Small images in rows and columns, with names at the rows and above the columns.
struct SampleSheet {
  struct Image {
    std::vector<uint8_t> pixels = {};  // three bytes each: red, green, blue; row by row
    std::string caption = {};          // below it
  };
  struct Row {
    std::vector<std::string> lines = {};  // its name, one below the other
    std::vector<Image> images = {};       // one a column
  };

  int image_width = 0;
  int image_height = 0;
  std::vector<std::string> columns = {};
  std::vector<Row> rows = {};
};

// How many pixels wide and high a side of an image's pixel is drawn, for small images to be seen.
int EnlargementOf(const SampleSheet& sheet);

Picture DrawSheet(const SampleSheet& sheet);

}  // namespace lockstep
