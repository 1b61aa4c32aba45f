#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "trainer/cli/command.h"
#include "trainer/cli/output.h"
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

}  // namespace

void AddDataCommand(CLI::App* app, Action* action) {
  CLI::App* command = app->add_subcommand("data", "Get MNIST, or check it");
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
}

}  // namespace lockstep
