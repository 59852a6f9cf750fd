// Command line of atls-serve.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/attester.hpp"
#include "common/io.hpp"
#include "common/options.hpp"

namespace atls::serve {

inline constexpr tools::ToolInfo kTool{
    .name = "atls-serve",
    .summary = "Attested TLS test server: serves fresh evidence, verifies clients, misbehaves in named ways",
    .example = "atls-serve --export-platform ./platform 127.0.0.1:8443 &\n"
               "  atls-connect --policy ./platform/policy.json --trust-simulated 127.0.0.1:8443"};

inline constexpr std::string_view kDefaultAddress = "127.0.0.1:8443";

enum class Application { echo, http, exec, forward };
enum class Log { text, json, none };

struct Options {
  std::string address;                     // empty: not given
  std::string profile = "auto";
  tools::AttesterOptions attester;
  bool verify_client = false;
  tools::PolicyOptions policy;
  tools::TrustOptions trust;
  tools::CollateralOptions collateral;
  bool tls12_only = false, tls13_only = false;

  Application application = Application::echo;
  std::string exec_command, forward_target;

  std::size_t max_connections = 512, max_per_address = 0;   // 0: a quarter of max_connections
  unsigned handshake_timeout = 15, idle_timeout = 300;   // seconds
  std::uint64_t count = 0;                 // connections, then exit; 0: until a signal
  Log log = Log::text;

  std::string export_directory, collateral_address;
  bool list_faults = false, list_profiles = false, json = false;
};

// Combinations that make no sense are thrown as tools::UsageError.
Options parse(int argc, char** argv);

}  // namespace atls::serve
