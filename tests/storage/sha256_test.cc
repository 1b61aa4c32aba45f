#include "storage/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace lockstep::storage {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// The examples of FIPS 180-4.
TEST(Sha256, AgreesWithTheStandardsExamples) {
  EXPECT_EQ(Sha256Hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex(Bytes("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(Bytes(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWhole) {
  Sha256 sha;
  for (const std::string_view piece : {"a", "", "bc"}) {
    sha.Update(Bytes(piece));
  }
  EXPECT_EQ(Hex(sha.Finish()), Sha256Hex(Bytes("abc")));
}

}  // namespace
}  // namespace lockstep::storage
