#include "storage/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "storage/hdf5_writer.h"
#include "storage/sealed_file.h"
#include "storage/sha256.h"
#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Recomputes the digest after a test has changed the content, so that only the change is wrong.
void Reseal(std::vector<std::byte>& file) {
  Sha256 sha;
  sha.Update(std::span(file).first(32));
  sha.Update(std::span(file).subspan(64));
  std::ranges::copy(sha.Finish(), file.begin() + 32);
}

std::string DecodeError(std::span<const std::byte> file) {
  return ErrorOf([&] { DecodeCheckpoint(file, "some.h5"); });
}

TEST(Checkpoint, ComesBackAsItWas) {
  const Checkpoint checkpoint = SmallCheckpoint();
  const Checkpoint back = DecodeCheckpoint(EncodeCheckpoint(checkpoint), "some.h5");
  EXPECT_EQ(back, checkpoint);
  EXPECT_TRUE(std::signbit(back.parameters.at("conv1.weight").values[1])) << "-0 became 0";
}

TEST(Checkpoint, AnAverageComesBackBesideTheParameters) {
  Checkpoint checkpoint = SmallCheckpoint();
  checkpoint.average["conv1.bias"] = {.dims = {2}, .values = {0.5F, 7}};
  EXPECT_EQ(DecodeCheckpoint(EncodeCheckpoint(checkpoint), "some.h5"), checkpoint);
  EXPECT_EQ(WeightsSha256(checkpoint), WeightsSha256(SmallCheckpoint()));
}

TEST(Checkpoint, FileComesBackAsItWas) {
  const TemporaryDirectory directory;
  WriteCheckpoint(directory / "a.h5", SmallCheckpoint());
  EXPECT_EQ(ReadCheckpoint(directory / "a.h5"), SmallCheckpoint());
  EXPECT_NO_THROW(VerifyCheckpoint(directory / "a.h5"));
}

TEST(Checkpoint, EmptyCheckpointComesBackEmpty) {
  EXPECT_EQ(DecodeCheckpoint(EncodeCheckpoint({}), "some.h5"), Checkpoint{});
}

TEST(Checkpoint, HundredsOfLayersAndLargeTextsComeBack) {
  Checkpoint checkpoint;
  for (int i = 0; i < 500; ++i) {
    checkpoint.parameters["block" + std::to_string(i) + ".weight"] = {
        .dims = {7, i}, .values = std::vector<float>(static_cast<size_t>(7 * i), 0.5F)};
  }
  checkpoint.job = std::string(200'000, 'x');  // beyond the limit of HDF5's attributes
  EXPECT_EQ(DecodeCheckpoint(EncodeCheckpoint(checkpoint), "some.h5"), checkpoint);
}

// Also finds memory that was never written to: M_PERTURB fills it differently each time.
TEST(Checkpoint, BytesDependOnTheContentAlone) {
  mallopt(M_PERTURB, 0x55);
  const std::vector<std::byte> first = EncodeCheckpoint(SmallCheckpoint());
  mallopt(M_PERTURB, 0xAA);
  const std::vector<std::byte> second = EncodeCheckpoint(SmallCheckpoint());
  mallopt(M_PERTURB, 0);
  EXPECT_TRUE(first == second);
}

TEST(Checkpoint, SeveralCanBeOpenAtOnceWithoutMixing) {
  const std::vector<std::byte> one = EncodeCheckpoint(SmallCheckpoint(1));
  const std::vector<std::byte> two = EncodeCheckpoint(SmallCheckpoint(2));
  const Hdf5Writer open_writer;
  EXPECT_EQ(DecodeCheckpoint(one, "one.h5"), SmallCheckpoint(1));
  EXPECT_EQ(DecodeCheckpoint(two, "two.h5"), SmallCheckpoint(2));
}

TEST(Checkpoint, TruncationAtEveryLengthIsDetected) {
  const std::vector<std::byte> file = EncodeCheckpoint(SmallCheckpoint());
  for (size_t length = 0; length < file.size(); ++length) {
    // A copy of its own, so that a sanitizer sees any access past the end.
    const std::vector<std::byte> cut(file.begin(),
                                     file.begin() + static_cast<std::ptrdiff_t>(length));
    ASSERT_THROW(DecodeCheckpoint(cut, "some.h5"), Error) << "after " << length << " bytes";
  }
}

TEST(Checkpoint, AFlippedBitAtEveryByteIsDetected) {
  std::vector<std::byte> file = EncodeCheckpoint(SmallCheckpoint());
  for (size_t i = 0; i < file.size(); ++i) {
    const std::byte flip{static_cast<unsigned char>(1U << (i % 8))};
    file[i] ^= flip;
    ASSERT_THROW(DecodeCheckpoint(file, "some.h5"), Error) << "at byte " << i;
    file[i] ^= flip;
  }
  EXPECT_EQ(DecodeCheckpoint(file, "some.h5"), SmallCheckpoint());
}

TEST(CheckpointError, SaysThatTheFileIsEmpty) {
  EXPECT_THAT(DecodeError({}), AllOf(HasSubstr("some.h5: is empty"), HasSubstr("another")));
}

TEST(CheckpointError, SaysWhereTheFileIsCutOff) {
  const std::vector<std::byte> file = EncodeCheckpoint(SmallCheckpoint());
  EXPECT_THAT(DecodeError(std::span(file).first(100)), HasSubstr("is cut off after 100 bytes"));
  EXPECT_THAT(DecodeError(std::span(file).first(1000)),
              HasSubstr("long and is 1000: it was cut off"));
}

TEST(CheckpointError, SaysThatTheFileIsSomethingElse) {
  const std::string text(1000, 'x');
  EXPECT_THAT(DecodeError(std::as_bytes(std::span(text))),
              HasSubstr("some.h5: is something else, not a Lockstep checkpoint file; check"));
  EXPECT_THAT(DecodeError(Hdf5Writer().Image()), HasSubstr("is some other HDF5 file, not a"));
}

TEST(CheckpointError, SaysThatANewerProgramWroteTheFile) {
  std::vector<std::byte> file = EncodeCheckpoint(SmallCheckpoint());
  file[16] = std::byte{2};
  Reseal(file);
  EXPECT_THAT(DecodeError(file), AllOf(HasSubstr("format version 2"), HasSubstr("up to 1"),
                                       HasSubstr("use the newer Lockstep")));
}

TEST(CheckpointError, SaysThatTheContentIsDamaged) {
  std::vector<std::byte> file = EncodeCheckpoint(SmallCheckpoint());
  file.back() ^= std::byte{1};
  EXPECT_THAT(DecodeError(file), HasSubstr("some.h5: is damaged: its content does not match"));
}

TEST(CheckpointError, NamesTheGroupThatIsMissing) {
  Hdf5Writer writer(kSealBytes);
  writer.MakeGroup("/parameters");
  std::vector<std::byte> file = writer.Image();
  const std::vector<std::byte> whole = EncodeCheckpoint(SmallCheckpoint());
  std::copy_n(whole.begin(), 64, file.begin());
  const uint64_t length = file.size() - kSealBytes;
  std::ranges::copy(std::as_bytes(std::span(&length, 1)), file.begin() + 24);
  Reseal(file);
  EXPECT_THAT(DecodeError(file), HasSubstr("some.h5: /buffers: is missing"));
}

TEST(CheckpointError, SaysThatThereIsNoSuchFile) {
  EXPECT_THAT(ErrorOf([] { ReadCheckpoint("/nowhere/a.h5"); }),
              HasSubstr("/nowhere/a.h5: cannot be read: No such file or directory"));
  EXPECT_THAT(ErrorOf([] { VerifyCheckpoint("/proc"); }), HasSubstr("/proc: is a directory"));
}

TEST(CheckpointError, RefusesToWriteWhatIsNotFinite) {
  const TemporaryDirectory directory;
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    for (const auto arrays :
         {&Checkpoint::parameters, &Checkpoint::buffers, &Checkpoint::average}) {
      Checkpoint checkpoint = SmallCheckpoint();
      (checkpoint.*arrays)["odd"] = {.dims = {2}, .values = {0, bad}};
      EXPECT_THAT(ErrorOf([&] { WriteCheckpoint(directory / "a.h5", checkpoint); }),
                  AllOf(HasSubstr("/odd holds"), HasSubstr("at element 1"), HasSubstr("diverged")));
    }
    Checkpoint checkpoint = SmallCheckpoint();
    checkpoint.optimizer["momentum"]["conv1.bias"].values[0] = bad;
    EXPECT_THAT(ErrorOf([&] { WriteCheckpoint(directory / "a.h5", checkpoint); }),
                HasSubstr("/optimizer/momentum/conv1.bias holds"));
  }
  EXPECT_THAT(FileNames(directory.path()), testing::IsEmpty());
}

TEST(CheckpointMistake, NamesThatAreNoneAreRefused) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string("a/b"), std::string("a\0b", 3)}) {
    Checkpoint checkpoint;
    checkpoint.parameters[name] = {.dims = {1}, .values = {1}};
    EXPECT_THROW(EncodeCheckpoint(checkpoint), std::logic_error) << name;
  }
}

TEST(CheckpointMistake, AsManyValuesAsTheDimsSay) {
  Checkpoint checkpoint;
  checkpoint.parameters["a"] = {.dims = {2, 3}, .values = {1, 2, 3, 4, 5}};
  EXPECT_THROW(EncodeCheckpoint(checkpoint), std::logic_error);
}

TEST(WeightsSha256, CoversNamesShapesValuesAndKindsAndNothingElse) {
  const std::string digest = WeightsSha256(SmallCheckpoint());
  Checkpoint other = SmallCheckpoint(7);
  other.job = "other";
  other.build.clear();
  other.optimizer.clear();
  EXPECT_EQ(WeightsSha256(other), digest);

  other.parameters["conv1.weight"].values[1] = 0.0F;  // was -0
  EXPECT_NE(WeightsSha256(other), digest);
  other = SmallCheckpoint();
  other.parameters["conv1.weight"].dims = {2, 1, 3, 1};
  EXPECT_NE(WeightsSha256(other), digest);
  other = SmallCheckpoint();
  other.counts["norm.num_batches_tracked"] = 5;
  EXPECT_EQ(WeightsSha256(other), digest);
  other = SmallCheckpoint();
  other.buffers["conv1.weight"] = other.parameters.extract("conv1.weight").mapped();
  EXPECT_NE(WeightsSha256(other), digest);
  other = SmallCheckpoint();
  other.parameters["conv2.weight"] = other.parameters.extract("conv1.weight").mapped();
  EXPECT_NE(WeightsSha256(other), digest);
}

}  // namespace
}  // namespace lockstep::storage
