#include "trainer/train/training_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "storage/error.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/kernels/instruction_set.h"

namespace lockstep {
namespace {

storage::NamedArrays ExportAll(const ParameterLayout& layout, std::span<const float> flat) {
  storage::NamedArrays arrays;
  for (const Parameter& parameter : layout.parameters()) {
    arrays[parameter.name] = {.dims = parameter.spec.export_dims,
                              .values = ExportParameter(parameter, flat)};
  }
  return arrays;
}

// For messages: what a checkpoint is called, and what to do when it does not fit the job.
struct CheckpointFile {
  const std::string& name;
  std::string_view remedy;
};

constexpr std::string_view kOtherWeights = "give a checkpoint of the job's model";
constexpr std::string_view kOtherRun =
    "resume with the job it was trained by, or give this run another name";

// Throws unless `arrays` holds just the layout's parameters, each with its dimensions.
void CheckSameModel(const storage::NamedArrays& arrays, const ParameterLayout& layout,
                    const CheckpointFile& file) {
  for (const Parameter& parameter : layout.parameters()) {
    const auto found = arrays.find(parameter.name);
    if (found == arrays.end()) {
      throw storage::Error(fmt::format("{}: is of another model: it has no parameter {}; {}",
                                       file.name, parameter.name, file.remedy));
    }
    if (found->second.dims != parameter.spec.export_dims) {
      throw storage::Error(
          fmt::format("{}: is of another model: {} is {} there and {} in the job; {}", file.name,
                      parameter.name, fmt::join(found->second.dims, "x"),
                      fmt::join(parameter.spec.export_dims, "x"), file.remedy));
    }
  }
  if (arrays.size() != layout.parameters().size()) {
    throw storage::Error(
        fmt::format("{}: is of another model: it has {} parameters, the job's has {}; {}",
                    file.name, arrays.size(), layout.parameters().size(), file.remedy));
  }
}

void ImportAll(const storage::NamedArrays& arrays, const ParameterLayout& layout,
               const CheckpointFile& file, std::span<float> flat) {
  CheckSameModel(arrays, layout, file);
  for (const Parameter& parameter : layout.parameters()) {
    ImportParameter(parameter, arrays.at(parameter.name).values, flat);
  }
}

int64_t Integer(const storage::Checkpoint& checkpoint, const std::string& key,
                const std::string& file) {
  const auto found = checkpoint.state.find(key);
  if (found == checkpoint.state.end() || !std::holds_alternative<int64_t>(found->second)) {
    throw storage::Error(fmt::format(
        "{}: has no integer /state/{}, which every checkpoint has; use another one", file, key));
  }
  return std::get<int64_t>(found->second);
}

}  // namespace

std::map<std::string, std::string> DescribeBuild() {
  const BlasBuild blas = GetBlasBuild();
  return {{"lockstep", LOCKSTEP_VERSION},
          {"compiler", __VERSION__},
          {"blas", blas.config},
          {"blas_core", blas.core},
          {"instruction_set", std::string(Name(ActiveInstructionSet()))}};
}

storage::Checkpoint MakeCheckpoint(const TrainingState& state, const ParameterLayout& layout,
                                   const RunIdentity& identity) {
  const RunPosition& position = state.position;
  storage::Checkpoint checkpoint;
  checkpoint.parameters = ExportAll(layout, state.values);
  for (const Optimizer::Slot& slot : state.optimizer->slots()) {
    checkpoint.optimizer[slot.name] = ExportAll(layout, slot.values);
  }
  checkpoint.state = {{"step", position.step},
                      {"epoch", position.step / identity.steps_per_epoch},
                      {"step_in_epoch", position.step % identity.steps_per_epoch},
                      {"samples_seen", position.samples_seen},
                      {"evaluated_step", position.evaluated_step},
                      {"best_step", position.best_step},
                      {"best_correct", position.best_correct},
                      {"seed", std::to_string(identity.seed)},
                      {"data_sha256", identity.data_sha256}};
  checkpoint.job = identity.job;
  checkpoint.build = identity.build;
  return checkpoint;
}

void RestoreValues(const storage::Checkpoint& checkpoint, const ParameterLayout& layout,
                   const std::string& file, std::span<float> values) {
  ImportAll(checkpoint.parameters, layout, {.name = file, .remedy = kOtherWeights}, values);
}

void RestoreState(const storage::Checkpoint& checkpoint, const ParameterLayout& layout,
                  const std::string& file, TrainingState* state) {
  ImportAll(checkpoint.parameters, layout, {.name = file, .remedy = kOtherRun}, state->values);
  const std::vector<Optimizer::Slot> slots = state->optimizer->slots();
  if (slots.size() != checkpoint.optimizer.size()) {
    throw storage::Error(
        fmt::format("{}: was trained by another optimizer: it keeps {} arrays for each parameter, "
                    "the job's keeps {}; {}",
                    file, checkpoint.optimizer.size(), slots.size(), kOtherRun));
  }
  for (const Optimizer::Slot& slot : slots) {
    const auto found = checkpoint.optimizer.find(slot.name);
    if (found == checkpoint.optimizer.end()) {
      throw storage::Error(
          fmt::format("{}: was trained by another optimizer: it has no /optimizer/{}; {}", file,
                      slot.name, kOtherRun));
    }
    ImportAll(found->second, layout, {.name = file, .remedy = kOtherRun}, slot.values);
  }
  state->position = {.step = Integer(checkpoint, "step", file),
                     .samples_seen = Integer(checkpoint, "samples_seen", file),
                     .evaluated_step = Integer(checkpoint, "evaluated_step", file),
                     .best_step = Integer(checkpoint, "best_step", file),
                     .best_correct = Integer(checkpoint, "best_correct", file)};
}

}  // namespace lockstep
