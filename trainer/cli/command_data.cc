#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "trainer/cli/command.h"
#include "trainer/cli/output.h"
#include "trainer/data/digit_files.h"
#include "trainer/data/fetch.h"
#include "trainer/data/mnist.h"
#include "trainer/data/search_path.h"

namespace lockstep {
namespace {

// Looks in `directory` alone, unless it is empty.
ExitCode Verify(const std::string& directory) {
  const MnistPaths paths =
      FindMnist(directory.empty()
                    ? SearchPath({.command_line = "", .job_file = "", .environment = std::getenv})
                    : std::vector<std::filesystem::path>{directory});
  for (const DatasetPart part : {DatasetPart::kTrain, DatasetPart::kTest}) {
    const LoadedDataset loaded = LoadMnist(paths, part, IdxDigest::kRequireMnist);
    PrintText(fmt::format("{}: {} {} images, whole\n",
                          paths[MnistFile::kTrainImages].parent_path().string(), loaded.size(),
                          part == DatasetPart::kTrain ? "training" : "test"));
  }
  return ExitCode::kDone;
}

ExitCode Fetch(const std::string& directory) {
  FetchOptions options{.directory = directory};
  if (const char* mirror = std::getenv("LOCKSTEP_MNIST_URL")) {
    options.mirrors = {mirror};
  }
  for (const FetchedFile& file : FetchMnist(options)) {
    PrintText(fmt::format("{}: {}\n", file.path.string(),
                          file.url ? "fetched from " + *file.url : "was there already"));
  }
  return ExitCode::kDone;
}

ExitCode Make(const DigitFilesOptions& options) {
  for (const std::filesystem::path& path : WriteDigitFiles(options)) {
    PrintText(fmt::format("{}: written\n", path.string()));
  }
  PrintText(fmt::format("train on them with: --set data.mnist.digest=IGNORED --data-dir {}\n",
                        options.directory.string()));
  return ExitCode::kDone;
}

// CLI::Range would let NaN pass.
std::string NotFromZeroToOne(const std::string& text) {
  double number = 0;
  if (CLI::detail::lexical_cast(text, number) && number >= 0 && number <= 1) {
    return "";
  }
  return fmt::format("must be a number from 0 to 1, is {}", text);
}

void AddMakeCommand(CLI::App* data, Action* action) {
  auto options = std::make_shared<DigitFilesOptions>();
  auto directory = std::make_shared<std::string>();
  CLI::App* command = data->add_subcommand(
      "make", "Draw digits and write them as four files of MNIST's names and form");
  command->add_option("--dir", *directory, "Where to put them")->required()->type_name("DIR");
  const auto add_count = [&](const char* name, int64_t* samples, const char* description) {
    command->add_option(name, *samples, description)
        ->check(CLI::Range(int64_t{1}, kMostDigitsInAFile))
        ->capture_default_str();
  };
  add_count("--train", &options->train_samples, "Training samples");
  add_count("--test", &options->test_samples, "Test samples");
  command
      ->add_option("--seed", options->digits.seed,
                   "Keys the drawing: equal seeds draw equal samples")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option("--noise", options->digits.noise,
                   "Standard deviation of the noise on each pixel, where white is 1")
      ->check(CLI::Validator(NotFromZeroToOne, "FROM 0 TO 1"))
      ->capture_default_str();
  command->add_flag("--force", options->replace, "Replace files that are there already");
  command->callback([=] {
    options->directory = *directory;
    action->alone = [=] { return Make(*options); };
  });
}

}  // namespace

void AddDataCommand(CLI::App* app, Action* action) {
  CLI::App* command =
      app->add_subcommand("data", "Get MNIST, check it, or draw digits in its form");
  command->require_subcommand(1);
  auto directory = std::make_shared<std::string>();
  CLI::App* fetch = command->add_subcommand(
      "fetch",
      "Download the four files of MNIST and check them; $LOCKSTEP_MNIST_URL names a mirror");
  fetch->add_option("--dir", *directory, "Where to put them")->required()->type_name("DIR");
  fetch->callback([=] { action->alone = [=] { return Fetch(*directory); }; });
  CLI::App* verify = command->add_subcommand("verify", "Check the files of MNIST, byte for byte");
  verify
      ->add_option("--dir", *directory,
                   "Where they are; default: searched in $LOCKSTEP_DATA and ~/.cache/lockstep")
      ->type_name("DIR");
  verify->callback([=] { action->alone = [=] { return Verify(*directory); }; });
  AddMakeCommand(command, action);
}

}  // namespace lockstep
