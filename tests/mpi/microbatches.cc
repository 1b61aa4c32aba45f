#include "tests/mpi/microbatches.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <thread>
#include <utility>

namespace lockstep::comm {
namespace {

struct Piece {
  int64_t microbatch;
  int64_t offset;
  int64_t count;
};

// This rank's microbatches, each cut at random places as a network cuts it into parameters, in
// random order.
std::vector<Piece> Pieces(int rank, int64_t size, const Dealing& dealing) {
  std::mt19937 random(dealing.seed + static_cast<uint32_t>(rank));
  std::vector<Piece> pieces;
  for (int64_t m = 0; m < dealing.microbatches; ++m) {
    if (dealing.rank_of(m) != rank) {
      continue;
    }
    for (int64_t offset = 0; offset < size;) {
      const auto longest = static_cast<uint32_t>(std::max<int64_t>(1, size / 3));
      const int64_t count = std::min<int64_t>(size - offset, 1 + random() % longest);
      pieces.push_back({m, offset, count});
      offset += count;
    }
  }
  std::ranges::shuffle(pieces, random);
  return pieces;
}

void AddPiece(Reducer& reducer, const Piece& piece) {
  std::vector<float> values(static_cast<size_t>(piece.count));
  for (int64_t i = 0; i < piece.count; ++i) {
    values[static_cast<size_t>(i)] = GradientOf(piece.microbatch, piece.offset + i);
  }
  reducer.Add(piece.offset, values);
}

}  // namespace

float GradientOf(int64_t microbatch, int64_t i) {
  uint64_t bits = static_cast<uint64_t>(microbatch) * 0x9E3779B97F4A7C15U +
                  static_cast<uint64_t>(i) * 0xD1B54A32D192ED03U + 1;
  bits ^= bits >> 31;
  bits *= 0xBF58476D1CE4E5B9U;
  bits ^= bits >> 29;
  const double mantissa = 1.0 + static_cast<double>(bits & 0xFFFFFF) * 0x1p-24;
  const int exponent = static_cast<int>(bits >> 24 & 0x3F) % 36 - 34;
  const double sign = (bits >> 63) != 0 ? -1.0 : 1.0;
  return static_cast<float>(std::ldexp(sign * mantissa, exponent));
}

std::vector<float> ExactGradient(int64_t size, int64_t microbatches, double scale) {
  std::vector<float> gradient;
  for (int64_t i = 0; i < size; ++i) {
    int64_t quanta = 0;
    for (int64_t m = 0; m < microbatches; ++m) {
      quanta += std::llrint(std::ldexp(static_cast<double>(GradientOf(m, i)), 36));
    }
    gradient.push_back(static_cast<float>(static_cast<double>(quanta) * (scale * 0x1p-36)));
  }
  return gradient;
}

void Contribute(Reducer& reducer, int rank, int64_t size, const Dealing& dealing) {
  int64_t own = 0;
  for (int64_t m = 0; m < dealing.microbatches; ++m) {
    own += dealing.rank_of(m) == rank ? 1 : 0;
  }
  reducer.Begin(own, dealing.microbatches);
  const std::vector<Piece> pieces = Pieces(rank, size, dealing);
  std::atomic<size_t> next = 0;
  std::atomic<int> working = dealing.threads;
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<size_t>(dealing.threads));
  for (int t = 0; t < dealing.threads; ++t) {
    threads.emplace_back([&] {
      for (size_t i = next++; i < pieces.size(); i = next++) {
        AddPiece(reducer, pieces[i]);
      }
      --working;
    });
  }
  while (working > 0) {
    reducer.Poll();
    std::this_thread::yield();
  }
}

StepResult FinishStep(Reducer& reducer, int64_t size, double scale, int64_t tallies,
                      const std::function<bool()>& meanwhile) {
  StepResult result;
  result.gradient.resize(static_cast<size_t>(size));
  result.tallies.resize(static_cast<size_t>(tallies));
  result.in_range = reducer.Await(result.tallies, meanwhile);
  reducer.Read(0, scale, result.gradient);
  reducer.Finish();
  return result;
}

}  // namespace lockstep::comm
