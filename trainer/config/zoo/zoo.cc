#include "trainer/config/zoo/zoo.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <optional>
#include <vector>

#include "trainer/base/error.h"
#include "trainer/config/limits.h"
#include "trainer/config/spelling.h"
#include "trainer/config/zoo/architectures.h"

namespace lockstep {
namespace {

using Zoo = v1::Zoo;

struct Architecture {
  Zoo::Architecture id;
  std::function<void(const ZooOptions&, v1::Model*)> write;
  double dropout = 0;  // the rate that its authors give; 0: it has none
};

constexpr double kHalf = 0.5;
constexpr double kGoogLeNetDropout = 0.4;

Architecture Vgg(Zoo::Architecture id, int depth, bool batch_norm) {
  return {id,
          [=](const ZooOptions& options, v1::Model* model) {
            WriteVgg(options, depth, batch_norm, model);
          },
          kHalf};
}

Architecture ResNet(Zoo::Architecture id, const ResNetKind& kind) {
  return {id,
          [=](const ZooOptions& options, v1::Model* model) { WriteResNet(options, kind, model); }};
}

const std::vector<Architecture>& Architectures() {
  static const std::vector<Architecture> architectures = {
      {Zoo::LENET5, WriteLeNet5},
      {Zoo::LENET5_1998, WriteLeNet5Of1998},
      {Zoo::KERAS_MNIST, WriteKerasMnist},
      {Zoo::KERAS_484K, WriteKeras484k},
      {Zoo::CIRESAN, WriteCiresan},
      {Zoo::ALEXNET, WriteAlexNet, kHalf},
      Vgg(Zoo::VGG11, 11, false),
      Vgg(Zoo::VGG13, 13, false),
      Vgg(Zoo::VGG16, 16, false),
      Vgg(Zoo::VGG19, 19, false),
      Vgg(Zoo::VGG11_BN, 11, true),
      Vgg(Zoo::VGG13_BN, 13, true),
      Vgg(Zoo::VGG16_BN, 16, true),
      Vgg(Zoo::VGG19_BN, 19, true),
      {Zoo::GOOGLENET, WriteGoogLeNet, kGoogLeNetDropout},
      ResNet(Zoo::RESNET18, {.blocks = {2, 2, 2, 2}, .bottleneck = false}),
      ResNet(Zoo::RESNET34, {.blocks = {3, 4, 6, 3}, .bottleneck = false}),
      ResNet(Zoo::RESNET50, {.blocks = {3, 4, 6, 3}, .bottleneck = true}),
      ResNet(Zoo::RESNEXT50_32X4D,
             {.blocks = {3, 4, 6, 3}, .bottleneck = true, .groups = 32, .group_width = 4}),
      {Zoo::MOBILENET_V1, WriteMobileNet},
      {Zoo::DENSENET121, WriteDenseNet121},
      {Zoo::SQUEEZENET1_0, WriteSqueezeNet, kHalf},
  };
  return architectures;
}

const Architecture* Find(int id) {
  const auto found = std::ranges::find(Architectures(), id, &Architecture::id);
  return found == Architectures().end() ? nullptr : &*found;
}

// What the job says about its data, as far as that can be known without it.
std::optional<int> ClassesOf(const v1::Data& data) {
  constexpr int kDigits = 10;
  if (data.has_hdf5()) {
    return data.hdf5().has_classes() ? std::optional<int>(data.hdf5().classes()) : std::nullopt;
  }
  return kDigits;
}

// Whether a setting of the zoo is within the limits of its bracket.
bool IsWithin(const char* field, double value) {
  return CheckNumber(value,
                     Zoo::descriptor()->FindFieldByName(field)->options().GetExtension(v1::setting))
      .empty();
}

// Nothing where a setting is wrong.
std::optional<ZooOptions> OptionsOf(const v1::Job& job, const Architecture& architecture) {
  const Zoo& zoo = job.model().zoo();
  const std::optional<int> classes =
      zoo.has_classes() ? std::optional<int>(zoo.classes()) : ClassesOf(job.data());
  const ZooOptions options{.classes = classes.value_or(0),
                           .width = zoo.has_width() ? zoo.width() : 1,
                           .small_input = zoo.small_input(),
                           .dropout = zoo.has_dropout() ? zoo.dropout() : architecture.dropout};
  if (!IsWithin("classes", options.classes) || !IsWithin("width", options.width) ||
      !IsWithin("dropout", options.dropout) || (zoo.has_dropout() && architecture.dropout == 0)) {
    return std::nullopt;
  }
  return options;
}

std::string LowerCase(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// The enum's name for `name`, which may be in lower case and have '-' for '_'.
std::string EnumName(std::string_view name) {
  std::string wanted = LowerCase(std::string(name));
  std::ranges::replace(wanted, '-', '_');
  std::vector<std::string> names;
  for (const Architecture& architecture : Architectures()) {
    const std::string& known = Zoo::Architecture_Name(architecture.id);
    names.push_back(LowerCase(known));
    if (names.back() == wanted) {
      return known;
    }
  }
  const std::string nearest = Nearest(wanted, names);
  throw ConfigError(fmt::format("the zoo has no {}{}; it has {}", name,
                                nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest),
                                fmt::join(names, ", ")));
}

}  // namespace

int ZooOptions::Scaled(int count) const {
  if (width == 1) {
    return count;
  }
  constexpr int kFew = 16;
  constexpr int kMultiple = 8;
  const double scaled = count * width;
  return scaled < kFew ? std::max(1, static_cast<int>(std::lround(scaled)))
                       : kMultiple * static_cast<int>(std::lround(scaled / kMultiple));
}

void ExpandZoo(v1::Job* job) {
  if (!job->model().has_zoo() || job->model().layer_size() > 0) {
    return;
  }
  const Architecture* const architecture = Find(job->model().zoo().architecture());
  if (architecture == nullptr) {
    return;
  }
  if (const std::optional<ZooOptions> options = OptionsOf(*job, *architecture)) {
    job->mutable_model()->clear_zoo();
    architecture->write(*options, job->mutable_model());
  }
}

void ValidateZoo(const v1::Job& written, Problems* problems) {
  const Zoo& zoo = written.model().zoo();
  if (!written.model().has_zoo()) {
    return;
  }
  if (written.model().layer_size() > 0) {
    problems->Add("model.zoo", "cannot be set together with model.layer");
  }
  const Architecture* const architecture = Find(zoo.architecture());
  if (zoo.has_dropout() && architecture != nullptr && architecture->dropout == 0) {
    problems->Add("model.zoo.dropout", fmt::format("cannot be set: {} has no dropout",
                                                   Zoo::Architecture_Name(zoo.architecture())));
  }
  if (!zoo.has_classes() && written.has_data() && !ClassesOf(written.data())) {
    problems->Add("model.zoo.classes", "must be set, as data.hdf5.classes is not");
  }
}

std::string ZooJobText(std::string_view name, int channels, int height, int width, int classes) {
  const std::string architecture = EnumName(name);
  constexpr int kMnistSide = 28;
  constexpr int kMnistClasses = 10;
  const bool like_mnist =
      channels == 1 && height == kMnistSide && width == kMnistSide && classes == kMnistClasses;
  return fmt::format(
      "name: \"{}\"\n"
      "model {{\n"
      "  input {{ channels: {} height: {} width: {} }}\n"
      "  zoo {{ architecture: {} classes: {} }}\n"
      "}}\n"
      "data {{ {} }}\n"
      "epochs: 10\n"
      "optimizer {{ sgd {{ learning_rate: 0.01 momentum: 0.9 }} }}\n"
      "schedule {{ cosine {{}} }}\n",
      LowerCase(architecture), channels, height, width, architecture, classes,
      like_mnist ? "mnist {}" : "hdf5 { train_file: \"train.h5\" test_file: \"test.h5\" }");
}

}  // namespace lockstep
