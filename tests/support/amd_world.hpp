// A small AMD of our own: root, intermediates, chips. Keys are made once per process, so worlds are cheap.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "collateral/collateral.hpp"
#include "evidence/trust.hpp"
#include "snp/tcb.hpp"
#include "support/certs.hpp"

namespace atls::test {

struct VekSpec {
  std::array<std::uint8_t, 64> chip{};
  snp::TcbVersion tcb;
  std::string product_name;                  // of the extension; empty: "Milan-B0", "Genoa", "Turin"
  std::string cn = "SEV-VCEK";
  std::string leave_out;                     // an extension, by the end of its OID: ".3.8"
  bool wrapped_hwid = false;
};

class AmdWorld {
 public:
  explicit AmdWorld(snp::ProductLine product = snp::ProductLine::milan, bool foreign = false);   // foreign: other CA keys, same names

  Buffer ark() const, ask() const, asvk() const;
  Buffer vek(const VekSpec& spec, bool by_asvk = false) const;
  Buffer crl(Time this_update = {std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}}, const std::string& issuer = {}) const;
  std::shared_ptr<const evidence::TrustStore> trust(bool roots_only = false) const;

  // A chip and TCB of this product, and the question and certificate for them.
  CollateralQuery query(CollateralKind kind, std::uint8_t chip = 1) const;
  Buffer vcek(std::uint8_t chip = 1) const;
  snp::ProductLine product() const { return product_; }

 private:
  struct Keys;
  const Keys& keys() const;
  snp::ProductLine product_;
  bool foreign_;
};

std::string pem_certificates(const std::vector<Buffer>& ders);

}  // namespace atls::test
