#include "trainer/config/zoo/zoo.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/trainer/config/config_testing.h"
#include "trainer/config/zoo/architectures.h"

namespace lockstep {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::StartsWith;

// A job whose model is `model`, on the first line.
std::string ZooJob(std::string_view model, std::string_view data = "digits {}") {
  return fmt::format("name: 'net' model {{ {} }} data {{ {} }} epochs: 1 optimizer {{ adam {{}} }}",
                     model, data);
}

v1::Model ModelOf(std::string_view model) { return ParseJob(ZooJob(model), "job").job.model(); }

const google::protobuf::EnumDescriptor& AllArchitectures() {
  return *v1::Zoo::Architecture_descriptor();
}

TEST(Zoo, TheLayersTakeTheZoosPlace) {
  const v1::Model model = ModelOf("zoo { architecture: LENET5 }");
  EXPECT_FALSE(model.has_zoo());
  EXPECT_EQ(model.layer_size(), 11);
  EXPECT_EQ(model.layer(0).name(), "conv1");
  EXPECT_EQ(model.layer(0).conv2d().kernel_height(), 5);
  EXPECT_EQ(model.layer(10).linear().units(), 10);
}

TEST(Zoo, ItsNetworksForSmallImagesAreThoseOfTheJobFiles) {
  const std::pair<const char*, const char*> networks[] = {
      {"LENET5", "lenet5"}, {"KERAS_MNIST", "keras-mnist"}, {"KERAS_484K", "keras-484k"}};
  for (const auto& [architecture, file] : networks) {
    const v1::Model written =
        LoadJob(std::filesystem::path(LOCKSTEP_JOBS_DIR) / fmt::format("{}.textproto", file))
            .job.model();
    const v1::Model zoo = ModelOf(fmt::format("zoo {{ architecture: {} }}", architecture));
    EXPECT_TRUE(MessageDifferencer::Equals(zoo, written)) << file;
  }
}

TEST(Zoo, EveryNetworkIsValidInEveryVariant) {
  for (int i = 1; i < AllArchitectures().value_count(); ++i) {
    for (const char* variant : {"", "small_input: true", "width: 0.1", "width: 1.7 classes: 3"}) {
      const std::string zoo = fmt::format("zoo {{ architecture: {} {} }}",
                                          AllArchitectures().value(i)->name(), variant);
      EXPECT_EQ(ErrorOf(ZooJob(zoo)), "") << zoo;
    }
  }
}

TEST(Zoo, AWidthGivesWholeNumbersAndFromSixteenMultiplesOfEight) {
  const auto scaled = [](double width, int count) {
    return ZooOptions{.classes = 10, .width = width}.Scaled(count);
  };
  EXPECT_EQ(scaled(1, 84), 84);
  EXPECT_EQ(scaled(0.5, 64), 32);
  EXPECT_EQ(scaled(0.5, 84), 40);
  EXPECT_EQ(scaled(0.75, 84), 64);
  EXPECT_EQ(scaled(0.5, 31), 16);
  EXPECT_EQ(scaled(0.5, 6), 3);
  EXPECT_EQ(scaled(0.01, 6), 1);
  EXPECT_EQ(scaled(2, 20), 40);
}

TEST(Zoo, ClassesAreThoseOfTheData) {
  const auto classes = [](std::string_view data) {
    const v1::Model model =
        ParseJob(ZooJob("zoo { architecture: RESNET18 }", data), "job").job.model();
    return model.layer(model.layer_size() - 1).linear().units();
  };
  EXPECT_EQ(classes("mnist {}"), 10);
  EXPECT_EQ(classes("hdf5 { train_file: 'a' test_file: 'b' classes: 1000 }"), 1000);
  EXPECT_EQ(
      ErrorOf(ZooJob("zoo { architecture: RESNET18 }", "hdf5 { train_file: 'a' test_file: 'b' }")),
      "job:1:21: model.zoo.classes: must be set, as data.hdf5.classes is not");
}

TEST(Zoo, DropoutCanBeLeftOutWhereThereIsAny) {
  const auto dropouts = [](const std::string& zoo) {
    return std::ranges::count_if(ModelOf(zoo).layer(), &v1::Layer::has_dropout);
  };
  EXPECT_EQ(dropouts("zoo { architecture: VGG11 }"), 2);
  EXPECT_EQ(dropouts("zoo { architecture: VGG11 dropout: 0 }"), 0);
  EXPECT_EQ(ErrorOf(ZooJob("zoo { architecture: RESNET18 dropout: 0.1 }")),
            "job:1:50: model.zoo.dropout: cannot be set: RESNET18 has no dropout");
}

TEST(Zoo, WhatIsWrongWithItIsSaid) {
  const auto error = [](std::string_view model) { return ErrorOf(ZooJob(model)); };
  EXPECT_EQ(error("zoo {}"), "job:1:21: model.zoo.architecture: must be set");
  EXPECT_EQ(error("zoo { architecture: LENET5 } layer { relu {} }"),
            "job:1:21: model.zoo: cannot be set together with model.layer");
  EXPECT_EQ(error("zoo { architecture: LENET5 width: 0 }"),
            "job:1:48: model.zoo.width: must be greater than 0, is 0");
  EXPECT_EQ(error("zoo { architecture: LENET5 width: nan }"),
            "job:1:48: model.zoo.width: must be finite, is nan");
  EXPECT_EQ(error("zoo { architecture: LENET5 classes: 0 }"),
            "job:1:48: model.zoo.classes: must be at least 1, is 0");
  EXPECT_THAT(error("zoo { architecture: RESNET19 }"),
              StartsWith("job:1:27: model.zoo.architecture: must be one of LENET5, "));
}

TEST(Zoo, ANameMayBeInLowerCase) {
  const v1::Model model = ParseJob(ZooJobText("keras-484k", 1, 28, 28, 7), "job").job.model();
  EXPECT_EQ(model.layer(model.layer_size() - 1).linear().units(), 7);
  try {
    ZooJobText("resnet19", 3, 224, 224, 1000);
    ADD_FAILURE() << "resnet19 was found";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), StartsWith("the zoo has no resnet19; "));
    EXPECT_THAT(error.what(), HasSubstr("it has lenet5, "));
  }
}

TEST(Zoo, AJobOfItsTrainsOnMnistWhereThatFits) {
  const auto trains_on_mnist = [](int channels, int side, int classes) {
    const std::string text = ZooJobText("resnet18", channels, side, side, classes);
    return ParseJob(text, "job").job.data().has_mnist();
  };
  EXPECT_TRUE(trains_on_mnist(1, 28, 10));
  EXPECT_FALSE(trains_on_mnist(3, 28, 10));
  EXPECT_FALSE(trains_on_mnist(1, 32, 10));
  EXPECT_FALSE(trains_on_mnist(1, 28, 7));
}

TEST(ReadableText, HasWhatTheJobSaysAndALayerOnEachLine) {
  const LoadedJob job = ParseJob(ZooJob("strict_shapes: true zoo { architecture: LENET5 }"), "job",
                                 Overrides{"seed=3"});
  const std::string text = ReadableText(job.written);
  EXPECT_THAT(text, HasSubstr("\nname: \"net\"\nseed: 3\nmodel {\n  strict_shapes: true\n"));
  EXPECT_THAT(text, HasSubstr("\n  layer { name: \"relu1\" relu {} }\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("global_batch")));
  EXPECT_TRUE(MessageDifferencer::Equals(ParseJob(text, "again").job, job.job)) << text;
}

}  // namespace
}  // namespace lockstep
