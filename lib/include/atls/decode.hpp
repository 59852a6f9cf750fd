// libatls: show what attestation evidence, certificates and CRLs say. Decoding verifies nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace atls::v1 {

struct Decoded {
  std::string kind;          // "snp-report", "certificate", "bundle", ...; "unknown" when it was not recognised
  std::string claims_json;   // the tree of claims, as in "evidence[].claims" of a report; what was decoded before an error is kept
  std::string error;         // where decoding stopped and why; empty when all was decoded
};

// Any input that atls-dump takes: raw, hex, base64 or PEM; the kind is detected from the content. `name` is used in messages.
// Throws nothing but std::bad_alloc.
Decoded decode(std::span<const std::uint8_t> input, const std::string& name = "input");

}  // namespace atls::v1
