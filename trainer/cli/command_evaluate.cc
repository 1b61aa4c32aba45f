#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "storage/checkpoint.h"
#include "trainer/base/error.h"
#include "trainer/cli/command.h"
#include "trainer/cli/job_arguments.h"
#include "trainer/cli/output.h"
#include "trainer/config/job_file.h"
#include "trainer/report/table.h"
#include "trainer/train/evaluate_job.h"
#include "trainer/train/together.h"

namespace lockstep {
namespace {

struct EvaluateArguments {
  EvaluateRequest request;
  std::string job;
  std::vector<std::string> checkpoints;
  std::string predictions;
  bool json = false;
};

// Correct and all samples of one class.
struct ClassCount {
  int64_t correct;
  int64_t samples;
};

ClassCount CountClass(const Evaluation& evaluation, int label) {
  const auto classes = static_cast<size_t>(evaluation.classes);
  ClassCount count{};
  for (size_t answer = 0; answer < classes; ++answer) {
    count.samples += evaluation.confusion[label * classes + answer];
  }
  count.correct = evaluation.confusion[label * classes + label];
  return count;
}

nlohmann::ordered_json ToJson(const Evaluation& evaluation) {
  nlohmann::ordered_json object{{"accuracy", evaluation.accuracy()},
                                {"correct", evaluation.correct},
                                {"samples", evaluation.samples},
                                {"loss", evaluation.loss},
                                {"per_class", nlohmann::ordered_json::array()},
                                {"confusion", nlohmann::ordered_json::array()}};
  for (int label = 0; label < evaluation.classes; ++label) {
    const ClassCount count = CountClass(evaluation, label);
    object["per_class"].push_back(
        {{"class", label}, {"samples", count.samples}, {"correct", count.correct}});
    const auto row = evaluation.confusion.begin() + std::ptrdiff_t{label} * evaluation.classes;
    object["confusion"].push_back(std::vector<int64_t>(row, row + evaluation.classes));
  }
  return object;
}

void PrintReadable(const Evaluation& evaluation) {
  PrintText(fmt::format("accuracy {:.2f} % ({} of {}), loss {:.4f}\n\n",
                        100 * evaluation.accuracy(), evaluation.correct, evaluation.samples,
                        evaluation.loss));
  std::vector<TextTable::Column> columns{{.heading = "class"},
                                         {.heading = "accuracy", .align = Align::kRight}};
  for (int answer = 0; answer < evaluation.classes; ++answer) {
    columns.push_back({.heading = fmt::format("as {}", answer), .align = Align::kRight});
  }
  TextTable table(columns);
  for (int label = 0; label < evaluation.classes; ++label) {
    const ClassCount count = CountClass(evaluation, label);
    std::vector<std::string> row{
        std::to_string(label),
        count.samples == 0 ? "-"
                           : fmt::format("{:.2f} %", 100.0 * static_cast<double>(count.correct) /
                                                         static_cast<double>(count.samples))};
    for (int answer = 0; answer < evaluation.classes; ++answer) {
      row.push_back(std::to_string(
          evaluation.confusion[static_cast<size_t>(label) * evaluation.classes + answer]));
    }
    table.AddRow(row);
  }
  PrintText(table.ToString());
}

ExitCode Evaluate(const EvaluateArguments& arguments, const CollectiveContext& context) {
  EvaluateRequest request = arguments.request;
  request.checkpoints.assign(arguments.checkpoints.begin(), arguments.checkpoints.end());
  request.predictions = arguments.predictions;
  RunTogether(context.communicator, [&] {
    if (!arguments.job.empty()) {
      request.job = LoadJob(arguments.job);
    }
  });
  const Evaluation evaluation = EvaluateJob(request, context.communicator);
  if (context.communicator->rank() == 0) {
    if (arguments.json) {
      PrintJson(ToJson(evaluation));
    } else {
      PrintReadable(evaluation);
    }
  }
  return ExitCode::kDone;
}

}  // namespace

void AddEvaluateCommand(Command program, Action* action) {
  auto arguments = std::make_shared<EvaluateArguments>();
  Command command = program.AddCommand(
      "evaluate", "Measure a checkpoint on the test set; several checkpoints vote as a committee");
  command.Add("--checkpoint", &arguments->checkpoints, "Checkpoint file; may be repeated")
      .Required()
      .TypeName("PATH");
  command
      .Add("--job", &arguments->job,
           "Evaluate on the data of this job file, not of the checkpoint's")
      .TypeName("JOB");
  command.Add("--data-dir", &arguments->request.data_directory, "Where the data is")
      .TypeName("DIR");
  command
      .Add("--predictions", &arguments->predictions,
           "Write what was answered to every test sample: an HDF5 table "
           "metrics/predictions with the columns sample, label, answer and score_0, "
           "score_1, ...: the network's outputs; or a committee's logarithms of its mean "
           "probabilities, or, trained by squared error, its mean outputs")
      .TypeName("FILE");
  command.AddFlag("--raw-weights", &arguments->request.raw_weights,
                  "Measure the weights as training left them, of checkpoints that hold their "
                  "moving average, too");
  AddThreadsOption(command, &arguments->request.threads);
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] {
    action->collective = [=](const CollectiveContext& context) {
      return Evaluate(*arguments, context);
    };
  });
}

}  // namespace lockstep
