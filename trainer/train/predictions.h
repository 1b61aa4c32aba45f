#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace lockstep {

// What networks say about each sample of a data set, in the order in which the samples were given.
//
// The scores of one network are its logits; those of a committee are the natural logarithms of its
// mean probabilities, at least log(DBL_MIN) = -708.4. Either way their softmax is the probability
// of each class, and the largest score is the answer.
struct Predictions {
  int classes = 0;
  std::vector<uint32_t> samples{};  // indices into the data set
  std::vector<int32_t> labels{};    // one a sample
  std::vector<double> scores{};     // samples x classes

  std::span<const double> ScoresOf(size_t index) const {
    return std::span(scores).subspan(index * static_cast<size_t>(classes),
                                     static_cast<size_t>(classes));
  }
};

// The class with the largest score, the first of several. REQUIRES at least one.
int32_t Answer(std::span<const double> scores);

// A table has a column for each class, and HDF5 has no place to describe more of them.
constexpr int kMostPredictedClasses = 900;

// Throws ConfigError if there are more classes than that.
void CheckPredictable(int classes);

// Writes a metrics file (storage/metrics.md) with one series, `predictions`: a row a sample, with
// the columns sample, label, answer (integers), score_0, score_1, ... (doubles). Atomically. Throws
// storage::Error. REQUIRES that CheckPredictable holds.
void WritePredictions(const std::filesystem::path& path, const Predictions& predictions);

}  // namespace lockstep
