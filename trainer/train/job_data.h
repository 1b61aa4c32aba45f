#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "comm/communicator.h"
#include "comm/node_memory.h"
#include "trainer/config/data.pb.h"
#include "trainer/data/dataset.h"
#include "trainer/data/holdout.h"
#include "trainer/data/normalization.h"
#include "trainer/tensor/shape.h"

namespace lockstep {

// A job's samples: one copy on each node, read by all of its ranks.
class JobData {
 public:
  // Collective. The first rank of each node loads; `directory` is what --data-dir says, or empty.
  // Throws FailedTogether (with the exit code of data) when the data is missing or damaged on any
  // node, or differs between nodes. REQUIRES a validated message with its defaults filled in.
  JobData(const v1::Data& data, const std::filesystem::path& directory,
          comm::Communicator* communicator);

  // Of one sample.
  Shape shape() const;
  const Dataset& train() const { return train_->dataset; }
  const Dataset& test() const { return test_->dataset; }
  // The training set's samples, those to train on and those held out.
  const HoldoutSplit& split() const { return split_; }
  const Normalizer& normalizer() const { return *normalizer_; }

  // Of the training set's samples and labels. The same on all ranks.
  const std::string& train_sha256() const { return train_->sha256; }

  // The message with what was measured written into it: a computed normalisation becomes a fixed
  // one, so that the weights can be used later without the training set.
  const v1::Data& resolved() const { return resolved_; }

 private:
  // A dataset in memory that the node's ranks share.
  struct Shared {
    comm::NodeMemory memory;
    Dataset dataset;
    std::string sha256;
  };
  // Collective. `loaded` on the first rank of each node.
  static std::unique_ptr<Shared> Share(std::optional<LoadedDataset> loaded, const char* what,
                                       comm::Communicator* communicator);

  std::unique_ptr<Shared> train_;
  std::unique_ptr<Shared> test_;
  HoldoutSplit split_;
  std::unique_ptr<Normalizer> normalizer_;
  v1::Data resolved_;
};

}  // namespace lockstep
