#include "trainer/train/weight_update.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "comm/node_shares.h"
#include "comm/stream_copy.h"
#include "trainer/base/divide.h"
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

int64_t WeightUpdate::CountStretches(const ParameterLayout& layout) {
  return DivideUp(layout.value_count(), int64_t{kNormGrain});
}

Part WeightUpdate::Stretches(const ParameterLayout& layout, comm::Range numbers) {
  const auto size = static_cast<size_t>(layout.value_count());
  return {.begin = std::min(static_cast<size_t>(numbers.begin) * kNormGrain, size),
          .end = std::min(static_cast<size_t>(numbers.end) * kNormGrain, size)};
}

Part WeightUpdate::Stretch(int64_t number) const {
  return Stretches(layout_, {.begin = number, .end = number + 1});
}

WeightUpdate::WeightUpdate(const ParameterLayout& layout, const ClipOptions& clip,
                           WorkerPool* workers, const comm::Communicator& communicator)
    : layout_(layout),
      clip_(clip),
      team_(workers, communicator, CountStretches(layout)),
      published_(team_.has_others() ? static_cast<size_t>(layout.value_count()) : 0, &communicator),
      gradient_(static_cast<size_t>(layout.value_count()), &communicator),
      squares_(DivideUp(static_cast<size_t>(layout.size()), kNormGrain), &communicator),
      clipped_squares_(clip.value > 0 ? squares_.values().size() : 0, &communicator) {}

Part WeightUpdate::PartToRead(const ParameterLayout& layout,
                              const comm::Communicator& communicator) {
  return Stretches(layout, comm::NodeShares::OfRank(communicator, CountStretches(layout)));
}

void WeightUpdate::Begin(const TrainingState& state) {
  weights_ = team_.has_others() ? std::span<const float>(published_.values()) : state.values;
  ForEachStretch([&](Part stretch) { Publish(state, stretch); });
}

void WeightUpdate::Start(double learning_rate, GradientSource gradient, TrainingState* state) {
  step_ = {.update = {.learning_rate = learning_rate,
                      .step = state->position.step + 1,
                      .values = layout_.ParametersOf(state->values),
                      .gradient = layout_.ParametersOf(gradient_.values()),
                      .slots = state->slots},
           .gradient = std::move(gradient),
           .state = state};
}

bool WeightUpdate::TakesOnePass() const {
  return clip_.global_norm == 0 && step_.state->optimizer->updates_elements_alone();
}

void WeightUpdate::DoFirstPass(Part stretch) {
  Fetch(stretch);
  if (TakesOnePass()) {
    Move(stretch);
    Follow(stretch);
  }
}

bool WeightUpdate::DoSome() {
  const auto is_ready = [this](int64_t number) {
    const Part stretch = Stretch(number);
    return step_.gradient.has(static_cast<int64_t>(stretch.begin),
                              static_cast<int64_t>(stretch.end));
  };
  return team_.DoOneAhead(is_ready, [this](int64_t number) { DoFirstPass(Stretch(number)); });
}

double WeightUpdate::Finish() {
  ForEachStretch([&](Part stretch) { DoFirstPass(stretch); });
  const double norm = NormOf(squares_.values());
  if (TakesOnePass()) {
    return norm;
  }
  if (clip_.global_norm > 0) {
    const double factor =
        ClipFactor(clip_.global_norm, clip_.value > 0 ? NormOf(clipped_squares_.values()) : norm);
    if (factor != 1) {
      ForEachStretch([&](Part stretch) { Scale(factor, In(stretch, step_.update.gradient)); });
    }
  }
  ForEachStretch([&](Part stretch) { Move(stretch); });
  ForEachStretch([&](Part stretch) { Follow(stretch); });
  return norm;
}

void WeightUpdate::ForEachStretch(const std::function<void(Part)>& work) {
  team_.DoAll([&](int64_t number) { work(Stretch(number)); });
}

void WeightUpdate::Fetch(Part stretch) {
  const std::span<float> gradient = gradient_.values();
  step_.gradient.read(static_cast<int64_t>(stretch.begin), In(stretch, gradient));
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

void WeightUpdate::Move(Part stretch) {
  const size_t parameters = step_.update.values.size();
  step_.state->optimizer->Step(step_.update, {.begin = std::min(stretch.begin, parameters),
                                              .end = std::min(stretch.end, parameters)});
  if (stretch.end > parameters) {
    const Part buffers{.begin = std::max(stretch.begin, parameters), .end = stretch.end};
    UpdateBuffers(layout_, static_cast<int64_t>(buffers.begin - parameters),
                  In(buffers, gradient_.values()), In(buffers, step_.state->values));
  }
}

void WeightUpdate::Follow(Part stretch) {
  const TrainingState& state = *step_.state;
  if (!state.average.empty()) {
    MoveAverage(state.average_decay, step_.update.step, In(stretch, state.values),
                In(stretch, state.average));
  }
  Publish(state, stretch);
}

void WeightUpdate::Publish(const TrainingState& state, Part stretch) {
  if (team_.has_others()) {
    comm::StreamCopy(In(stretch, state.values), published_.values().data() + stretch.begin);
  }
}

}  // namespace lockstep
