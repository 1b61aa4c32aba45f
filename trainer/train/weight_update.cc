#include "trainer/train/weight_update.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "comm/stream_copy.h"
#include "trainer/optim/weight_average.h"

namespace lockstep {
namespace {

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

double WeightUpdate::Apply(double learning_rate, const ReadGradient& read, TrainingState* state) {
  const double norm = FetchGradient(read);
  if (clip_.global_norm > 0) {
    const double factor =
        ClipFactor(clip_.global_norm, clip_.value > 0 ? NormOf(clipped_squares_.values()) : norm);
    if (factor != 1) {
      const std::span<float> gradient = layout_.ParametersOf(gradient_.values());
      team_.ForEachPart(gradient.size(), kNormGrain, [&](Part part) {
        Scale(factor, gradient.subspan(part.begin, part.end - part.begin));
      });
    }
  }
  MoveWeights(learning_rate, state);
  return norm;
}

// In stretches that stay in the cache from the sums to the norm.
double WeightUpdate::FetchGradient(const ReadGradient& read) {
  const auto parameters = static_cast<size_t>(layout_.size());
  const std::span<float> all = gradient_.values();
  team_.ForEachPart(all.size(), kNormGrain, [&](Part part) {
    for (size_t begin = part.begin; begin < part.end; begin += kNormGrain) {
      const size_t end = std::min(begin + kNormGrain, part.end);
      read(static_cast<int64_t>(begin), all.subspan(begin, end - begin));
      if (begin >= parameters) {
        continue;
      }
      const std::span<float> stretch = all.subspan(begin, std::min(end, parameters) - begin);
      squares_.values()[begin / kNormGrain] = SumOfSquares(stretch);
      if (clip_.value > 0) {
        ClipByValue(clip_.value, stretch);
        clipped_squares_.values()[begin / kNormGrain] = SumOfSquares(stretch);
      }
    }
  });
  return NormOf(squares_.values());
}

void WeightUpdate::MoveWeights(double learning_rate, TrainingState* state) {
  const Update update{.learning_rate = learning_rate,
                      .step = state->position.step,
                      .values = layout_.ParametersOf(state->values),
                      .gradient = layout_.ParametersOf(gradient_.values()),
                      .slots = state->slots};
  const size_t parameters = update.values.size();
  const std::span<float> values = state->values;
  team_.ForEachPart(values.size(), kNormGrain, [&](Part part) {
    state->optimizer->Step(
        update, {.begin = std::min(part.begin, parameters), .end = std::min(part.end, parameters)});
    if (part.end == values.size()) {
      UpdateBuffers(layout_, layout_.BuffersOf(gradient_.values()), layout_.BuffersOf(values));
    }
  });
  // Not before all values are there: an optimiser may move more than its part.
  if (!state->average.empty() || team_.has_others()) {
    team_.ForEachPart(values.size(), kNormGrain, [&](Part part) {
      if (!state->average.empty()) {
        const size_t count = part.end - part.begin;
        MoveAverage(state->average_decay, update.step, values.subspan(part.begin, count),
                    state->average.subspan(part.begin, count));
      }
      Publish(*state, part);
    });
  }
}

void WeightUpdate::Begin(const TrainingState& state) {
  weights_ = team_.has_others() ? std::span<const float>(published_.values()) : state.values;
  team_.ForEachPart(state.values.size(), kNormGrain, [&](Part part) { Publish(state, part); });
}

void WeightUpdate::Publish(const TrainingState& state, Part part) {
  if (team_.has_others()) {
    comm::StreamCopy(state.values.subspan(part.begin, part.end - part.begin),
                     published_.values().data() + part.begin);
  }
}

}  // namespace lockstep
