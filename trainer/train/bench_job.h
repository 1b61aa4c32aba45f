#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "trainer/config/job_file.h"

namespace lockstep {

struct BenchRequest {
  LoadedJob job;
  std::filesystem::path data_directory;  // empty: search
  int64_t steps = 100;                   // that are measured, after some to warm up
  int threads = 0;
  bool inference = false;  // the forward pass alone, as evaluation makes it
};

// Where rank 0's time went. Worker seconds: summed over its worker threads.
struct LayerTime {
  std::string name;
  std::string kind;
  std::string algorithm;        // of convolutions; empty for others
  double forward_seconds = 0;   // worker seconds
  double backward_seconds = 0;  // worker seconds
  int64_t flops = 0;            // of forward, for one sample
};

struct BenchResult {
  bool inference = false;
  int64_t steps = 0;
  int64_t samples = 0;  // of all ranks
  int ranks = 1;
  int threads = 1;     // a rank
  double seconds = 0;  // wall clock
  double images_per_second = 0;
  double data_wait_seconds = 0;    // workers waiting for microbatches
  double data_load_seconds = 0;    // the loading thread's, beside the workers: augmentation too
  double reduce_wait_seconds = 0;  // waiting for other ranks, with nothing to do
  std::vector<LayerTime> layers{};
};

// Collective. Trains from new weights for a while, with everything that training does but
// evaluating and writing, and measures; or evaluates training samples with them, as many as those
// steps would have. Writes nothing.
BenchResult BenchJob(const BenchRequest& request, comm::Communicator* communicator);

}  // namespace lockstep
