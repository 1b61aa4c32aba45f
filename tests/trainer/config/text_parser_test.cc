#include "trainer/config/text_parser.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "trainer/config/job.pb.h"

namespace lockstep {
namespace {

namespace pb = google::protobuf;

// Every way of writing that protobuf's text format knows.
constexpr std::string_view kAllSyntax = R"(
# comment
name: 'a' "b"  # strings side by side
  'c'
seed:1,model<layer{relu{}};layer: {name:"x" input: ["p", 'q'] input: "r" , conv2d: <
  filters: 0x10, kernel: -3 stride : 2;
  initializer { constant: -1.5e3f } > } >
	data { normalization { fixed { mean: [1, -2.5, 3.f], standard_deviation: [] mean: inf } } }
reduction: EXACT evaluation { test_at_end: true every_epochs:2 } metrics: {})";

// Positions that protobuf itself tells; it has none for the later values of a list.
void ExpectPositions(const pb::TextFormat::ParseInfoTree& tree, const pb::Message& message,
                     const std::vector<OutlineField>& outline, const std::string& path) {
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      const int index = field->is_repeated() ? i : -1;
      const std::string inner =
          path + field->name() + (index < 0 ? "" : "[" + std::to_string(i) + "]");
      const auto entry = std::find_if(outline.begin(), outline.end(),
                                      [&](const auto& o) { return o.path == inner; });
      ASSERT_NE(entry, outline.end()) << inner;
      EXPECT_EQ(entry->descriptor, field) << inner;
      if (field->message_type() != nullptr) {
        const auto expected = tree.GetLocation(field, index);
        EXPECT_EQ(entry->position.line, expected.line + 1) << inner;
        EXPECT_EQ(entry->position.column, expected.column + 1) << inner;
        const pb::Message& nested = index < 0 ? reflection.GetMessage(message, field)
                                              : reflection.GetRepeatedMessage(message, field, i);
        ExpectPositions(*tree.GetTreeForNested(field, index), nested, outline, inner + ".");
      } else if (!field->is_repeated()) {
        const auto expected = tree.GetLocation(field, index);
        EXPECT_EQ(entry->position.line, expected.line + 1) << inner;
        EXPECT_EQ(entry->position.column, expected.column + 1) << inner;
      }
    }
  }
}

TEST(ParseText, AgreesWithProtobufOnEverySyntax) {
  v1::Job expected;
  pb::TextFormat::ParseInfoTree tree;
  pb::TextFormat::Parser parser;
  parser.WriteLocationsTo(&tree);
  ASSERT_TRUE(parser.ParseFromString(std::string(kAllSyntax), &expected));

  v1::Job job;
  const ParsedText parsed = ParseText(kAllSyntax, &job);
  EXPECT_FALSE(parsed.error.has_value()) << parsed.error->what;
  EXPECT_TRUE(pb::util::MessageDifferencer::Equals(job, expected));
  ExpectPositions(tree, job, parsed.outline, "");
}

TEST(ParseText, KnowsWhereEachValueOfAListStands) {
  v1::Job job;
  const ParsedText parsed =
      ParseText("data { normalization { fixed {\n mean: 7 mean: [1,\n  2] } } }", &job);
  std::vector<std::pair<int, int>> places;
  for (const OutlineField& field : parsed.outline) {
    if (field.name == "mean") {
      places.emplace_back(field.position.line, field.position.column);
    }
  }
  EXPECT_THAT(places, testing::ElementsAre(std::pair(2, 2), std::pair(2, 17), std::pair(3, 3)));
  EXPECT_EQ(parsed.outline.back().path, "data.normalization.fixed.mean[2]");
}

TEST(ParseText, ClearsTheMessageFirst) {
  v1::Job job;
  job.set_seed(5);
  EXPECT_FALSE(ParseText("name: 'x'", &job).error.has_value());
  EXPECT_FALSE(job.has_seed());
}

}  // namespace
}  // namespace lockstep
