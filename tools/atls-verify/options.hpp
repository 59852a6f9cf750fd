// Command line of atls-verify.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "common/io.hpp"
#include "common/options.hpp"
#include "evidence/load.hpp"

namespace atls::verify {

inline constexpr tools::ToolInfo kTool{
    .name = "atls-verify",
    .summary = "Verify saved certificates, evidence and bundles of attested TLS, offline if need be",
    .example = "atls-verify --offline --policy policy.json handshake.bundle"};

struct Options {
  std::vector<std::string> files;
  bool stdin_jsonl = false;
  std::string profile = "auto", nonce_hex, as;
  unsigned jobs = 1;
  tools::EvidenceOptions evidence;
  tools::PolicyOptions policy;
  tools::TrustOptions trust;
  tools::CollateralOptions collateral;
  tools::ExportOptions save;
  std::string expiry, within = "7d";       // --collateral-expiry, --within
  tools::TimeOptions time;
  tools::OutputOptions output;

  // Decoded by check().
  std::optional<Buffer> nonce;
  std::optional<evidence::InputKind> kind;
  std::chrono::seconds within_span{};
};

// Values and combinations that make no sense are a UsageError.
Options parse(int argc, char** argv);

}  // namespace atls::verify
