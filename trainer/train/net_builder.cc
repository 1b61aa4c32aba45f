#include "trainer/train/net_builder.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "trainer/base/check.h"
#include "trainer/base/error.h"
#include "trainer/train/layer_factory.h"

namespace lockstep {
namespace {

// What the job file calls the net's input.
constexpr const char* kDataName = "data";

// The kind's message within a layer: its Conv2d, its MaxPool, ...
const google::protobuf::FieldDescriptor* KindField(const v1::Layer& layer) {
  return layer.GetReflection()->GetOneofFieldDescriptor(
      layer, layer.GetDescriptor()->FindOneofByName("kind"));
}

// Place and path of the field that a LayerError names: of `kernel`, say, where that was written for
// kernel_height and kernel_width.
std::string DescribeField(const LoadedJob& job, int index, const std::string& field) {
  std::string path = fmt::format("model.layer[{}]", index);
  if (field == "input") {
    path += ".input";
  } else if (!field.empty()) {
    path += fmt::format(".{}.{}", KindField(job.job.model().layer(index))->name(), field);
    const std::string shorthand = path.substr(0, path.rfind('_'));
    if (!job.positions.Sets(path) && job.positions.Sets(shorthand)) {
      path = shorthand;
    }
  }
  return job.positions.Describe(path);
}

// Numbers of the layers in an order in which every layer follows its inputs; among those that could
// come next, the first of the file.
std::vector<int> TopologicalOrder(const v1::Model& model) {
  std::map<std::string, std::vector<int>> consumers;  // of a layer's output, once for each use
  std::vector<int> awaited(model.layer_size());       // inputs that are not there yet
  std::set<int> ready;
  for (int i = 0; i < model.layer_size(); ++i) {
    for (const std::string& input : model.layer(i).input()) {
      if (input != kDataName) {
        consumers[input].push_back(i);
        ++awaited[i];
      }
    }
    if (awaited[i] == 0) {
      ready.insert(i);
    }
  }
  std::vector<int> order;
  while (!ready.empty()) {
    order.push_back(ready.extract(ready.begin()).value());
    for (const int consumer : consumers[model.layer(order.back()).name()]) {
      if (--awaited[consumer] == 0) {
        ready.insert(consumer);
      }
    }
  }
  CHECK_EQ(static_cast<int>(order.size()), model.layer_size());  // validation finds cycles
  return order;
}

// "row 10 and columns 9-10": those at the end of `size` that no window sees.
std::string DescribeUnseen(const char* what, int size, int unseen) {
  if (unseen == 1) {
    return fmt::format("{} {}", what, size - 1);
  }
  return fmt::format("{}s {}-{}", what, size - unseen, size - 1);
}

ConvolutionChoice ConvolutionsOf(const v1::Model& model) {
  switch (model.conv_algorithm()) {
    case v1::Model::WINOGRAD:
      return ConvolutionChoice::kWinograd;
    case v1::Model::GEMM:
      return ConvolutionChoice::kGemm;
    case v1::Model::DIRECT:
      return ConvolutionChoice::kDirect;
    default:
      return ConvolutionChoice::kAuto;
  }
}

}  // namespace

std::string DescribeUnseen(const Net& net, int node) {
  const LayerPlan& plan = net.nodes()[node].plan;
  const Shape& input = net.shape(net.nodes()[node].inputs[0]);
  std::string text;
  if (plan.unseen_rows > 0) {
    text = DescribeUnseen("row", input.height, plan.unseen_rows);
  }
  if (plan.unseen_columns > 0) {
    text += text.empty() ? "" : " and ";
    text += DescribeUnseen("column", input.width, plan.unseen_columns);
  }
  return text;
}

std::unique_ptr<Net> BuildNet(const LoadedJob& job, const Shape& input, int classes) {
  const v1::Model& model = job.job.model();
  if (model.has_input()) {
    const Shape stated{.channels = model.input().channels(),
                       .height = model.input().height(),
                       .width = model.input().width()};
    if (stated != input) {
      throw ConfigError(fmt::format("{}: must be what the data has, {}, is {}",
                                    job.positions.Describe("model.input"), ToString(input),
                                    ToString(stated)));
    }
  }
  auto net = std::make_unique<Net>(input, job.job.microbatch(), ConvolutionsOf(model));
  std::map<std::string, int> nodes{{kDataName, Net::kInput}};
  int last = 0;
  for (const int index : TopologicalOrder(model)) {
    const v1::Layer& layer = model.layer(index);
    std::vector<int> inputs;
    for (const std::string& name : layer.input()) {
      inputs.push_back(nodes.at(name));
    }
    try {
      last = net->Add(layer.name(), MakeLayer(layer), inputs);
    } catch (const LayerError& error) {
      throw ConfigError(fmt::format("{}: {}, in layer {}", DescribeField(job, index, error.field()),
                                    error.what(), layer.name()));
    }
    nodes[layer.name()] = last;
    const std::string unseen = DescribeUnseen(*net, last);
    if (model.strict_shapes() && !unseen.empty()) {
      throw ConfigError(
          fmt::format("{}: no window sees {} of its {} input, which model.strict_shapes forbids; "
                      "change kernel, "
                      "stride or padding",
                      DescribeField(job, index, ""), unseen,
                      ToString(net->shape(net->nodes()[last].inputs[0]))));
    }
  }
  if (net->output() != Shape{.channels = classes}) {
    throw ConfigError(
        fmt::format("{}: the last layer must give one number for each of the {} classes, gives {}",
                    job.positions.Describe(fmt::format("model.layer[{}]", model.layer_size() - 1)),
                    classes, ToString(net->output())));
  }
  return net;
}

}  // namespace lockstep
