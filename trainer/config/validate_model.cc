#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/config/names.h"
#include "trainer/config/spelling.h"
#include "trainer/config/validate_job.h"

namespace lockstep {
namespace {

constexpr std::string_view kData = "data";
constexpr int kMostLayers = 65'535;  // a layer's position is 16 bits of the key of its random draws

std::string LayerPath(int index) { return fmt::format("model.layer[{}]", index); }

// --- Shorthands: NAME, or NAME_height and NAME_width ------------------------------------------

struct Extent {
  std::string name;
  std::optional<int> both;
  std::optional<int> height;
  std::optional<int> width;
};

void CheckShorthand(const std::string& path, const Extent& extent, Problems* problems) {
  if (extent.both && (extent.height || extent.width)) {
    problems->Add(path + "." + extent.name,
                  fmt::format("cannot be set together with {0}_height or {0}_width", extent.name));
  }
}

void CheckKernel(const std::string& path, const Extent& kernel, Problems* problems) {
  CheckShorthand(path, kernel, problems);
  if (kernel.both || (kernel.height && kernel.width)) {
    return;
  }
  if (!kernel.height && !kernel.width) {
    problems->Add(path + ".kernel", "must be set");
  } else {
    problems->Add(
        path + (kernel.height ? ".kernel_width" : ".kernel_height"),
        fmt::format("must be set, as {} is", kernel.height ? "kernel_height" : "kernel_width"));
  }
}

std::optional<int> If(bool is_set, int value) {
  return is_set ? std::optional<int>(value) : std::nullopt;
}

template <typename Window>
Extent KernelOf(const Window& window) {
  return {"kernel", If(window.has_kernel(), window.kernel()),
          If(window.has_kernel_height(), window.kernel_height()),
          If(window.has_kernel_width(), window.kernel_width())};
}

template <typename Window>
Extent StrideOf(const Window& window) {
  return {"stride", If(window.has_stride(), window.stride()),
          If(window.has_stride_height(), window.stride_height()),
          If(window.has_stride_width(), window.stride_width())};
}

template <typename Window>
Extent PaddingOf(const Window& window) {
  return {"padding", If(window.has_padding(), window.padding()),
          If(window.has_padding_height(), window.padding_height()),
          If(window.has_padding_width(), window.padding_width())};
}

// --- One layer --------------------------------------------------------------------------------

// A window that lies wholly in the padding would see nothing.
void CheckPadding(const std::string& path, std::string_view direction, const Extent& kernel,
                  const Extent& padding, Problems* problems) {
  const bool is_height = direction == "height";
  const std::optional<int> own_kernel = is_height ? kernel.height : kernel.width;
  const std::optional<int> own_padding = is_height ? padding.height : padding.width;
  const std::optional<int> kernel_value = kernel.both ? kernel.both : own_kernel;
  const std::optional<int> padding_value = padding.both ? padding.both : own_padding;
  if (!kernel_value || !padding_value || *kernel_value < 1 || *padding_value < *kernel_value) {
    return;
  }
  const std::string name = padding.both ? "padding" : fmt::format("padding_{}", direction);
  problems->Add(path + "." + name, fmt::format("must be less than the kernel's {} ({}), is {}",
                                               direction, *kernel_value, *padding_value));
}

// What convolutions and poolings have in common.
template <typename Window>
void CheckWindow(const std::string& path, const Window& window, Problems* problems) {
  const Extent kernel = KernelOf(window);
  const Extent padding = PaddingOf(window);
  CheckKernel(path, kernel, problems);
  CheckShorthand(path, StrideOf(window), problems);
  CheckShorthand(path, padding, problems);
  CheckPadding(path, "height", kernel, padding, problems);
  if (!padding.both || !kernel.both) {
    CheckPadding(path, "width", kernel, padding, problems);
  }
}

void CheckGroups(const std::string& path, const v1::Conv2d& convolution, Problems* problems) {
  const int groups = convolution.groups();
  if (convolution.has_groups() && groups >= 1 && convolution.filters() % groups != 0) {
    problems->Add(path + ".groups",
                  fmt::format("must divide filters ({}), is {}", convolution.filters(), groups));
  }
}

void CheckPad(const std::string& path, const v1::Pad& pad, Problems* problems) {
  if (pad.has_padding() &&
      (pad.has_top() || pad.has_bottom() || pad.has_left() || pad.has_right())) {
    problems->Add(path + ".padding", "cannot be set together with top, bottom, left or right");
  }
}

void CheckNormSize(const std::string& path, const v1::LocalResponseNorm& norm, Problems* problems) {
  if (norm.has_size() && norm.size() >= 1 && norm.size() % 2 == 0) {
    problems->Add(path + ".size", fmt::format("must be odd, is {}", norm.size()));
  }
}

// --- The graph --------------------------------------------------------------------------------

class Graph {
 public:
  Graph(const v1::Model& model, Problems* problems) : model_(model), problems_(*problems) {}

  void Check() {
    IndexNames();
    for (int i = 0; i < model_.layer_size(); ++i) {
      CheckInputs(i);
    }
    if (const std::vector<int> cycle = FindCycle(); !cycle.empty()) {
      ReportCycle(cycle);
    } else {
      CheckUse();
    }
  }

 private:
  const v1::Layer& layer(int index) const { return model_.layer(index); }
  int size() const { return model_.layer_size(); }

  void IndexNames() {
    for (int i = 0; i < size(); ++i) {
      const std::string& name = layer(i).name();
      const std::string path = LayerPath(i) + ".name";
      if (name == kData) {
        problems_.Add(path, "must not be data, which stands for the samples");
      } else if (const std::string what = CheckName(name); !what.empty()) {
        problems_.Add(path, what);
      }
      const auto [entry, is_first] = index_.emplace(name, i);
      names_are_good_ &= is_first && name != kData;
      if (!is_first) {
        problems_.Add(path, fmt::format("must be unique, is {}, which {} is called too", name,
                                        LayerPath(entry->second)));
      }
    }
  }

  void CheckInputs(int consumer) {
    producers_.emplace_back();
    const v1::Layer& own = layer(consumer);
    for (int i = 0; i < own.input_size(); ++i) {
      if (own.input(i) == kData) {
        continue;
      }
      const auto producer = index_.find(own.input(i));
      if (producer == index_.end()) {
        problems_.Add(
            fmt::format("{}.input[{}]", LayerPath(consumer), i),
            "must be the name of a layer or data, is " + own.input(i) + Guess(own.input(i)));
        names_are_good_ = false;
      } else {
        producers_.back().push_back(producer->second);
      }
    }
    CheckInputCount(consumer);
  }

  void CheckInputCount(int consumer) {
    const v1::Layer& own = layer(consumer);
    const bool several = own.has_add() || own.has_concat();
    if (several && own.input_size() < 2) {
      problems_.Add(LayerPath(consumer) + ".input",
                    fmt::format("must name at least two layers, names {}", own.input_size()));
    } else if (!several && own.input_size() != 1) {
      problems_.Add(LayerPath(consumer) + ".input",
                    fmt::format("must name one layer, names {}", own.input_size()));
    }
  }

  std::string Guess(const std::string& name) const {
    std::vector<std::string> names{std::string(kData)};
    for (const auto& [known, index] : index_) {
      names.push_back(known);
    }
    const std::string nearest = Nearest(name, names);
    return nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest);
  }

  // The layers of one cycle, each an input of the one before it. Depth first; without recursion, as
  // a net may have many layers.
  std::vector<int> FindCycle() const {
    enum class Mark { kNew, kOnPath, kDone };
    std::vector<Mark> mark(size(), Mark::kNew);
    std::vector<size_t> next(size(), 0);  // input to visit next
    for (int start = 0; start < size(); ++start) {
      std::vector<int> path;
      if (mark[start] == Mark::kNew) {
        path.push_back(start);
      }
      while (!path.empty()) {
        const int own = path.back();
        mark[own] = Mark::kOnPath;
        if (next[own] == producers_[own].size()) {
          mark[own] = Mark::kDone;
          path.pop_back();
          continue;
        }
        const int producer = producers_[own][next[own]++];
        if (mark[producer] == Mark::kOnPath) {
          return {std::find(path.begin(), path.end(), producer), path.end()};
        }
        if (mark[producer] == Mark::kNew) {
          path.push_back(producer);
        }
      }
    }
    return {};
  }

  // Names follow the samples' way, from the cycle's first layer in the file back to it.
  void ReportCycle(std::vector<int> cycle) {
    std::reverse(cycle.begin(), cycle.end());
    const auto first = std::min_element(cycle.begin(), cycle.end());
    std::rotate(cycle.begin(), first, cycle.end());
    std::vector<std::string> names;
    names.reserve(cycle.size() + 1);
    for (const int index : cycle) {
      names.push_back(layer(index).name());
    }
    constexpr size_t kMostNames = 12;
    if (names.size() > kMostNames) {
      names.resize(kMostNames);
      names.emplace_back("...");
    }
    names.push_back(names.front());
    problems_.Add(LayerPath(cycle.front()) + ".input",
                  fmt::format("must not lead back to the layer: {}", fmt::join(names, " -> ")));
  }

  void CheckUse() {
    std::vector<bool> used(size(), false);
    for (const std::vector<int>& producers : producers_) {
      for (const int producer : producers) {
        used[producer] = true;
      }
    }
    // A wrong name may be the use that is missing. In a graph without cycles, there is a layer that
    // is not used: the last, if no other.
    for (int i = 0; names_are_good_ && i + 1 < size(); ++i) {
      if (!used[i]) {
        problems_.Add(LayerPath(i), fmt::format("must be the input of another layer, or the last: "
                                                "nothing uses {}",
                                                layer(i).name()));
      }
    }
  }

  const v1::Model& model_;
  Problems& problems_;
  std::map<std::string, int> index_;         // of the layers, by name
  std::vector<std::vector<int>> producers_;  // of each layer's inputs, data left out
  bool names_are_good_ = true;               // every input is one layer or the data
};

}  // namespace

void ValidateLayers(const v1::Model& written, Problems* problems) {
  for (int i = 0; i < written.layer_size(); ++i) {
    const v1::Layer& layer = written.layer(i);
    const std::string path = LayerPath(i);
    if (layer.has_conv2d()) {
      CheckWindow(path + ".conv2d", layer.conv2d(), problems);
      CheckGroups(path + ".conv2d", layer.conv2d(), problems);
    } else if (layer.has_max_pool()) {
      CheckWindow(path + ".max_pool", layer.max_pool(), problems);
    } else if (layer.has_avg_pool()) {
      CheckWindow(path + ".avg_pool", layer.avg_pool(), problems);
    } else if (layer.has_pad()) {
      CheckPad(path + ".pad", layer.pad(), problems);
    } else if (layer.has_local_response_norm()) {
      CheckNormSize(path + ".local_response_norm", layer.local_response_norm(), problems);
    }
  }
}

void ValidateGraph(const v1::Model& effective, Problems* problems) {
  const int layers = effective.layer_size();
  if (layers == 0) {
    problems->Add("model.layer", "must have at least one element");
  } else if (layers > kMostLayers) {
    problems->Add("model.layer",
                  fmt::format("must have at most {} elements, has {}", kMostLayers, layers));
  } else {
    Graph(effective, problems).Check();
  }
}

}  // namespace lockstep
