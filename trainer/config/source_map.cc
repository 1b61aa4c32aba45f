#include "trainer/config/source_map.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockstep {
namespace {

// Whether `inner` is `outer` or lies within it: "a.b" is around "a.b", "a.b.c" and "a.b[0]".
bool Contains(std::string_view outer, std::string_view inner) {
  if (!inner.starts_with(outer)) {
    return false;
  }
  return inner.size() == outer.size() || inner[outer.size()] == '.' || inner[outer.size()] == '[';
}

// "a.b[0].c" -> "a.b[0]" -> "a.b" -> "a" -> "".
std::string_view Enclosing(std::string_view path) {
  const size_t end = path.find_last_of(".[");
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

}  // namespace

void SourceMap::AddOverride(std::string path, std::string argument) {
  overrides_.push_back({std::move(path), std::move(argument)});
}

bool SourceMap::Sets(std::string_view path) const {
  return fields_.contains(path) ||
         std::ranges::find(overrides_, path, &Override::path) != overrides_.end();
}

std::string SourceMap::Describe(std::string_view path) const {
  return path.empty() ? Place(path) : fmt::format("{}: {}", Place(path), path);
}

std::string SourceMap::Place(std::string_view path) const {
  if (const Override* override_around = OverrideAround(path)) {
    return "--set " + override_around->argument;
  }
  const std::string first_element = fmt::format("{}[0]", path);
  if (fields_.contains(first_element)) {
    path = first_element;
  }
  for (; !path.empty(); path = Enclosing(path)) {
    if (const auto field = fields_.find(path); field != fields_.end()) {
      return fmt::format("{}:{}:{}", file_, field->second.line, field->second.column);
    }
    // Not in the file: an override of something in it has made it.
    if (const Override* override_within = OverrideWithin(path)) {
      return "--set " + override_within->argument;
    }
  }
  return file_ + ":1:1";
}

const SourceMap::Override* SourceMap::OverrideAround(std::string_view path) const {
  const auto found = std::find_if(overrides_.rbegin(), overrides_.rend(),
                                  [path](const Override& o) { return Contains(o.path, path); });
  return found == overrides_.rend() ? nullptr : &*found;
}

const SourceMap::Override* SourceMap::OverrideWithin(std::string_view path) const {
  const auto found = std::find_if(overrides_.rbegin(), overrides_.rend(),
                                  [path](const Override& o) { return Contains(path, o.path); });
  return found == overrides_.rend() ? nullptr : &*found;
}

}  // namespace lockstep
