// Trust anchors: CA public keys as facts (subject, serial, validity, key), never certificates that came with evidence.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "report/model.hpp"
#include "snp/tcb.hpp"

namespace atls::evidence {

enum class CaRole { ark, ask, asvk, intel_root, intel_tcb_signer };   // product is unknown for every role that is not AMD's
std::string_view ca_role_name(CaRole role);
std::string ca_subject_cn(CaRole role, snp::ProductLine product);                            // "SEV-VLEK-Milan"
std::optional<std::pair<CaRole, snp::ProductLine>> ca_from_subject_cn(std::string_view cn);  // the whole name, never a prefix

// For the tables of keys.
constexpr Time utc(int y, unsigned m, unsigned d, int h, int min, int s) {
  using namespace std::chrono;
  return sys_days{year{y} / month{m} / day{d}} + hours{h} + minutes{min} + seconds{s};
}

struct CaKey {
  CaRole role;
  snp::ProductLine product;
  std::string subject_cn;  // full DN is amd_name_der of it
  std::string serial_hex;
  Time not_before, not_after;
  Buffer spki;              // DER SubjectPublicKeyInfo
  std::string spki_sha256;  // hex
  bool simulated = false;
  std::string root_spki_sha256 = {};  // of the root that certified it; its own for a root. Evidence ends in one root, and only that one judges it
};

class TrustStore {
 public:
  static TrustStore builtin();  // AMD: ARK, ASK, ASVK of Milan, Genoa, Turin; Intel: SGX Root CA, TCB signer
  static Result<TrustStore> from_pem(
      Bytes pem_or_der);  // --trust-anchor: replaces the built-in set; ARKs and, if present, ASK/ASVK; roots of Intel's kind (self-signed P-256 CA)
  void add(std::vector<CaKey> keys) { keys_.insert(keys_.end(), keys.begin(), keys.end()); }
  const std::vector<CaKey>& keys() const { return keys_; }
  std::vector<const CaKey*> find(CaRole role, snp::ProductLine product) const;
  const CaKey* find_spki(std::string_view spki_sha256) const;

 private:
  std::vector<CaKey> keys_;
};

// The exact AMD distinguished name with this CN, as DER: OU, C, L, ST, O, CN, one attribute per RDN.
Buffer amd_name_der(std::string_view cn);

}  // namespace atls::evidence
