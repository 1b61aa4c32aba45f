#include "trainer/train/weight_update.h"

#include <algorithm>
#include <cmath>

#include "comm/stream_copy.h"
#include "trainer/optim/weight_average.h"

namespace lockstep {
namespace {

// What lies in `stretch` of numbers that may end before it does.
std::span<float> In(Part stretch, std::span<float> numbers) {
  const size_t begin = std::min(stretch.begin, numbers.size());
  return numbers.subspan(begin, std::min(stretch.end, numbers.size()) - begin);
}

// The norm of all parameters' gradient, from the sums over its stretches.
double NormOf(std::span<const double> squares) {
  double total = 0;
  for (const double sum : squares) {
    total += sum;
  }
  return std::sqrt(total);
}

}  // namespace

WeightUpdate::WeightUpdate(const ParameterLayout& layout, const ClipOptions& clip,
                           WorkerPool* workers, const comm::Communicator& communicator)
    : layout_(layout),
      clip_(clip),
      team_(workers, communicator),
      published_(team_.has_others() ? static_cast<size_t>(layout.value_count()) : 0, &communicator),
      gradient_(static_cast<size_t>(layout.value_count()), &communicator),
      squares_((static_cast<size_t>(layout.size()) + kNormGrain - 1) / kNormGrain, &communicator),
      clipped_squares_(clip.value > 0 ? squares_.values().size() : 0, &communicator) {}

Part WeightUpdate::PartToRead(const ParameterLayout& layout,
                              const comm::Communicator& communicator) {
  return NodeTeam::PartOf(communicator, static_cast<size_t>(layout.value_count()), kNormGrain);
}

double WeightUpdate::Apply(double learning_rate, const ReadGradient& read, TrainingState* state) {
  const Update update{.learning_rate = learning_rate,
                      .step = state->position.step,
                      .values = layout_.ParametersOf(state->values),
                      .gradient = layout_.ParametersOf(gradient_.values()),
                      .slots = state->slots};
  if (clip_.global_norm == 0 && state->optimizer->updates_elements_alone()) {
    ForEachStretch([&](Part stretch) {
      Fetch(read, stretch);
      Move(update, stretch, state);
      Follow(stretch, state);
    });
    return NormOf(squares_.values());
  }
  ForEachStretch([&](Part stretch) { Fetch(read, stretch); });
  const double norm = NormOf(squares_.values());
  if (clip_.global_norm > 0) {
    const double factor =
        ClipFactor(clip_.global_norm, clip_.value > 0 ? NormOf(clipped_squares_.values()) : norm);
    if (factor != 1) {
      ForEachStretch([&](Part stretch) { Scale(factor, In(stretch, update.gradient)); });
    }
  }
  ForEachStretch([&](Part stretch) { Move(update, stretch, state); });
  ForEachStretch([&](Part stretch) { Follow(stretch, state); });
  return norm;
}

void WeightUpdate::ForEachStretch(const std::function<void(Part)>& work) {
  team_.ForEachPart(static_cast<size_t>(layout_.value_count()), kNormGrain, [&](Part part) {
    for (size_t begin = part.begin; begin < part.end; begin += kNormGrain) {
      work({.begin = begin, .end = std::min(begin + kNormGrain, part.end)});
    }
  });
}

void WeightUpdate::Fetch(const ReadGradient& read, Part stretch) {
  const std::span<float> gradient = gradient_.values();
  read(static_cast<int64_t>(stretch.begin), In(stretch, gradient));
  const std::span<float> parameters = In(stretch, layout_.ParametersOf(gradient));
  if (parameters.empty()) {
    return;
  }
  squares_.values()[stretch.begin / kNormGrain] = SumOfSquares(parameters);
  if (clip_.value > 0) {
    ClipByValue(clip_.value, parameters);
    clipped_squares_.values()[stretch.begin / kNormGrain] = SumOfSquares(parameters);
  }
}

void WeightUpdate::Move(const Update& update, Part stretch, TrainingState* state) {
  const size_t parameters = update.values.size();
  state->optimizer->Step(update, {.begin = std::min(stretch.begin, parameters),
                                  .end = std::min(stretch.end, parameters)});
  if (stretch.end > parameters) {
    const Part buffers{.begin = std::max(stretch.begin, parameters), .end = stretch.end};
    UpdateBuffers(layout_, static_cast<int64_t>(buffers.begin - parameters),
                  In(buffers, gradient_.values()), In(buffers, state->values));
  }
}

void WeightUpdate::Follow(Part stretch, TrainingState* state) {
  if (!state->average.empty()) {
    MoveAverage(state->average_decay, state->position.step, In(stretch, state->values),
                In(stretch, state->average));
  }
  Publish(*state, stretch);
}

void WeightUpdate::Begin(const TrainingState& state) {
  weights_ = team_.has_others() ? std::span<const float>(published_.values()) : state.values;
  ForEachStretch([&](Part stretch) { Publish(state, stretch); });
}

void WeightUpdate::Publish(const TrainingState& state, Part stretch) {
  if (team_.has_others()) {
    comm::StreamCopy(In(stretch, state.values), published_.values().data() + stretch.begin);
  }
}

}  // namespace lockstep
