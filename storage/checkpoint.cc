#include "storage/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

#include "storage/error.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/sealed_file.h"
#include "storage/sha256.h"

namespace lockstep::storage {
namespace {

static_assert(std::endian::native == std::endian::little,
              "WeightsSha256 hashes floats as they lie");

constexpr SealFormat kCheckpointFormat = {
    .what = "checkpoint",
    .tag = "CKP",
    .version = 1,
    .remedy = "use another checkpoint, and delete this one",
};

void CheckName(const std::string& name) {
  using namespace std::string_view_literals;
  if (name.empty() || name == "." || name.find_first_of("/\0"sv) != std::string::npos) {
    throw std::logic_error(fmt::format("'{}' cannot name anything in a checkpoint", name));
  }
}

void WriteArrays(Hdf5Writer& writer, const std::string& group, const NamedArrays& arrays) {
  writer.MakeGroup(group);
  for (const auto& [name, array] : arrays) {
    CheckName(name);
    const std::string path = fmt::format("{}/{}", group, name);
    const auto odd =
        std::ranges::find_if_not(array.values, [](float x) { return std::isfinite(x); });
    if (odd != array.values.end()) {
      throw Error(
          fmt::format("checkpoint refused: {} holds {} at element {}; training has "
                      "diverged, resume from an earlier checkpoint",
                      path, *odd, odd - array.values.begin()));
    }
    writer.WriteArray<float>(path, array.dims, array.values);
  }
}

void WriteState(Hdf5Writer& writer, const std::string& path, const StateValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    writer.WriteArray<int64_t>(path, {}, std::span(integer, 1));
  } else if (const auto* number = std::get_if<double>(&value)) {
    writer.WriteArray<double>(path, {}, std::span(number, 1));
  } else {
    writer.WriteText(path, std::get<std::string>(value));
  }
}

// Reads one checkpoint out of an open file.
class Decoder {
 public:
  Decoder(const Hdf5Reader& reader, const std::string& name) : reader_(reader), name_(name) {}

  NamedArrays Arrays(const std::string& group) const { return Arrays(group, nullptr); }

  // Single integers go to `counts`, if there is somewhere for them to go.
  NamedArrays Arrays(const std::string& group, std::map<std::string, int64_t>* counts) const {
    NamedArrays arrays;
    for (const std::string& name : reader_.Children(group)) {
      const std::string path = fmt::format("{}/{}", group, name);
      DatasetInfo info = reader_.Describe(path);
      if (counts != nullptr && info.kind == ElementKind::kInteger && info.dims.empty()) {
        (*counts)[name] = reader_.ReadArray<int64_t>(path).at(0);
        continue;
      }
      if (info.kind != ElementKind::kFloat || info.element_bytes != sizeof(float)) {
        Fail(path, fmt::format("is {}, should be 32-bit float", info.ElementText()));
      }
      arrays[name] = {.dims = std::move(info.dims), .values = reader_.ReadArray<float>(path)};
    }
    return arrays;
  }

  StateValue State(const std::string& path) const {
    const DatasetInfo info = reader_.Describe(path);
    if (info.kind == ElementKind::kText) {
      return reader_.ReadText(path);
    }
    if (info.dims.empty() && info.kind == ElementKind::kInteger) {
      return reader_.ReadArray<int64_t>(path).at(0);
    }
    if (info.dims.empty() && info.kind == ElementKind::kFloat) {
      return reader_.ReadArray<double>(path).at(0);
    }
    Fail(path, fmt::format("is {}, should be a single number or text", info.ElementText()));
  }

 private:
  [[noreturn]] void Fail(const std::string& path, std::string_view problem) const {
    throw Error(fmt::format("{}: {} {}; {}", name_, path, problem, kCheckpointFormat.remedy));
  }

  const Hdf5Reader& reader_;
  const std::string& name_;
};

void HashArrays(Sha256& sha, const std::string& group, const NamedArrays& arrays) {
  const auto update = [&](const auto& values) { sha.Update(std::as_bytes(std::span(values))); };
  for (const auto& [name, array] : arrays) {
    update(fmt::format("{}/{}", group, name));
    update(std::string(1, '\0'));
    const std::vector<uint64_t> rank = {array.dims.size()};
    update(rank);
    update(array.dims);
    update(array.values);
  }
}

}  // namespace

std::vector<std::byte> EncodeCheckpoint(const Checkpoint& checkpoint) {
  Hdf5Writer writer(kSealBytes);
  WriteArrays(writer, "/parameters", checkpoint.parameters);
  for (const auto& [name, count] : checkpoint.counts) {
    CheckName(name);
    writer.WriteArray<int64_t>("/parameters/" + name, {}, std::span(&count, 1));
  }
  WriteArrays(writer, "/buffers", checkpoint.buffers);
  if (!checkpoint.average.empty()) {
    WriteArrays(writer, "/average", checkpoint.average);
  }
  writer.MakeGroup("/optimizer");
  for (const auto& [slot, arrays] : checkpoint.optimizer) {
    CheckName(slot);
    WriteArrays(writer, "/optimizer/" + slot, arrays);
  }
  writer.MakeGroup("/state");
  for (const auto& [name, value] : checkpoint.state) {
    CheckName(name);
    WriteState(writer, "/state/" + name, value);
  }
  writer.WriteText("/job", checkpoint.job);
  writer.MakeGroup("/build");
  for (const auto& [name, text] : checkpoint.build) {
    CheckName(name);
    writer.WriteText("/build/" + name, text);
  }
  std::vector<std::byte> file = writer.Image();
  Seal(file, kCheckpointFormat);
  return file;
}

Checkpoint DecodeCheckpoint(std::span<const std::byte> file, const std::string& name) {
  CheckSeal(file, kCheckpointFormat, name);
  const Hdf5Reader reader = Hdf5Reader::OpenImage(file, name);
  const Decoder decoder(reader, name);
  Checkpoint checkpoint;
  checkpoint.parameters = decoder.Arrays("/parameters", &checkpoint.counts);
  checkpoint.buffers = decoder.Arrays("/buffers");
  if (reader.Contains("/average")) {
    checkpoint.average = decoder.Arrays("/average");
  }
  checkpoint.job = reader.ReadText("/job");
  for (const std::string& slot : reader.Children("/optimizer")) {
    checkpoint.optimizer[slot] = decoder.Arrays("/optimizer/" + slot);
  }
  for (const std::string& key : reader.Children("/state")) {
    checkpoint.state[key] = decoder.State("/state/" + key);
  }
  for (const std::string& key : reader.Children("/build")) {
    checkpoint.build[key] = reader.ReadText("/build/" + key);
  }
  return checkpoint;
}

void WriteCheckpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                     const WriteOptions& options) {
  WriteFileAtomically(path, EncodeCheckpoint(checkpoint), options);
}

Checkpoint ReadCheckpoint(const std::filesystem::path& path) {
  return DecodeCheckpoint(ReadSealedFile(path, kCheckpointFormat), path.string());
}

void VerifyCheckpoint(const std::filesystem::path& path) { ReadCheckpoint(path); }

std::string WeightsSha256(const Checkpoint& checkpoint) {
  Sha256 sha;
  HashArrays(sha, "parameters", checkpoint.parameters);
  HashArrays(sha, "buffers", checkpoint.buffers);
  return Hex(sha.Finish());
}

}  // namespace lockstep::storage
