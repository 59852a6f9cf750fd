#include "sim/anchors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "crypto/certificate.hpp"
#include "evidence/simulated_keys.hpp"
#include "sim/anchors_data.hpp"
#include "sim/ca_keys.hpp"
#include "sim/intel_x509.hpp"
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

crypto::Certificate anchors_certificate(CaRole role, ProductLine line) {
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

TEST_CASE("simulated anchors: nine different keys of AMD and one of Intel, each marked as simulated") {
  const auto keys = sim::trust_anchors();
  CHECK(keys.size() == 10);
  CHECK(std::count_if(keys.begin(), keys.end(), [](const auto& key) { return key.role == CaRole::intel_root; }) == 1);
  std::set<std::string> distinct;
  for (const auto& key : keys) {
    CHECK(key.simulated);
    CHECK(key.spki_sha256.size() == 64);
    distinct.insert(key.spki_sha256);
  }
  CHECK(distinct.size() == 10);
}

TEST_CASE("simulated anchors: the committed certificates have the profile of AMD's") {
  for (const ProductLine line : kLines) {
    for (const CaRole role : kRoles) {
      const crypto::Certificate c = anchors_certificate(role, line), ark = anchors_certificate(CaRole::ark, line);
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
      CHECK(EVP_PKEY_eq(key.get(), anchors_certificate(role, line).key()) == 1);
    }
  for (const CaRole role : kRoles) {
    const crypto::PkeyPtr foreign = sim::ca_key(sim::KeyOwner::foreign, role);
    for (const auto& anchor : keys) {
      const auto known = crypto::public_key_from_spki(anchor.spki);
      REQUIRE(known);
      CHECK(EVP_PKEY_eq(foreign.get(), known->get()) != 1);
    }
  }
}

TEST_CASE("simulated anchors: CRLs are signed by the root of their line and last as long as it") {
  for (const ProductLine line : kLines) {
    const auto crl = crypto::Crl::from_der(sim::anchor(CollateralKind::amd_crl, line));
    REQUIRE(crl);
    const crypto::Certificate ark = anchors_certificate(CaRole::ark, line);
    CHECK(crl->issuer_der() == ark.subject_der());
    CHECK(crl->next_update() == sim::kCaValidity.not_after);
    const auto verified = crl->signed_by(*ark.key());
    REQUIRE(verified);
    CHECK(*verified);
    for (const CaRole role : kRoles) CHECK_FALSE(crl->revokes(anchors_certificate(role, line).serial_hex()));
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

TEST_CASE("simulated anchors: Intel's authorities have the profile of the real ones and their own marked keys") {
  using enum CollateralKind;
  using sim::IntelCa;
  struct Row { IntelCa ca; Buffer der; bool is_ca; std::optional<long> path; };
  const auto root = crypto::Certificate::from_der(sim::intel_anchor(intel_root));
  REQUIRE(root);
  for (const Row& row : {Row{IntelCa::root, sim::intel_anchor(intel_root), true, 1}, Row{IntelCa::platform, sim::intel_anchor(intel_pck_ca), true, 0},
                         Row{IntelCa::processor, sim::intel_anchor(intel_pck_ca, {.processor_ca = true}), true, 0}, Row{IntelCa::tcb_signer, sim::intel_anchor(intel_tcb_signer), false, {}}}) {
    const auto c = crypto::Certificate::from_der(row.der);
    REQUIRE(c);
    CAPTURE(c->subject_text());
    CHECK(c->subject_text() == "C=US,ST=CA,L=Santa Clara,O=Intel Corporation,CN=" + std::string(sim::intel_common_name(row.ca)));
    CHECK(c->version() == 3);
    CHECK(c->key_type() == crypto::KeyType::ec_p256);
    CHECK(c->signature_scheme() == crypto::SignatureScheme::ecdsa_sha256);
    CHECK(c->not_before() == sim::kCaValidity.not_before);
    CHECK(c->not_after() == sim::kCaValidity.not_after);
    CHECK(c->is_ca() == row.is_ca);
    CHECK(c->path_length() == row.path);
    CHECK(c->serial_hex().starts_with("53494d"));
    CHECK(oid_order(*c) == "2.5.29.35 2.5.29.31 2.5.29.14 2.5.29.15! 2.5.29.19! ");
    const auto verified = c->signed_by(*root->key());
    REQUIRE(verified);
    CHECK(*verified);
    CHECK(EVP_PKEY_eq(sim::intel_ca_key(row.ca).get(), c->key()) == 1);
    CHECK(EVP_PKEY_eq(sim::intel_ca_key(row.ca, true).get(), c->key()) == 0);
  }
}

TEST_CASE("simulated anchors: Intel's lists are signed by their authorities and last as long as the root") {
  using enum CollateralKind;
  struct Row { Buffer crl, issuer; };
  for (const Row& row : {Row{sim::intel_anchor(intel_root_crl), sim::intel_anchor(intel_root)}, Row{sim::intel_anchor(intel_pck_crl), sim::intel_anchor(intel_pck_ca)},
                         Row{sim::intel_anchor(intel_pck_crl, {.processor_ca = true}), sim::intel_anchor(intel_pck_ca, {.processor_ca = true})}}) {
    const auto crl = crypto::Crl::from_der(row.crl);
    const auto issuer = crypto::Certificate::from_der(row.issuer);
    REQUIRE(crl);
    REQUIRE(issuer);
    CHECK(crl->issuer_der() == issuer->subject_der());
    CHECK(crl->next_update() == sim::kCaValidity.not_after);
    CHECK(crl->number() == "1");
    CHECK(crl->extensions().size() == 2);
    const auto verified = crl->signed_by(*issuer->key());
    REQUIRE(verified);
    CHECK(*verified);
  }
}

TEST_CASE("simulated anchors: the provider answers Intel queries for the simulated machine only") {
  using enum CollateralKind;
  const auto provider = sim::anchors_provider();
  struct Row { CollateralQuery query; std::size_t items, chain; };
  const auto query = [](CollateralKind kind, std::string fmspc, bool tdx, bool processor_ca) {
    CollateralQuery out{.kind = kind};
    out.fmspc = std::move(fmspc);
    out.tdx = tdx;
    out.processor_ca = processor_ca;
    return out;
  };
  for (const Row& row : {Row{query(intel_tcb_info, "51d0c0ffee00", true, false), 1, 2}, Row{query(intel_tcb_info, "51D0C0FFEE00", false, false), 1, 2},
                         Row{query(intel_tcb_info, "50806f000000", true, false), 0, 0}, Row{query(intel_tcb_info, "", true, false), 0, 0},
                         Row{query(intel_qe_identity, "", true, false), 1, 2}, Row{query(intel_qe_identity, "", false, false), 1, 2},
                         Row{query(intel_root_crl, "", false, false), 1, 0}, Row{query(intel_pck_crl, "", false, false), 1, 2},
                         Row{query(intel_pck_crl, "", false, true), 1, 2}, Row{query(intel_root, "", false, false), 1, 0},
                         Row{query(intel_tcb_signer, "", false, false), 1, 0}, Row{query(intel_pck_ca, "", true, true), 1, 0},
                         Row{query(intel_pck, "", true, false), 0, 0}}) {
    CAPTURE(collateral_kind_name(row.query.kind));
    const auto answer = provider->find(row.query);
    REQUIRE(answer.items.size() == row.items);
    CHECK(answer.misses.size() == (row.items == 0 ? 1 : 0));
    if (row.items == 1) CHECK(answer.items[0].issuer_chain.size() == row.chain);
  }
}

TEST_CASE("anchors: every authority of the simulated platforms is known by its key as simulated, also to who links no simulator") {
  for (const evidence::CaKey& key : sim::trust_anchors()) {
    CAPTURE(key.subject_cn);
    CHECK(evidence::is_simulated_key(key.spki_sha256));
    const bool is_root = key.role == CaRole::ark || key.role == CaRole::intel_root;
    CHECK((key.root_spki_sha256 == key.spki_sha256) == is_root);
  }
  const evidence::TrustStore builtin = evidence::TrustStore::builtin();   // must outlive the loop
  for (const evidence::CaKey& key : builtin.keys()) CHECK_FALSE(evidence::is_simulated_key(key.spki_sha256));
  // As a trust anchor from a file.
  const auto milan = evidence::TrustStore::from_pem(sim::anchor(CollateralKind::amd_ark, ProductLine::milan)), intel = evidence::TrustStore::from_pem(sim::intel_anchor(CollateralKind::intel_root));
  REQUIRE(milan);
  REQUIRE(intel);
  CHECK(milan->keys()[0].simulated);
  CHECK(intel->keys()[0].simulated);
}
