#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "storage/atomic_file.h"
#include "trainer/cli/command.h"
#include "trainer/cli/job_arguments.h"
#include "trainer/cli/output.h"
#include "trainer/report/sample_sheet.h"
#include "trainer/train/preview_job.h"
#include "trainer/train/together.h"

namespace lockstep {
namespace {

struct PreviewArguments {
  JobArguments job;
  std::string output;
  std::string seed;  // empty: the job's
  int samples = 8;
  int epochs = 8;
  bool json = false;
};

// Of a mixed image: both labels, and the share of the first.
std::string CaptionOf(int32_t label, const AugmentedImage& image) {
  return image.other_label
             ? fmt::format("{}+{} {:.0f}%", label, *image.other_label, 100 * image.share)
             : "";
}

SampleSheet ToSheet(Preview preview) {
  SampleSheet sheet{.image_width = preview.shape.width, .image_height = preview.shape.height};
  sheet.columns.emplace_back("stored");
  for (size_t epoch = 1; epoch <= preview.samples[0].augmented.size(); ++epoch) {
    sheet.columns.push_back(fmt::format("epoch {}", epoch));
  }
  for (PreviewedSample& sample : preview.samples) {
    SampleSheet::Row row{.lines = {fmt::format("label {}", sample.label), "sample",
                                   fmt::format("{}", sample.sample)}};
    row.images.push_back({.pixels = std::move(sample.stored)});
    for (AugmentedImage& image : sample.augmented) {
      row.images.push_back(
          {.pixels = std::move(image.pixels), .caption = CaptionOf(sample.label, image)});
    }
    sheet.rows.push_back(std::move(row));
  }
  return sheet;
}

nlohmann::ordered_json ToJson(const PreviewArguments& arguments, const Preview& preview,
                              const Picture& picture) {
  nlohmann::ordered_json object{{"file", arguments.output},
                                {"width", picture.width()},
                                {"height", picture.height()},
                                {"epochs", arguments.epochs},
                                {"samples", nlohmann::ordered_json::array()}};
  for (const PreviewedSample& sample : preview.samples) {
    object["samples"].push_back({{"sample", sample.sample}, {"label", sample.label}});
  }
  return object;
}

void DrawAndTell(const PreviewArguments& arguments, const Preview& preview) {
  const Picture picture = DrawSheet(ToSheet(preview));
  storage::WriteFileAtomically(arguments.output, picture.ToPng());
  if (arguments.json) {
    PrintJson(ToJson(arguments, preview, picture));
  } else {
    PrintText(fmt::format("{}: {} samples as they are stored and in the first {} epoch{}\n",
                          arguments.output, preview.samples.size(), arguments.epochs,
                          arguments.epochs == 1 ? "" : "s"));
  }
}

ExitCode PreviewCommand(PreviewArguments arguments, const CollectiveContext& context) {
  comm::Communicator* const communicator = context.communicator;
  if (!arguments.seed.empty()) {
    arguments.job.overrides.push_back("seed=" + arguments.seed);
  }
  const PreviewRequest request{.job = arguments.job.LoadTogether(communicator),
                               .data_directory = arguments.job.data_directory,
                               .samples = arguments.samples,
                               .epochs = arguments.epochs};
  const bool is_root = communicator->rank() == 0;
  RunTogether(communicator, [&] {
    if (is_root) {
      storage::CheckWritable(arguments.output);
    }
  });
  const Preview preview = PreviewJob(request, communicator);
  RunTogether(communicator, [&] {
    if (is_root) {
      DrawAndTell(arguments, preview);
    }
  });
  return ExitCode::kDone;
}

}  // namespace

void AddPreviewCommand(Command data, Action* action) {
  auto arguments = std::make_shared<PreviewArguments>();
  Command command = data.AddCommand(
      "preview", "Draw samples beside what a job's augmentation makes of them, as a PNG file");
  AddJobArguments(command, &arguments->job);
  command.Add("-o,--output", &arguments->output, "The file to write").Required().TypeName("FILE");
  command.Add("--samples", &arguments->samples, "How many: the first that training takes")
      .InRange(1, 1000)
      .ShowDefault();
  command.Add("--epochs", &arguments->epochs, "How many of the first epochs, a column each")
      .InRange(1, 1000)
      .ShowDefault();
  command.Add("--seed", &arguments->seed, "As --set seed=SEED").TypeName("SEED");
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] {
    action->collective = [=](const CollectiveContext& context) {
      return PreviewCommand(*arguments, context);
    };
  });
}

}  // namespace lockstep
