#include "trainer/cli/net_table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "trainer/nn/fusion.h"
#include "trainer/report/table.h"
#include "trainer/train/net_builder.h"

namespace lockstep {
namespace {

// "no window sees row 10 and column 10 of its 11x11 input"
std::string Note(const Net& net, int node) {
  const std::string unseen = DescribeUnseen(net, node);
  if (unseen.empty()) {
    return "";
  }
  return fmt::format("no window sees {} of its {} input", unseen,
                     ToString(net.shape(net.nodes()[node].inputs[0])));
}

// By node. Of those that run as one stage, the first has the stage's.
std::vector<std::string> Algorithms(const Net& net) {
  std::vector<std::string> algorithms(net.nodes().size());
  for (const Stage& stage : PlanStages(net, Phase::kTraining)) {
    algorithms[stage.first] = stage.plan.algorithm;
  }
  return algorithms;
}

}  // namespace

std::string NetTable(const Net& net) {
  TextTable table({{.heading = "layer"},
                   {.heading = "kind"},
                   {.heading = "output"},
                   {.heading = "parameters", .align = Align::kRight},
                   {.heading = "buffers", .align = Align::kRight},
                   {.heading = "MFLOP", .align = Align::kRight},
                   {.heading = "algorithm"},
                   {.heading = "note"}});
  table.AddRow({"data", "", ToString(net.input()), "", "", "", "", ""});
  const std::vector<std::string> algorithms = Algorithms(net);
  for (size_t i = 0; i < net.nodes().size(); ++i) {
    const Net::Node& node = net.nodes()[i];
    table.AddRow({node.name, std::string(node.layer->kind()), ToString(node.plan.output),
                  WithThousands(node.parameters.size), WithThousands(node.buffers.size),
                  fmt::format("{:.3f}", static_cast<double>(node.plan.flops) * 1e-6), algorithms[i],
                  Note(net, static_cast<int>(i))});
  }
  table.AddRow({"all", "", ToString(net.output()), WithThousands(net.parameters().size()),
                WithThousands(net.parameters().buffer_size()),
                fmt::format("{:.3f}", static_cast<double>(net.flops()) * 1e-6), "", ""});
  return table.ToString();
}

nlohmann::ordered_json NetJson(const Net& net) {
  const auto dims = [](const Shape& shape) {
    return std::vector<int>{shape.channels, shape.height, shape.width};
  };
  nlohmann::ordered_json object{{"input", dims(net.input())},
                                {"output", dims(net.output())},
                                {"parameters", net.parameters().size()},
                                {"buffers", net.parameters().buffer_size()},
                                {"flops", net.flops()},
                                {"layers", nlohmann::ordered_json::array()}};
  const std::vector<std::string> algorithms = Algorithms(net);
  for (size_t i = 0; i < net.nodes().size(); ++i) {
    const Net::Node& node = net.nodes()[i];
    object["layers"].push_back({{"name", node.name},
                                {"kind", node.layer->kind()},
                                {"output", dims(node.plan.output)},
                                {"parameters", node.parameters.size},
                                {"buffers", node.buffers.size},
                                {"flops", node.plan.flops},
                                {"algorithm", algorithms[i]},
                                {"unseen_rows", node.plan.unseen_rows},
                                {"unseen_columns", node.plan.unseen_columns}});
  }
  return object;
}

}  // namespace lockstep
