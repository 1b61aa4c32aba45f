#include "trainer/report/sample_sheet.h"

#include <algorithm>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

constexpr int kSmallestSide = 96;  // of an image that is drawn, about
constexpr int kGap = 8;
constexpr int kTextScale = 2;
constexpr Colour kPaper = {245, 245, 245};
constexpr Colour kInk = {40, 40, 40};

// Where things are on the sheet, in pixels.
struct Layout {
  int enlargement;
  int names_width;
  int image_width;
  int column_width;
  int caption_height;
  int row_height;
  int top;
  int width;
  int height;
};

Layout LayOut(const SampleSheet& sheet) {
  Layout layout{};
  layout.enlargement = EnlargementOf(sheet);
  bool has_captions = false;
  for (const SampleSheet::Row& row : sheet.rows) {
    for (const std::string& line : row.lines) {
      layout.names_width = std::max(layout.names_width, Picture::TextWidth(line, kTextScale));
    }
    for (const SampleSheet::Image& image : row.images) {
      has_captions = has_captions || !image.caption.empty();
      layout.column_width =
          std::max(layout.column_width, Picture::TextWidth(image.caption, kTextScale));
    }
  }
  layout.image_width = sheet.image_width * layout.enlargement;
  layout.column_width = std::max(layout.column_width, layout.image_width);
  for (const std::string& name : sheet.columns) {
    layout.column_width = std::max(layout.column_width, Picture::TextWidth(name, kTextScale));
  }
  const int line_height = Picture::TextHeight(kTextScale) + kGap;
  layout.caption_height = has_captions ? line_height : 0;
  layout.row_height = sheet.image_height * layout.enlargement + layout.caption_height;
  layout.top = kGap + line_height;
  layout.width = kGap + layout.names_width + kGap +
                 static_cast<int>(sheet.columns.size()) * (layout.column_width + kGap);
  layout.height = layout.top + static_cast<int>(sheet.rows.size()) * (layout.row_height + kGap);
  return layout;
}

void DrawImage(const SampleSheet& sheet, const SampleSheet::Image& image, int enlargement, int left,
               int top, Picture* picture) {
  CHECK_EQ(image.pixels.size(),
           3 * static_cast<size_t>(sheet.image_width) * static_cast<size_t>(sheet.image_height));
  const uint8_t* pixel = image.pixels.data();
  for (int y = 0; y < sheet.image_height; ++y) {
    for (int x = 0; x < sheet.image_width; ++x, pixel += 3) {
      picture->Fill(left + x * enlargement, top + y * enlargement, enlargement, enlargement,
                    {pixel[0], pixel[1], pixel[2]});
    }
  }
}

}  // namespace

int EnlargementOf(const SampleSheet& sheet) {
  return std::max(1, kSmallestSide / std::max(sheet.image_width, sheet.image_height));
}

Picture DrawSheet(const SampleSheet& sheet) {
  const Layout layout = LayOut(sheet);
  Picture picture(layout.width, layout.height, kPaper);
  const int first_column = kGap + layout.names_width + kGap;
  const auto left_of = [&](size_t column) {
    return first_column + static_cast<int>(column) * (layout.column_width + kGap);
  };
  for (size_t column = 0; column < sheet.columns.size(); ++column) {
    picture.Write(left_of(column), kGap, sheet.columns[column], kTextScale, kInk);
  }
  int top = layout.top;
  for (const SampleSheet::Row& row : sheet.rows) {
    CHECK_EQ(row.images.size(), sheet.columns.size());
    int line_top = top;
    for (const std::string& line : row.lines) {
      picture.Write(kGap, line_top, line, kTextScale, kInk);
      line_top += Picture::TextHeight(kTextScale) + kGap;
    }
    for (size_t column = 0; column < row.images.size(); ++column) {
      DrawImage(sheet, row.images[column], layout.enlargement, left_of(column), top, &picture);
      picture.Write(left_of(column), top + layout.row_height - layout.caption_height + kGap / 2,
                    row.images[column].caption, kTextScale, kInk);
    }
    top += layout.row_height + kGap;
  }
  return picture;
}

}  // namespace lockstep
