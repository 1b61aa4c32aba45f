#include "trainer/config/outline.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <map>

namespace lockstep {
namespace {

namespace pb = google::protobuf;
using pb::io::Tokenizer;

// The parser reports mistakes; here they are passed over.
class NoErrors : public pb::io::ErrorCollector {
 public:
  void AddError(int /*line*/, pb::io::ColumnNumber /*column*/, const std::string&) override {}
};

class OutlineReader {
 public:
  explicit OutlineReader(std::string_view text)
      : stream_(text.data(), static_cast<int>(text.size())), tokens_(&stream_, &no_errors_) {
    tokens_.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
    tokens_.set_allow_f_after_float(true);
    tokens_.set_require_space_after_number(false);
    tokens_.set_allow_multiline_strings(true);
    tokens_.Next();
  }

  std::vector<OutlineField> Read(const pb::Descriptor& message) {
    ReadFields(&message, "");
    return std::move(fields_);
  }

 private:
  static constexpr int kDeepest = 64;  // far more than a job has

  bool AtEnd() { return tokens_.current().type == Tokenizer::TYPE_END; }
  bool At(const char* symbol) { return tokens_.current().text == symbol; }
  bool Take(const char* symbol) { return At(symbol) && tokens_.Next(); }
  Position Here() { return {tokens_.current().line + 1, tokens_.current().column + 1}; }

  // Up to the brace that closes the message; it is left to the caller.
  void ReadFields(const pb::Descriptor* message, const std::string& path) {
    std::map<std::string, int> counts;
    while (!AtEnd() && !At("}") && !At(">") && depth_ < kDeepest) {
      if (tokens_.current().type == Tokenizer::TYPE_IDENTIFIER) {
        ReadField(message, path, &counts);
      } else {
        tokens_.Next();
      }
    }
  }

  void ReadField(const pb::Descriptor* message, const std::string& path,
                 std::map<std::string, int>* counts) {
    OutlineField field{.path = "",
                       .position = Here(),
                       .name = tokens_.current().text,
                       .value = "",
                       .message = message,
                       .descriptor = nullptr};
    field.descriptor = message == nullptr ? nullptr : message->FindFieldByName(field.name);
    tokens_.Next();
    Take(":");
    const std::string full_name = path.empty() ? field.name : path + "." + field.name;
    const bool repeated = field.descriptor != nullptr && field.descriptor->is_repeated();
    const bool list = Take("[");
    do {
      field.path = repeated ? fmt::format("{}[{}]", full_name, (*counts)[field.name]++) : full_name;
      if (list) {
        field.position = Here();
      }
      ReadValue(field);
    } while (list && Take(","));
    if (list) {
      Take("]");
    }
  }

  void ReadValue(OutlineField field) {
    const bool is_message = At("{") || At("<");
    if (!is_message) {
      field.value = ReadScalar();
    }
    fields_.push_back(field);
    if (!is_message) {
      return;
    }
    tokens_.Next();
    ++depth_;
    ReadFields(field.descriptor == nullptr ? nullptr : field.descriptor->message_type(),
               field.path);
    --depth_;
    if (At("}") || At(">")) {
      tokens_.Next();
    }
  }

  std::string ReadScalar() {
    std::string value = Take("-") ? "-" : "";
    const Tokenizer::TokenType type = tokens_.current().type;
    if (type == Tokenizer::TYPE_IDENTIFIER || type == Tokenizer::TYPE_INTEGER ||
        type == Tokenizer::TYPE_FLOAT) {
      value += tokens_.current().text;
      tokens_.Next();
    }
    while (tokens_.current().type == Tokenizer::TYPE_STRING) {
      value += tokens_.current().text;
      tokens_.Next();
    }
    return value;
  }

  NoErrors no_errors_;
  pb::io::ArrayInputStream stream_;
  Tokenizer tokens_;
  std::vector<OutlineField> fields_;
  int depth_ = 0;
};

}  // namespace

std::vector<OutlineField> Outline(std::string_view text, const pb::Descriptor& message) {
  return OutlineReader(text).Read(message);
}

}  // namespace lockstep
