#include "trainer/train/training_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "storage/error.h"
#include "trainer/tensor/aligned_buffer.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/kernels/instruction_set.h"

namespace lockstep {
namespace {

storage::NamedArrays ExportParameters(const ParameterLayout& layout, std::span<const float> flat) {
  storage::NamedArrays arrays;
  for (const Parameter& parameter : layout.parameters()) {
    arrays[parameter.name] = {.dims = parameter.spec.export_dims,
                              .values = ExportParameter(parameter, flat)};
  }
  return arrays;
}

// Parameters and buffers side by side, as PyTorch's state_dict has them.
storage::NamedArrays ExportValues(const ParameterLayout& layout, std::span<const float> values) {
  storage::NamedArrays arrays = ExportParameters(layout, layout.ParametersOf(values));
  const std::span<const float> buffers = layout.BuffersOf(values);
  for (const Buffer& buffer : layout.buffers()) {
    const auto own = buffers.subspan(buffer.slice.offset, buffer.slice.size);
    arrays[buffer.name] = {.dims = {buffer.slice.size}, .values = {own.begin(), own.end()}};
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

// The array called `name`, which must have dimensions `dims`.
const std::vector<float>& Find(const storage::NamedArrays& arrays, const std::string& name,
                               std::span<const int64_t> dims, const CheckpointFile& file) {
  const auto found = arrays.find(name);
  if (found == arrays.end()) {
    throw storage::Error(fmt::format("{}: is of another model: it has no parameter {}; {}",
                                     file.name, name, file.remedy));
  }
  if (!std::ranges::equal(found->second.dims, dims)) {
    throw storage::Error(
        fmt::format("{}: is of another model: {} is {} there and {} in the job; {}", file.name,
                    name, fmt::join(found->second.dims, "x"), fmt::join(dims, "x"), file.remedy));
  }
  return found->second.values;
}

void CheckCount(const storage::NamedArrays& arrays, size_t expected, const CheckpointFile& file) {
  if (arrays.size() != expected) {
    throw storage::Error(
        fmt::format("{}: is of another model: it has {} parameters, the job's has {}; {}",
                    file.name, arrays.size(), expected, file.remedy));
  }
}

void ImportParameters(const storage::NamedArrays& arrays, const ParameterLayout& layout,
                      const CheckpointFile& file, std::span<float> flat) {
  for (const Parameter& parameter : layout.parameters()) {
    ImportParameter(parameter, Find(arrays, parameter.name, parameter.spec.export_dims, file),
                    flat);
  }
}

void ImportSlot(const storage::NamedArrays& arrays, const ParameterLayout& layout,
                const CheckpointFile& file, std::span<float> flat) {
  ImportParameters(arrays, layout, file, flat);
  CheckCount(arrays, layout.parameters().size(), file);
}

void ImportValues(const storage::NamedArrays& arrays, const ParameterLayout& layout,
                  const CheckpointFile& file, std::span<float> values) {
  ImportParameters(arrays, layout, file, layout.ParametersOf(values));
  const std::span<float> buffers = layout.BuffersOf(values);
  for (const Buffer& buffer : layout.buffers()) {
    std::ranges::copy(Find(arrays, buffer.name, {&buffer.slice.size, 1}, file),
                      buffers.subspan(buffer.slice.offset).begin());
  }
  CheckCount(arrays, layout.parameters().size() + layout.buffers().size(), file);
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

TrainingState MakeState(const ParameterLayout& layout, std::unique_ptr<Optimizer> optimizer,
                        std::optional<double> average_decay,
                        const comm::Communicator* communicator) {
  const int64_t values = layout.value_count();
  const int64_t parameters = layout.size();
  const auto slots = std::ssize(optimizer->slot_names());
  const int64_t averages = average_decay ? 1 : 0;
  TrainingState state;
  state.memory = SharedArray<float>(
      static_cast<size_t>((1 + averages) * WholeLines(values) + slots * WholeLines(parameters)),
      communicator);
  std::span<float> rest = state.memory.values();
  const auto take = [&](int64_t size) {
    const std::span<float> array = rest.first(static_cast<size_t>(size));
    rest = rest.subspan(static_cast<size_t>(WholeLines(size)));
    return array;
  };
  state.values = take(values);
  for (int64_t i = 0; i < slots; ++i) {
    state.slots.push_back(take(parameters));
  }
  if (average_decay) {
    state.average = take(values);
    state.average_decay = *average_decay;
  }
  state.optimizer = std::move(optimizer);
  return state;
}

storage::Checkpoint MakeCheckpoint(const TrainingState& state, const ParameterLayout& layout,
                                   const RunIdentity& identity) {
  const RunPosition& position = state.position;
  storage::Checkpoint checkpoint;
  checkpoint.parameters = ExportValues(layout, state.values);
  for (const std::string& name : layout.step_counts()) {
    checkpoint.counts[name] = position.step;
  }
  if (!state.average.empty()) {
    checkpoint.average = ExportValues(layout, state.average);
  }
  const std::vector<std::string> names = state.optimizer->slot_names();
  for (size_t i = 0; i < names.size(); ++i) {
    checkpoint.optimizer[names[i]] = ExportParameters(layout, state.slots[i]);
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

namespace {

void RestoreAverage(const storage::Checkpoint& checkpoint, const ParameterLayout& layout,
                    const CheckpointFile& file, std::span<float> average) {
  if (average.empty() != checkpoint.average.empty()) {
    const bool kept = !checkpoint.average.empty();
    throw storage::Error(fmt::format(
        "{}: keeps {} of its weights, and the job asks for {} "
        "(weight_average); {}",
        file.name, kept ? "an average" : "no average", kept ? "none" : "one", file.remedy));
  }
  if (!average.empty()) {
    ImportValues(checkpoint.average, layout, file, average);
  }
}

}  // namespace

void RestoreValues(const storage::Checkpoint& checkpoint, const ParameterLayout& layout,
                   const std::string& file, std::span<float> values) {
  ImportValues(checkpoint.parameters, layout, {.name = file, .remedy = kOtherWeights}, values);
}

void RestoreState(const storage::Checkpoint& checkpoint, const ParameterLayout& layout,
                  const std::string& file, TrainingState* state) {
  ImportValues(checkpoint.parameters, layout, {.name = file, .remedy = kOtherRun}, state->values);
  const std::vector<std::string> slots = state->optimizer->slot_names();
  if (slots.size() != checkpoint.optimizer.size()) {
    throw storage::Error(
        fmt::format("{}: was trained by another optimizer: it keeps {} arrays for each parameter, "
                    "the job's keeps {}; {}",
                    file, checkpoint.optimizer.size(), slots.size(), kOtherRun));
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto found = checkpoint.optimizer.find(slots[i]);
    if (found == checkpoint.optimizer.end()) {
      throw storage::Error(
          fmt::format("{}: was trained by another optimizer: it has no /optimizer/{}; {}", file,
                      slots[i], kOtherRun));
    }
    ImportSlot(found->second, layout, {.name = file, .remedy = kOtherRun}, state->slots[i]);
  }
  RestoreAverage(checkpoint, layout, {.name = file, .remedy = kOtherRun}, state->average);
  state->position = {.step = Integer(checkpoint, "step", file),
                     .samples_seen = Integer(checkpoint, "samples_seen", file),
                     .evaluated_step = Integer(checkpoint, "evaluated_step", file),
                     .best_step = Integer(checkpoint, "best_step", file),
                     .best_correct = Integer(checkpoint, "best_correct", file)};
}

}  // namespace lockstep
