#include "sim/anchors.hpp"

#include <doctest/doctest.h>

#include <set>

#include "crypto/certificate.hpp"
#include "sim/anchors_data.hpp"
#include "sim/ca_keys.hpp"
#include "sim/x509_build.hpp"

using namespace atls;
using evidence::CaRole;
using snp::ProductLine;

namespace {

constexpr ProductLine kLines[] = {ProductLine::milan, ProductLine::genoa, ProductLine::turin};
constexpr CaRole kRoles[] = {CaRole::ark, CaRole::ask, CaRole::asvk};

CollateralKind kind_of(CaRole role) {
  return role == CaRole::ark ? CollateralKind::amd_ark : role == CaRole::ask ? CollateralKind::amd_ask : CollateralKind::amd_asvk;
}

crypto::Certificate certificate(CaRole role, ProductLine line) {
  auto out = crypto::Certificate::from_der(sim::anchor(kind_of(role), line));
  REQUIRE(out);
  return *std::move(out);
}

std::string oid_order(const crypto::Certificate& c) {
  std::string out;
  for (const auto& extension : c.extensions()) out += extension.oid + (extension.critical ? "! " : " ");
  return out;
}

}  // namespace

TEST_CASE("simulated anchors: nine different keys, each marked as simulated") {
  const auto keys = sim::trust_anchors();
  CHECK(keys.size() == 9);
  std::set<std::string> distinct;
  for (const auto& key : keys) {
    CHECK(key.simulated);
    CHECK(key.spki_sha256.size() == 64);
    distinct.insert(key.spki_sha256);
  }
  CHECK(distinct.size() == 9);
}

TEST_CASE("simulated anchors: the committed certificates have the profile of AMD's") {
  for (const ProductLine line : kLines) {
    for (const CaRole role : kRoles) {
      const crypto::Certificate c = certificate(role, line), ark = certificate(CaRole::ark, line);
      CAPTURE(c.subject_text());
      CHECK(c.version() == 3);
      CHECK(c.subject_cn() == sim::ca_common_name(role, line));
      CHECK(c.issuer_der() == ark.subject_der());
      CHECK(c.subject_text() == "CN=" + c.subject_cn() + ",O=Advanced Micro Devices,ST=CA,L=Santa Clara,C=US,OU=Engineering");
      CHECK(c.not_before() == sim::kCaValidity.not_before);
      CHECK(c.not_after() == sim::kCaValidity.not_after);
      CHECK(c.signature_scheme() == crypto::SignatureScheme::rsa_pss_sha384);
      CHECK(c.key_type() == crypto::KeyType::rsa);
      CHECK(c.key_bits() == 4096);
      CHECK(c.rsa_exponent_is_65537());
      CHECK(c.is_ca());
      CHECK(c.key_usage_cert_sign());
      const auto verified = c.signed_by(*ark.key());
      REQUIRE(verified);
      CHECK(*verified);
      CHECK(oid_order(c) == (role == CaRole::ark ? "2.5.29.15! 2.5.29.14 2.5.29.19! 2.5.29.31 " : "2.5.29.14 2.5.29.35 2.5.29.19! 2.5.29.15! 2.5.29.31 "));
      CHECK(c.path_length().has_value() == (role != CaRole::ark));
    }
  }
}

TEST_CASE("simulated anchors: every certificate belongs to its fixed key, and no foreign key is among the anchors") {
  const auto keys = sim::trust_anchors();
  for (const ProductLine line : kLines)
    for (const CaRole role : kRoles) {
      const crypto::PkeyPtr key = sim::ca_key(sim::key_owner(line), role);
      CHECK(EVP_PKEY_eq(key.get(), certificate(role, line).key()) == 1);
    }
  for (const CaRole role : kRoles) {
    const crypto::PkeyPtr foreign = sim::ca_key(sim::KeyOwner::foreign, role);
    for (const auto& anchor : keys) {
      const auto known = crypto::public_key_from_spki(anchor.spki);
      REQUIRE(known);
      CHECK(EVP_PKEY_eq(foreign.get(), known->get()) == 0);
    }
  }
}

TEST_CASE("simulated anchors: CRLs are signed by the root of their line and last as long as it") {
  for (const ProductLine line : kLines) {
    const auto crl = crypto::Crl::from_der(sim::anchor(CollateralKind::amd_crl, line));
    REQUIRE(crl);
    const crypto::Certificate ark = certificate(CaRole::ark, line);
    CHECK(crl->issuer_der() == ark.subject_der());
    CHECK(crl->next_update() == sim::kCaValidity.not_after);
    const auto verified = crl->signed_by(*ark.key());
    REQUIRE(verified);
    CHECK(*verified);
    for (const CaRole role : kRoles) CHECK_FALSE(crl->revokes(certificate(role, line).serial_hex()));
  }
}

TEST_CASE("simulated anchors: the provider answers for its line only, and says when it has nothing") {
  const auto provider = sim::anchors_provider();
  const auto found = provider->find({.kind = CollateralKind::amd_ask, .product = ProductLine::genoa});
  REQUIRE(found.items.size() == 1);
  CHECK(found.items[0].data == sim::anchor(CollateralKind::amd_ask, ProductLine::genoa));
  const auto none = provider->find({.kind = CollateralKind::amd_vcek, .product = ProductLine::genoa});
  CHECK(none.items.empty());
  CHECK(none.misses.size() == 1);
}
