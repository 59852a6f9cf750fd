// A small Intel of our own: root, CAs, TCB signer, one PCK certificate, CRLs and signed documents. Keys are made once per process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "collateral/collateral.hpp"
#include "evidence/trust.hpp"
#include "support/certs.hpp"

namespace atls::test {

class IntelWorld {
 public:
  explicit IntelWorld(bool foreign = false) : foreign_(foreign) {}   // foreign: other keys, same names

  Buffer root() const, platform_ca() const, processor_ca() const, tcb_signer() const;
  Buffer pck() const;                                                // FMSPC kFmspc, by the Platform CA
  Buffer root_crl(Time this_update = day(1)) const, pck_crl(bool processor = false, Time this_update = day(1)) const;
  // Responses of the PCS, signed by the TCB signer over exactly `signed_text`; empty: the sample of support/intel_samples.hpp.
  Buffer tcb_info(const std::string& signed_text = {}) const, qe_identity(const std::string& signed_text = {}) const;
  std::shared_ptr<const evidence::TrustStore> trust() const;         // the root
  EVP_PKEY& signer_key() const;

  static constexpr const char* kFmspc = "90c06f010203";
  static Time day(unsigned d) { return Time{std::chrono::sys_days{std::chrono::year{2026} / 1 / static_cast<int>(d)}}; }

 private:
  struct Keys;
  const Keys& keys() const;
  bool foreign_;
};

std::string pem_of(const std::vector<Buffer>& ders);                // CERTIFICATE blocks
Buffer sign_p256(EVP_PKEY& key, Bytes message);                      // r and s, 64 bytes
std::string with_issue_date(std::string document, const std::string& date);   // of the samples

}  // namespace atls::test
