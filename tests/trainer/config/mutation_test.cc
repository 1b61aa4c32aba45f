// Thousands of spoilt texts: whatever is wrong with them, the answer is a ConfigError or a valid
// job.

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <random>
#include <regex>

#include "tests/trainer/config/config_testing.h"
#include "trainer/config/text_parser.h"

namespace lockstep {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kPieces[] = {
    "{",       "}",         "<",       ">",          "[",    "]",       ":",        ",",
    ";",       "#",         "\n",      "\t",         "\"",   "'",       "\\",       "-",
    "0",       "010",       "1e999",   "nan",        "inf",  "-1",      "true",     "EXACT",
    "relu {}", "model",     "layer {", "input:",     "data", "seed: 1", "steps: 2", "name:",
    "adam {}", "[foo.bar]", "\xff\0",  "99999999999"};

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : generator_(seed) {}

  // The text with one to three pieces cut out, put in, replaced or doubled.
  std::string Mutate(std::string_view original) {
    std::string text(original);
    for (size_t i = 0; i <= Below(3); ++i) {
      const size_t position = Below(text.size() + 1);
      const size_t length = std::min(Below(12), text.size() - position);
      const std::string_view piece = kPieces[Below(std::size(kPieces))];
      switch (Below(4)) {
        case 0:
          text.erase(position, length);
          break;
        case 1:
          text.insert(position, piece);
          break;
        case 2:
          text.replace(position, length, piece);
          break;
        default:
          text.insert(position, text.substr(position, length));
      }
    }
    return text;
  }

 private:
  size_t Below(size_t bound) { return bound == 0 ? 0 : generator_() % bound; }

  std::mt19937 generator_;
};

class IgnoreErrors : public pb::io::ErrorCollector {
 public:
  void AddError(int /*line*/, pb::io::ColumnNumber /*column*/, const std::string&) override {}
};

bool ProtobufAccepts(const std::string& text) {
  v1::Job job;
  IgnoreErrors errors;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  return parser.ParseFromString(text, &job);
}

TEST(Mutation, ASpoiltTextIsAnErrorOrAValidJob) {
  Mutator mutator(1);
  int valid = 0;
  constexpr int kTexts = 8'000;
  for (int i = 0; i < kTexts; ++i) {
    const std::string text = mutator.Mutate(kSmallJob);
    try {
      const v1::Job job = ParseJob(text, "job").job;
      const v1::Job again = ParseJob(EffectiveText(job), "effective").job;
      ASSERT_TRUE(pb::util::MessageDifferencer::Equals(job, again)) << text;
      ++valid;
    } catch (const ConfigError& error) {
      ASSERT_EQ(std::string_view(error.what()).substr(0, 4), "job:") << text;
    }
  }
  // The test would say little if nearly all, or nearly none, were valid.
  EXPECT_GT(valid, kTexts / 50);
  EXPECT_LT(valid, kTexts / 2);
}

TEST(Mutation, NothingIsRefusedThatProtobufAccepts) {
  Mutator mutator(2);
  const std::regex octal("\\b0[0-9]");
  for (int i = 0; i < 8'000; ++i) {
    const std::string text = mutator.Mutate(kSmallJob);
    v1::Job job;
    const ParsedText parsed = ParseText(text, &job);
    if (!std::regex_search(text, octal)) {
      ASSERT_EQ(!parsed.error.has_value(), ProtobufAccepts(text))
          << text << "\n"
          << (parsed.error ? parsed.error->path + ": " + parsed.error->what : "");
    }
  }
}

TEST(Mutation, ASpoiltOverrideIsAnErrorOrAValidJob) {
  Mutator mutator(3);
  const std::string_view arguments[] = {
      "optimizer.sgd.learning_rate=0.1", "model.layer[0].conv2d.stride=2", "data.digits={}",
      "model.layer[1]={ name: 'relu' relu {} }", "data.normalization.fixed.mean=[1, 2]"};
  int valid = 0;
  for (int i = 0; i < 8'000; ++i) {
    const std::string argument = mutator.Mutate(arguments[i % std::size(arguments)]);
    const std::string error = ErrorOf(kSmallJob, {argument});
    valid += error.empty() ? 1 : 0;
  }
  EXPECT_GT(valid, 160);
}

}  // namespace
}  // namespace lockstep
