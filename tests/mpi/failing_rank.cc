#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "comm/communicator.h"
#include "comm/environment.h"
#include "comm/error.h"
#include "comm/node_memory.h"
#include "comm/reducer.h"

// Fails on one rank in the way that its argument names, while the other ranks wait for that one.
// The exit code says whether the failure was met where it should be.

namespace lockstep::comm {
namespace {

bool IsLast(const Communicator& world) { return world.rank() == world.size() - 1; }

void WaitForAll(Communicator& world) { world.Broadcast(world.AllGather("here").front()); }

// Throws on the last rank, in mid-step, with objects alive whose destruction is collective.
void Train(Communicator& world) {
  NodeMemory memory(world, 1000);
  const std::unique_ptr<Reducer> reducer =
      MakeExactReducer(world, {.size = 100'000, .bucket_elements = 1000});
  reducer->Begin(1, world.size());
  const std::vector<float> ones(50'000, 1.0F);
  reducer->Add(50'000, ones);
  reducer->Poll();
  if (IsLast(world)) {
    throw std::runtime_error("one rank fails");
  }
  memory.Publish();
}

// Keeps standard output locked for ever, as a thread does whose write does not return.
void HoldOutput() {
  std::thread([] {
    flockfile(stdout);
    std::this_thread::sleep_for(std::chrono::hours(1));
  }).detach();
  while (ftrylockfile(stdout) == 0) {
    funlockfile(stdout);
    std::this_thread::yield();
  }
}

void Run(Communicator& world, const std::string& how) {
  if (how == "abort" && IsLast(world)) {
    world.Abort(65);
  }
  if (how == "stuck_output" && IsLast(world)) {
    HoldOutput();
    world.Abort(7);
  }
  if (how == "throw") {
    try {
      Train(world);
    } catch (const std::runtime_error&) {
      world.Abort(6);
    }
  }
  if (how == "no_memory") {
    try {
      const NodeMemory memory(world, size_t{1} << 55);
    } catch (const Error& error) {
      const bool named = std::string(error.what()).find("/dev/shm") != std::string::npos;
      world.Abort(named ? 4 : 1);
    }
  }
  if (how == "leave" && IsLast(world)) {
    throw std::runtime_error("one rank fails");
  }
  WaitForAll(world);
}

}  // namespace
}  // namespace lockstep::comm

int main(int argc, char** argv) {
  try {
    const lockstep::comm::Environment environment;
    lockstep::comm::Communicator world = lockstep::comm::Communicator::World();
    lockstep::comm::Run(world, argc == 2 ? argv[1] : "");
    return 0;
  } catch (const std::runtime_error&) {
    return 6;
  }
}
