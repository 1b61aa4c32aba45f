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

void AddMakeCommand(Command data, Action* action) {
  auto options = std::make_shared<DigitFilesOptions>();
  auto directory = std::make_shared<std::string>();
  Command command =
      data.AddCommand("make", "Draw digits and write them as four files of MNIST's names and form");
  command.Add("--dir", directory.get(), "Where to put them").Required().TypeName("DIR");
  const auto add_count = [&](const char* name, int64_t* samples, const char* description) {
    command.Add(name, samples, description).InRange(1, kMostDigitsInAFile).ShowDefault();
  };
  add_count("--train", &options->train_samples, "Training samples");
  add_count("--test", &options->test_samples, "Test samples");
  command.Add("--seed", &options->digits.seed, "Keys the drawing: equal seeds draw equal samples")
      .WholeUpTo64Bits()
      .ShowDefault();
  command
      .Add("--noise", &options->digits.noise,
           "Standard deviation of the noise on each pixel, where white is 1")
      .FromZeroToOne()
      .ShowDefault();
  command.AddFlag("--force", &options->replace, "Replace files that are there already");
  command.OnCall([=] {
    options->directory = *directory;
    action->alone = [=] { return Make(*options); };
  });
}

}  // namespace

void AddDataCommand(Command program, Action* action) {
  Command command = program.AddCommand(
      "data",
      "Get MNIST, check it, draw digits in its form, or draw what a job makes of its samples");
  command.RequireCommand();
  auto directory = std::make_shared<std::string>();
  Command fetch = command.AddCommand(
      "fetch",
      "Download the four files of MNIST and check them; $LOCKSTEP_MNIST_URL names a mirror");
  fetch.Add("--dir", directory.get(), "Where to put them").Required().TypeName("DIR");
  fetch.OnCall([=] { action->alone = [=] { return Fetch(*directory); }; });
  Command verify = command.AddCommand("verify", "Check the files of MNIST, byte for byte");
  verify
      .Add("--dir", directory.get(),
           "Where they are; default: searched in $LOCKSTEP_DATA and ~/.cache/lockstep")
      .TypeName("DIR");
  verify.OnCall([=] { action->alone = [=] { return Verify(*directory); }; });
  AddMakeCommand(command, action);
  AddPreviewCommand(command, action);
}

}  // namespace lockstep
