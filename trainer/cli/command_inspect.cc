#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "storage/checkpoint.h"
#include "trainer/cli/command.h"
#include "trainer/cli/output.h"
#include "trainer/report/table.h"

namespace lockstep {
namespace {

struct InspectArguments {
  std::string path;
  bool json = false;
};

int64_t CountValues(const storage::NamedArrays& arrays) {
  return std::accumulate(arrays.begin(), arrays.end(), int64_t{0},
                         [](int64_t sum, const auto& named) {
                           return sum + static_cast<int64_t>(named.second.values.size());
                         });
}

nlohmann::ordered_json DimsByName(const storage::NamedArrays& arrays) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [name, array] : arrays) {
    object[name] = array.dims;
  }
  return object;
}

nlohmann::ordered_json ToJson(const storage::StateValue& value) {
  return std::visit([](const auto& held) { return nlohmann::ordered_json(held); }, value);
}

nlohmann::ordered_json ToJson(const storage::Checkpoint& checkpoint, const std::string& path) {
  nlohmann::ordered_json object{{"path", path},
                                {"weights_sha256", storage::WeightsSha256(checkpoint)},
                                {"parameter_count", CountValues(checkpoint.parameters)}};
  for (const auto& [key, value] : checkpoint.state) {
    object["state"][key] = ToJson(value);
  }
  object["parameters"] = DimsByName(checkpoint.parameters);
  object["buffers"] = DimsByName(checkpoint.buffers);
  if (!checkpoint.average.empty()) {
    object["average"] = DimsByName(checkpoint.average);
  }
  object["optimizer"] = nlohmann::ordered_json::array();
  for (const auto& [slot, arrays] : checkpoint.optimizer) {
    object["optimizer"].push_back(slot);
  }
  object["build"] = checkpoint.build;
  object["job"] = checkpoint.job;
  return object;
}

void PrintReadable(const storage::Checkpoint& checkpoint, const std::string& path) {
  PrintText(fmt::format("{}\nweights_sha256 {}\n\n", path, storage::WeightsSha256(checkpoint)));
  TextTable state({{.heading = "state"}, {.heading = "value"}});
  for (const auto& [key, value] : checkpoint.state) {
    const nlohmann::ordered_json json = ToJson(value);
    state.AddRow({key, json.is_string() ? json.get<std::string>() : json.dump()});
  }
  for (const auto& [key, value] : checkpoint.build) {
    state.AddRow({key, value});
  }
  PrintText(state.ToString() + "\n");
  TextTable arrays({{.heading = "parameter"},
                    {.heading = "dims", .align = Align::kRight},
                    {.heading = "values", .align = Align::kRight}});
  for (const auto* named : {&checkpoint.parameters, &checkpoint.buffers}) {
    for (const auto& [name, array] : *named) {
      arrays.AddRow({name, fmt::format("{}", fmt::join(array.dims, "x")),
                     WithThousands(static_cast<int64_t>(array.values.size()))});
    }
  }
  arrays.AddRow({"all parameters", "", WithThousands(CountValues(checkpoint.parameters))});
  PrintText(arrays.ToString());
  if (!checkpoint.average.empty()) {
    PrintText("and a moving average of them\n");
  }
}

ExitCode Inspect(const InspectArguments& arguments) {
  const storage::Checkpoint checkpoint = storage::ReadCheckpoint(arguments.path);
  if (arguments.json) {
    PrintJson(ToJson(checkpoint, arguments.path));
  } else {
    PrintReadable(checkpoint, arguments.path);
  }
  return ExitCode::kDone;
}

}  // namespace

void AddInspectCommand(Command program, Action* action) {
  auto arguments = std::make_shared<InspectArguments>();
  Command command = program.AddCommand("inspect", "Show what a checkpoint holds");
  command.Add("PATH", &arguments->path, "Checkpoint file").Required();
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] { action->alone = [=] { return Inspect(*arguments); }; });
}

}  // namespace lockstep
