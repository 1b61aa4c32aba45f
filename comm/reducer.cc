#include "comm/reducer.h"

#include <fmt/format.h>

#include <stdexcept>

namespace lockstep::comm {

void Reducer::CheckBegin(int64_t own, int64_t all) {
  if (own < 0 || own > all || all < 1) {
    throw std::logic_error(
        fmt::format("Reducer::Begin: {} contributions of this rank, {} of all ranks", own, all));
  }
}

void Reducer::CheckTally(const ReducerOptions& options, int64_t tally) {
  if (tally < 0 || tally >= options.tallies) {
    throw std::logic_error(fmt::format("Reducer::AddTally: tally {} of {}, which count from 0",
                                       tally, options.tallies));
  }
}

void Reducer::CheckAwait(const ReducerOptions& options, std::span<const int64_t> tallies) {
  if (std::ssize(tallies) != options.tallies) {
    throw std::logic_error(fmt::format("Reducer::Await: room for {} tallies, but there are {}",
                                       tallies.size(), options.tallies));
  }
}

}  // namespace lockstep::comm
