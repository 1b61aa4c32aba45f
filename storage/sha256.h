#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace lockstep::storage {

using Sha256Digest = std::array<std::byte, 32>;

// SHA-256 (FIPS 180-4) of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();

  void Update(std::span<const std::byte> bytes);
  // The digest of everything so far. REQUIRES that it is the last call.
  Sha256Digest Finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Lower-case hexadecimal digits, two a byte.
std::string Hex(std::span<const std::byte> bytes);

// SHA-256 of `bytes` as 64 hexadecimal digits, as `sha256sum` prints it.
std::string Sha256Hex(std::span<const std::byte> bytes);

}  // namespace lockstep::storage
