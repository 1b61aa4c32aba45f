#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace lockstep {

// A place in a text. Lines and columns count from 1; a tab goes to the next multiple of 8.
struct Position {
  int line = 1;
  int column = 1;

  bool operator<(const Position& other) const {
    return std::tie(line, column) < std::tie(other.line, other.column);
  }
};

// Remembers where each setting of a job was written, so that an error found later, by whoever uses
// the setting, can point at it.
class SourceMap {
 public:
  explicit SourceMap(std::string file) : file_(std::move(file)) {}

  // The field at `path` ("model.layer[3].conv2d.stride") stands at `position` of the file.
  void AddField(const std::string& path, Position position) { fields_.emplace(path, position); }
  // The field at `path` was set by `--set argument`, whatever the file says.
  void AddOverride(std::string path, std::string argument);

  // Whether the file or an override sets just the field at `path`.
  bool Sets(std::string_view path) const;

  // Where `path` was set, and the path: "lenet5.textproto:12:3: model.layer[3].conv2d.stride" or
  // "--set seed=x: seed". For a setting that was not written, the place of the innermost message
  // around it that was; the file's first character at last. A list stands where its first element
  // does. An empty path is the whole job.
  std::string Describe(std::string_view path) const;

 private:
  struct Override {
    std::string path;
    std::string argument;
  };

  std::string Place(std::string_view path) const;
  const Override* OverrideAround(std::string_view path) const;
  const Override* OverrideWithin(std::string_view path) const;

  std::string file_;
  std::map<std::string, Position, std::less<>> fields_;
  std::vector<Override> overrides_;  // in the order they were applied
};

}  // namespace lockstep
