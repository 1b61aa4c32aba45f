#pragma once

#include <string>
#include <string_view>

#include "trainer/config/job.pb.h"
#include "trainer/config/problems.h"

namespace lockstep {

// Writes the layers of model.zoo into model.layer, as a user would have written them, and clears
// model.zoo. Leaves a job without a zoo alone, and one whose zoo ValidateZoo finds fault with.
void ExpandZoo(v1::Job* job);

// What is wrong with model.zoo, besides its settings one by one.
void ValidateZoo(const v1::Job& written, Problems* problems);

// A job file that trains the network called `name` ("resnet18", as the enum has it or in lower
// case) on samples of this shape; ParseJob takes it. Throws ConfigError that lists the names.
std::string ZooJobText(std::string_view name, int channels, int height, int width, int classes);

}  // namespace lockstep
