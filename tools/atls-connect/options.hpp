// Command line of atls-connect.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "channel/client.hpp"
#include "common/attester.hpp"
#include "common/io.hpp"
#include "common/options.hpp"

namespace atls::connect {

inline constexpr tools::ToolInfo kTool{
    .name = "atls-connect",
    .summary = "Attested TLS client: connects, verifies the evidence of the server, says what was proven and what was not",
    .example = "atls-connect --policy platform/policy.json --trust-simulated --http-get / 127.0.0.1:8443"};

// Application data may pause for as long as the two programs like; this is the longest wait that poll can express.
inline constexpr std::chrono::milliseconds kNoLimit{1 << 30};

struct Options {
  std::string target;
  std::string profile = "auto";
  bool list_profiles = false;

  bool v4 = false, v6 = false;
  double connect_timeout = 10, timeout = 60;     // seconds
  std::string proxy;
  std::string alpn;                              // comma separated; empty: not given; "none"
  bool tls12 = false, tls13 = false;
  std::string ciphers, groups, keylog;
  std::string nonce;                             // hex; empty: drawn
  bool allow_unattested_server = false;
  tools::AttesterOptions attest_as;              // spec empty: no evidence of our own

  bool pipe = false;
  std::string http_get, output, listen;
  bool http_fail = false;

  bool show_certificates = false;
  std::string save_bundle, save_cert, save_evidence;
  tools::ExportOptions save_collateral;
  unsigned repeat = 1;

  tools::EvidenceOptions evidence;
  tools::PolicyOptions policy;
  tools::TrustOptions trust;
  tools::CollateralOptions collateral;
  tools::TimeOptions time;
  tools::OutputOptions report;

  bool data_on_stdout() const { return pipe || (!http_get.empty() && (output.empty() || output == "-")); }
};

// Combinations that make no sense are thrown as tools::UsageError, with both options named.
Options parse(int argc, char** argv);
// What the channel takes, without server name and certificate. Errors are usage errors.
Result<channel::ClientOptions> client_options(const Options& options);

}  // namespace atls::connect
