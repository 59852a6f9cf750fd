// What a simulated chip and its guest are: fixed facts per product line, and values derived from the seed.
#pragma once

#include <array>
#include <string_view>

#include "crypto/openssl.hpp"
#include "sim/keys.hpp"
#include "sim/platform.hpp"

namespace atls::sim {

// One firmware level per line, as seen on real machines of that line.
struct ProductProfile {
  snp::ProductLine line;
  std::array<std::uint8_t, 3> cpuid;         // combined family, combined model, stepping
  std::array<std::uint8_t, 8> tcb;
  snp::FirmwareVersion firmware;
  std::uint64_t platform_info, mitigations;
  std::uint8_t struct_version;               // of the VEK extensions
  std::string_view vcek_product_name;
  std::size_t hwid_size;
};
const ProductProfile& product_profile(snp::ProductLine line);

struct Identity {
  std::array<std::uint8_t, 64> chip_id{};    // of the chip, also when the report masks it
  std::array<std::uint8_t, 48> measurement{};
  std::array<std::uint8_t, 32> host_data{}, report_id{};
  crypto::PkeyPtr vcek, vlek;
};
Result<Identity> derive_identity(const SnpOptions& options);

}  // namespace atls::sim
