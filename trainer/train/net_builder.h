#pragma once

#include <memory>
#include <string>

#include "trainer/config/job_file.h"
#include "trainer/nn/net.h"

namespace lockstep {

// Builds the network that a job describes: the one place that knows both the model message and the
// layers. REQUIRES a validated job. `input` is the shape of the data's samples, `classes` how many
// labels there are.
// Throws ConfigError with file, line, column and field when a layer does not fit its input, when
// the net's output is not one number per class, or when model.strict_shapes is set and some layer's
// windows leave rows or columns out.
std::unique_ptr<Net> BuildNet(const LoadedJob& job, const Shape& input, int classes);

// The rows and columns of a node's input that no window of it sees: "row 10 and columns 9-10";
// empty if it sees all.
std::string DescribeUnseen(const Net& net, int node);

}  // namespace lockstep
