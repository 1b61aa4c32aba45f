#include "trainer/optim/adam.h"

#include "trainer/optim/moments.h"

namespace lockstep {

namespace {

// What a step multiplies with, once for all parameters of a block.
struct AdamFactors {
  MomentFactors moments;
  float rate;
  float decay;  // of the gradient's sum
  float keep;   // of the value
};

LOCKSTEP_EVERY_CPU void StepAll(const AdamFactors& factors, std::span<const float> gradient,
                                float* value, float* mean, float* square) {
  const AdamFactors f = factors;  // not to be read again after each value written
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i] + f.decay * value[i];
    const float root = MoveMoments(f.moments, g, &mean[i], &square[i]);
    value[i] = f.keep * value[i] - f.rate * (mean[i] / root);
  }
}

}  // namespace

Adam::Adam(const AdamOptions& options, const Blocks& blocks)
    : options_(options), blocks_(MergeByDecay(blocks)) {}

void Adam::Step(const Update& update, Part part) const {
  CheckUpdate(update, part, blocks_, 2);
  const MomentFactors moments =
      MomentFactorsOf(options_.beta1, options_.beta2, options_.epsilon, update.step);
  AdamFactors factors{.moments = moments,
                      .rate = static_cast<float>(update.learning_rate / moments.mean_correction),
                      .decay = 0,
                      .keep = 1};
  ForEachBlockIn(blocks_, part, [&](const Block& block) {
    const double decay = block.decays ? options_.weight_decay : 0;
    if (options_.decay == AdamDecay::kL2) {
      factors.decay = static_cast<float>(decay);
    } else {
      factors.keep = static_cast<float>(1 - update.learning_rate * decay);
    }
    StepAll(factors, update.gradient.subspan(block.begin, block.size),
            update.values.data() + block.begin, update.slots[0].data() + block.begin,
            update.slots[1].data() + block.begin);
  });
}

std::vector<std::string> Adam::slot_names() const { return {"mean", "square"}; }

}  // namespace lockstep
