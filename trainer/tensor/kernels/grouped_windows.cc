#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/vectors.h"
#include "trainer/tensor/kernels/windows.h"

// Windows whose filters see the few channels of their group alone. A vector of filters belongs to
// as many groups as it holds, and sees the vector of channels at the same place; each filter's lane
// is given one channel of its group after the other.

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

constexpr int kColumns = kLanes == 16 ? 8 : 6;  // windows side by side whose sums are in registers
constexpr int kSums = kLanes == 16 ? 24 : 12;   // weights whose gradients are

template <int kGroup, int kIndex, int... kLane>
LOCKSTEP_INLINE Floats Spread(Floats channels, Sequence<kLane...> /*lanes*/) {
  return __builtin_shufflevector(channels, channels, (kLane / kGroup * kGroup + kIndex)...);
}

// For the vector of filters from `filter` on: channel kIndex of the group of each.
template <int kGroup, int kIndex>
LOCKSTEP_INLINE Floats ChannelOfGroup(const float* pixel, int filter) {
  if constexpr (kGroup == 1) {
    return Load(pixel + filter);
  } else if constexpr (kGroup < kLanes) {
    return Spread<kGroup, kIndex>(Load(pixel + filter), UpTo<kLanes>());
  } else {
    return Floats{} + pixel[filter / kGroup * kGroup + kIndex];
  }
}

// The sums of kCount windows side by side.
template <int kGroup, int kCount, int... kIndex>
LOCKSTEP_INLINE void CorrelateColumns(const Windows& windows, int filter, const float* window,
                                      const float* weights, float* output,
                                      Sequence<kIndex...> /*channels*/) {
  Floats sums[kCount] = {};
  for (int row = 0; row < windows.rows; ++row) {
    const float* pixel = window + row * windows.frame_row;
    for (int column = 0; column < windows.columns; ++column) {
      const auto add = [&](auto channel_of_group, const float* weight) LOCKSTEP_INLINE_LAMBDA {
        const Floats factor = Load(weight);
#pragma GCC unroll 8
        for (int q = 0; q < kCount; ++q) {
          sums[q] += channel_of_group(pixel + q * windows.from.column, filter) * factor;
        }
      };
      (add(ChannelOfGroup<kGroup, kIndex>, weights + filter + int64_t{kIndex} * windows.filters),
       ...);
      pixel += windows.depth;
      weights += int64_t{kGroup} * windows.filters;
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < kCount; ++q) {
    Store(sums[q], output + q * windows.to.column + filter);
  }
}

template <int kGroup, int kCount>
LOCKSTEP_INLINE void CorrelateFilters(const Windows& windows, const float* window,
                                      const float* weights, float* output) {
  for (int filter = 0; filter < windows.filters; filter += kLanes) {
    CorrelateColumns<kGroup, kCount>(windows, filter, window, weights, output, UpTo<kGroup>());
  }
}

template <int kGroup>
void CorrelateGroups(const Windows& windows, const float* frame, const float* weights,
                     float* output) {
  for (int image = 0; image < windows.images; ++image) {
    for (int row = 0; row < windows.height; ++row) {
      const float* window = frame + image * windows.from.image + row * windows.from.row;
      float* to = output + image * windows.to.image + row * windows.to.row;
      int column = 0;
      const auto run = [&](auto correlate, int count) LOCKSTEP_INLINE_LAMBDA {
        for (; column + count <= windows.width; column += count) {
          correlate(windows, window, weights, to);
          window += count * windows.from.column;
          to += count * windows.to.column;
        }
      };
      run(CorrelateFilters<kGroup, kColumns>, kColumns);
      run(CorrelateFilters<kGroup, kColumns / 2>, kColumns / 2);
      run(CorrelateFilters<kGroup, 1>, 1);
    }
  }
}

// The gradients of kTaps pixels of windows, numbered row by row. Taps beyond the last are computed
// like the last, and dropped.
template <int kGroup, int kTaps, int... kIndex>
LOCKSTEP_INLINE void AddTapGradients(const Windows& windows, int first_tap, int filter,
                                     const float* frame, const float* output_gradient,
                                     float* weight_gradient, Sequence<kIndex...> /*channels*/) {
  const int taps = windows.rows * windows.columns;
  int64_t offsets[kTaps];
  for (int t = 0; t < kTaps; ++t) {
    const int tap = first_tap + t < taps ? first_tap + t : taps - 1;
    offsets[t] =
        tap / windows.columns * windows.frame_row + int64_t{tap % windows.columns} * windows.depth;
  }
  Floats sums[kTaps][kGroup] = {};
  for (int image = 0; image < windows.images; ++image) {
    for (int row = 0; row < windows.height; ++row) {
      const float* window = frame + image * windows.from.image + row * windows.from.row;
      const float* from =
          output_gradient + image * windows.to.image + row * windows.to.row + filter;
      for (int column = 0; column < windows.width; ++column) {
        const Floats gradient = Load(from);
#pragma GCC unroll 18
        for (int t = 0; t < kTaps; ++t) {
          const float* const pixel = window + offsets[t];
          ((sums[t][kIndex] += ChannelOfGroup<kGroup, kIndex>(pixel, filter) * gradient), ...);
        }
        window += windows.from.column;
        from += windows.to.column;
      }
    }
  }
  for (int t = 0; t < kTaps && first_tap + t < taps; ++t) {
    for (int i = 0; i < kGroup; ++i) {
      float* const to =
          weight_gradient + (int64_t{first_tap + t} * kGroup + i) * windows.filters + filter;
      Store(Load(to) + sums[t][i], to);
    }
  }
}

template <int kGroup>
void AddGroupsGradient(const Windows& windows, const float* frame, const float* output_gradient,
                       float* weight_gradient) {
  // A 3x3 kernel, a row of it, or a tap at a time.
  constexpr int kTaps = 9 * kGroup <= kSums ? 9 : 3 * kGroup <= kSums ? 3 : 1;
  for (int tap = 0; tap < windows.rows * windows.columns; tap += kTaps) {
    for (int filter = 0; filter < windows.filters; filter += kLanes) {
      AddTapGradients<kGroup, kTaps>(windows, tap, filter, frame, output_gradient, weight_gradient,
                                     UpTo<kGroup>());
    }
  }
}

void Correlate(const Windows& windows, const float* frame, const float* weights, float* output) {
  switch (windows.group) {
    case 1:
      return CorrelateGroups<1>(windows, frame, weights, output);
    case 2:
      return CorrelateGroups<2>(windows, frame, weights, output);
    case 4:
      return CorrelateGroups<4>(windows, frame, weights, output);
    case 8:
      return CorrelateGroups<8>(windows, frame, weights, output);
    default:
      return CorrelateGroups<16>(windows, frame, weights, output);
  }
}

void AddWeightGradient(const Windows& windows, const float* frame, const float* output_gradient,
                       float* weight_gradient) {
  switch (windows.group) {
    case 1:
      return AddGroupsGradient<1>(windows, frame, output_gradient, weight_gradient);
    case 2:
      return AddGroupsGradient<2>(windows, frame, output_gradient, weight_gradient);
    case 4:
      return AddGroupsGradient<4>(windows, frame, output_gradient, weight_gradient);
    case 8:
      return AddGroupsGradient<8>(windows, frame, output_gradient, weight_gradient);
    default:
      return AddGroupsGradient<16>(windows, frame, output_gradient, weight_gradient);
  }
}

}  // namespace

const WindowKernels kGroupedWindows{.correlate = Correlate,
                                    .add_weight_gradient = AddWeightGradient};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
