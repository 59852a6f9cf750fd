// Simulated platforms and what tests ask of their objects.
#pragma once

#include <doctest/doctest.h>

#include <memory>

#include "crypto/certificate.hpp"
#include "sim/intel_platform.hpp"
#include "sim/platform.hpp"

namespace atls::test {

template <class Platform, class Options>
std::unique_ptr<Platform> make_platform(Options options) {
  auto platform = Platform::create(std::move(options));
  REQUIRE_MESSAGE(platform, (platform ? std::string() : platform.error().message()));
  return *std::move(platform);
}
inline std::unique_ptr<sim::SnpPlatform> make_snp(sim::SnpOptions options = {}) { return make_platform<sim::SnpPlatform>(std::move(options)); }
inline std::unique_ptr<sim::IntelPlatform> make_intel(sim::IntelOptions options = {}) { return make_platform<sim::IntelPlatform>(std::move(options)); }

inline std::array<std::uint8_t, 64> some_report_data() {
  std::array<std::uint8_t, 64> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i);
  return out;
}

inline crypto::Certificate certificate(Bytes der) {
  auto out = crypto::Certificate::from_der(der);
  REQUIRE(out);
  return *std::move(out);
}

}  // namespace atls::test
