#pragma once

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace lockstep {

// How the ranks of a test, all on this machine, are cut into nodes: see comm::Communicator::World.
struct NodeLayout {
  const char* name;
  int most_in_node;
};

inline constexpr std::array kNodeLayouts{
    NodeLayout{"OneNode", std::numeric_limits<int>::max()},
    NodeLayout{"NodesOfTwo", 2},
    NodeLayout{"NodesOfOne", 1},
};

// For INSTANTIATE_TEST_SUITE_P.
inline std::string NodeLayoutName(const testing::TestParamInfo<NodeLayout>& info) {
  return info.param.name;
}

}  // namespace lockstep
