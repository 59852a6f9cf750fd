// libatls: judge attestation evidence. The rules, defaults and exit codes are those of atls-verify(1).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace atls::v1 {

// The defaults demand everything: revocation data, a pinned identity, today's dates, AMD's own roots.
struct Options {
  std::string policy_json;                                // atls-policy/1; empty: nothing is pinned, so nothing gets exit code 0
  std::filesystem::path policy_directory;                 // relative file names in the policy start here
  std::optional<std::chrono::sys_seconds> at;             // judge as of this time; empty: now
  std::string nonce_hex;                                  // of a bare certificate; a bundle brings its own
  std::string crl = "require";                            // "require", "if-available", "off"
  bool any_measurement = false;                           // accept a guest that nothing identifies
  std::vector<std::string> trust_anchors_pem;             // PEM texts; not empty: they replace the built-in roots

  std::vector<std::filesystem::path> collateral_dirs;     // directories or files with certificates and CRLs
  std::filesystem::path cache_dir;                        // empty: no cache
  bool offline = false;                                   // never use the network
  std::string kds_url;                                    // empty: AMD's service
  std::string kds_ca_file, kds_proxy;
};

struct Verdict {
  int exit_code = 70;                                     // 0 and nothing else means verified
  std::string result;                                     // "verified", "rejected", "undecided", "refused", ..., "error"
  std::string reason;                                     // id of the deciding check; empty when verified
  std::string error;                                      // for result "error": what is wrong with the options
  std::string report_json;                                // the whole report, schema "atls-report/1"

  bool verified() const { return exit_code == 0; }
};

// `name` stands for the input in the report. Wrong options give exit code 1, an error of ours 70; nothing but std::bad_alloc is
// thrown. Thread-safe.
Verdict verify(std::span<const std::uint8_t> input, const Options& options, const std::string& name = "input");
// A file, or a directory in the layouts that atls-verify reads.
Verdict verify_file(const std::filesystem::path& path, const Options& options);

}  // namespace atls::v1
