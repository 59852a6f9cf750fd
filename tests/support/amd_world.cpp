#include "support/amd_world.hpp"

#include "crypto/certificate.hpp"
#include "pem/pem.hpp"

namespace atls::test {
namespace {

std::string product_text(snp::ProductLine product) { return std::string(snp::product_name(product)); }

// One octet string longer than 127 bytes never occurs here: 64 bytes at most.
Buffer octet_string(Bytes content) {
  Buffer out{0x04, static_cast<std::uint8_t>(content.size())};
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

constexpr std::array<std::uint8_t, 8> kLegacyTcb{4, 0, 0, 0, 0, 0, 24, 217}, kTurinTcb{1, 1, 1, 4, 0, 0, 0, 81};

}  // namespace

struct AmdWorld::Keys { crypto::PkeyPtr ark = rsa_key(), ask = rsa_key(), asvk = rsa_key(), chip = ec_key(); };

const AmdWorld::Keys& AmdWorld::keys() const {
  static const Keys own, foreign;
  return foreign_ ? foreign : own;
}

AmdWorld::AmdWorld(snp::ProductLine product, bool foreign) : product_(product), foreign_(foreign) {}

Buffer AmdWorld::ark() const {
  const Buffer subject = name("ARK-" + product_text(product_));
  return make_certificate({.subject = subject, .issuer = subject, .serial_hex = "010000", .ca = true}, *keys().ark, *keys().ark);
}

Buffer AmdWorld::ask() const {
  return make_certificate({.subject = name("SEV-" + product_text(product_)), .issuer = name("ARK-" + product_text(product_)), .serial_hex = "010001", .ca = true},
                          *keys().ask, *keys().ark);
}

Buffer AmdWorld::asvk() const {
  return make_certificate({.subject = name("SEV-VLEK-" + product_text(product_)), .issuer = name("ARK-" + product_text(product_)), .serial_hex = "010101", .ca = true},
                          *keys().asvk, *keys().ark);
}

Buffer AmdWorld::vek(const VekSpec& spec, bool by_asvk) const {
  using enum snp::TcbComponent;
  const bool turin = product_ == snp::ProductLine::turin;
  const snp::TcbLayout layout = snp::tcb_layout(product_);
  const std::string arc = "1.3.6.1.4.1.3704.1";
  CertSpec cert{.subject = name(spec.cn), .issuer = name((by_asvk ? "SEV-VLEK-" : "SEV-") + product_text(product_)), .serial_hex = "00"};
  const auto add = [&](const std::string& end, Buffer value) {
    if (end != spec.leave_out) cert.extensions.push_back({arc + end, std::move(value), false});
  };
  const auto spl = [&](snp::TcbComponent c) { return der_integer(spec.tcb.component(c, layout).value_or(0)); };
  add(".1", der_integer(0));
  add(".2", der_text(0x16, !spec.product_name.empty() ? spec.product_name : product_ == snp::ProductLine::milan ? "Milan-B0" : product_text(product_)));
  add(".3.1", spl(bootloader));
  add(".3.2", spl(tee));
  add(".3.3", spl(snp));
  if (turin) add(".3.9", spl(fmc));
  else add(".3.4", der_integer(spec.tcb.raw[2]));
  for (unsigned i = 5; i <= 7; ++i) add(".3." + std::to_string(i), der_integer(turin ? 0 : spec.tcb.raw[i - 2]));
  add(".3.8", spl(microcode));
  if (!by_asvk) {
    const Bytes chip = Bytes(spec.chip).first(turin ? 8 : 64);
    add(".4", spec.wrapped_hwid ? octet_string(chip) : to_buffer(chip));
  } else {
    add(".5", der_text(0x16, "CN=cloud.example"));
  }
  return make_certificate(cert, *keys().chip, by_asvk ? *keys().asvk : *keys().ask);
}

Buffer AmdWorld::crl(Time this_update, const std::string& issuer) const {
  return make_crl({.issuer = name(issuer.empty() ? "ARK-" + product_text(product_) : issuer), .this_update = this_update}, *keys().ark);
}

std::shared_ptr<const evidence::TrustStore> AmdWorld::trust(bool roots_only) const {
  evidence::TrustStore store;
  const auto key = [&](evidence::CaRole role, const std::string& cn, EVP_PKEY& pkey) {
    return evidence::CaKey{.role = role, .product = product_, .subject_cn = cn, .serial_hex = "010000", .not_before = {}, .not_after = {}, .spki = spki_of(pkey), .spki_sha256 = {}, .simulated = false};
  };
  store.add({key(evidence::CaRole::ark, "ARK-" + product_text(product_), *keys().ark)});
  if (!roots_only)
    store.add({key(evidence::CaRole::ask, "SEV-" + product_text(product_), *keys().ask), key(evidence::CaRole::asvk, "SEV-VLEK-" + product_text(product_), *keys().asvk)});
  return std::make_shared<const evidence::TrustStore>(std::move(store));
}

CollateralQuery AmdWorld::query(CollateralKind kind, std::uint8_t chip) const {
  CollateralQuery query{.kind = kind, .product = product_};
  const bool turin = product_ == snp::ProductLine::turin;
  for (std::size_t i = 0; i < (turin ? 8u : 64u); ++i) query.chip_id[i] = static_cast<std::uint8_t>(chip + i);
  query.reported_tcb.raw = turin ? kTurinTcb : kLegacyTcb;
  query.vlek = kind == CollateralKind::amd_vlek || kind == CollateralKind::amd_asvk;
  return query;
}

Buffer AmdWorld::vcek(std::uint8_t chip) const {
  const CollateralQuery asked = query(CollateralKind::amd_vcek, chip);
  return vek({.chip = asked.chip_id, .tcb = asked.reported_tcb});
}

std::string pem_certificates(const std::vector<Buffer>& ders) {
  std::string out;
  for (const Buffer& der : ders) out += pem::encode("CERTIFICATE", der);
  return out;
}

}  // namespace atls::test
