#include "trainer/config/spelling.h"

#include <algorithm>

namespace lockstep {
namespace {

// Letters added, left out, exchanged, and neighbours swapped (optimal string alignment).
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

bool OneWithinTheOther(std::string_view a, std::string_view b) {
  constexpr size_t kShortest = 3;
  return std::min(a.size(), b.size()) >= kShortest &&
         (a.find(b) != std::string_view::npos || b.find(a) != std::string_view::npos);
}

}  // namespace

std::string Nearest(std::string_view misspelt, const std::vector<std::string>& names) {
  constexpr size_t kLongest = 100;  // nobody means a name by so many letters
  if (misspelt.size() > kLongest) {
    return {};
  }
  std::string best;
  size_t best_distance = std::max<size_t>(2, misspelt.size() / 3) + 1;
  for (const std::string& name : names) {
    if (const size_t distance = Distance(misspelt, name);
        distance < best_distance && distance < misspelt.size()) {
      best = name;
      best_distance = distance;
    }
  }
  if (best.empty()) {
    const auto within = std::find_if(names.begin(), names.end(), [misspelt](const auto& name) {
      return OneWithinTheOther(misspelt, name);
    });
    return within == names.end() ? std::string() : *within;
  }
  return best;
}

}  // namespace lockstep
