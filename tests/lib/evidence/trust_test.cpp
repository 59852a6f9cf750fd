#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "evidence/intel_keys.hpp"
#include "evidence/trust.hpp"
#include "pem/pem.hpp"
#include "support/certs.hpp"

using namespace atls;
using evidence::CaRole;
using evidence::TrustStore;
using snp::ProductLine;

namespace {

struct Maker {
  crypto::PkeyPtr ark = test::rsa_key(), ask = test::rsa_key();
  Buffer make(const std::string& subject, const std::string& issuer, EVP_PKEY& key, EVP_PKEY& issuer_key) const {
    test::CertSpec spec{
        .subject = evidence::amd_name_der(subject), .issuer = evidence::amd_name_der(issuer), .serial_hex = "01AB"};
    spec.ca = true;
    return test::make_certificate(spec, key, issuer_key);
  }
};

std::string pem_of(std::initializer_list<Buffer> certificates) {
  std::string out;
  for (const Buffer& der : certificates) out += pem::encode("CERTIFICATE", der);
  return out;
}

}  // namespace

TEST_CASE("trust: nine built-in AMD keys, each with the published SHA-256 of its public key") {
  struct Row {
    CaRole role;
    ProductLine product;
    const char* spki_sha256;
  };
  // Published with the certificates at AMD's KDS; the same digests are pinned by other verifiers.
  const Row rows[] = {{CaRole::ark, ProductLine::milan, "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9"},
                      {CaRole::ark, ProductLine::genoa, "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831"},
                      {CaRole::ark, ProductLine::turin, "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08"},
                      {CaRole::ask, ProductLine::milan, "42491669ccb851d627ea9846cd24eccbeb7de7c2a62740120fff88001d38ebb6"},
                      {CaRole::ask, ProductLine::genoa, "0324d55bcd48ba877a8fd87c0e1b4934dec8448e3807a24384a34dc6a6c9ebb8"},
                      {CaRole::ask, ProductLine::turin, "0000ead352025f208bf55297c4192c34cd1b878002107366d8f2065a9ae7d3a9"},
                      {CaRole::asvk, ProductLine::milan, "66450a123ea5876206df67f2514a4fea224c0f63b18313423078b0edc4535e33"},
                      {CaRole::asvk, ProductLine::genoa, "7d1633252ebbadaa75f96e9b4e6f7d43a90ceb3f843937482630f8da2459264e"},
                      {CaRole::asvk, ProductLine::turin, "bfc441408b2f806c5dbf180bd8920e6e60dd404d82141780d85dbf962954d386"}};
  const TrustStore store = TrustStore::builtin();
  CHECK(store.keys().size() == std::size(rows) + 2);   // and the root of Intel
  for (const Row& row : rows) {
    CAPTURE(row.spki_sha256);
    const auto found = store.find(row.role, row.product);
    REQUIRE(found.size() == 1);
    CHECK(found[0]->spki_sha256 == row.spki_sha256);
    CHECK(hex(crypto::sha256(found[0]->spki)) == row.spki_sha256);
    CHECK(found[0]->not_after - found[0]->not_before > std::chrono::years{24});
    CHECK_FALSE(found[0]->simulated);
    CHECK(crypto::public_key_from_spki(found[0]->spki));
    CHECK(store.find_spki(row.spki_sha256) == found[0]);
  }
  CHECK(store.find_spki("") == nullptr);
  CHECK(store.find(CaRole::ark, ProductLine::unknown).empty());
}

TEST_CASE("trust: the built-in root of Intel is the published key, and no AMD role finds it") {
  const TrustStore store = TrustStore::builtin();
  const auto found = store.find(CaRole::intel_root, ProductLine::unknown);
  REQUIRE(found.size() == 1);
  const evidence::CaKey& root = *found[0];
  CHECK(root.spki_sha256 == "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e");
  CHECK(root.spki_sha256 == hex(crypto::sha256(root.spki)));
  CHECK(root.serial_hex == "22650cd65a9d3489f383b49552bf501b392706ac");
  CHECK(rfc3339(root.not_before) == "2018-05-21T10:45:10Z");
  CHECK(rfc3339(root.not_after) == "2049-12-31T23:59:59Z");
  CHECK_FALSE(root.simulated);
  const auto key = crypto::public_key_from_spki(root.spki);
  REQUIRE(key);
  CHECK(EVP_PKEY_get_bits(key->get()) == 256);
  CHECK(store.find_spki(root.spki_sha256) == &root);
  CHECK(store.find(CaRole::ark, ProductLine::unknown).empty());
}

TEST_CASE("trust: a trust anchor file may hold roots of both vendors, and of Intel's kind only self-signed P-256 CAs") {
  const Maker m;
  const auto one = test::ec_key("P-256"), two = test::ec_key("P-256"), big = test::ec_key("P-384");
  const auto make = [&](const char* cn, EVP_PKEY& key, EVP_PKEY& issuer, bool ca = true, const char* issuer_cn = nullptr) {
    test::CertSpec spec{.subject = evidence::intel_name_der(cn), .issuer = evidence::intel_name_der(issuer_cn != nullptr ? issuer_cn : cn), .ca = ca, .sign = test::Sign::ecdsa};
    return test::make_certificate(spec, key, issuer);
  };
  const Buffer root = make("Intel SGX Root CA", *one, *one), ark = m.make("ARK-Milan", "ARK-Milan", *m.ark, *m.ark);
  const auto both = TrustStore::from_pem(as_bytes(pem_of({ark, root, make("Intel SGX Root CA", *two, *two)})));
  REQUIRE_MESSAGE(both, both.error().message());
  CHECK(both->keys().size() == 3);
  CHECK(both->find(CaRole::intel_root, ProductLine::unknown).size() == 2);   // of one name, two keys
  CHECK(TrustStore::from_pem(root));
  Buffer damaged = root;
  damaged.back() ^= 1;
  struct Row { const char* why; Buffer der; };
  for (const Row& row : {Row{"signed by another key", make("Intel SGX Root CA", *one, *two)}, Row{"no CA", make("Intel SGX Root CA", *one, *one, false)},
                         Row{"signature damaged", damaged}, Row{"an intermediate", make("Intel SGX PCK Platform CA", *two, *one, true, "Intel SGX Root CA")},
                         Row{"P-384", make("Intel SGX Root CA", *big, *big)}}) {
    CAPTURE(row.why);
    CHECK_FALSE(TrustStore::from_pem(row.der));
    CHECK_FALSE(TrustStore::from_pem(as_bytes(pem_of({root, row.der}))));
  }
}

TEST_CASE("trust: the CN of a CA is compared whole") {
  CHECK(evidence::ca_from_subject_cn("SEV-VLEK-Milan") == std::pair(CaRole::asvk, ProductLine::milan));
  CHECK(evidence::ca_from_subject_cn("SEV-Genoa") == std::pair(CaRole::ask, ProductLine::genoa));
  CHECK(evidence::ca_from_subject_cn("ARK-Turin") == std::pair(CaRole::ark, ProductLine::turin));
  for (const char* cn :
       {"", "ARK-", "ARK-milan", "ARK-Milan ", "xARK-Milan", "SEV-VLEK", "SEV-VCEK", "SEV-", "SEV-VLEK-Rome", "ARK-unknown"}) {
    CAPTURE(cn);
    CHECK_FALSE(evidence::ca_from_subject_cn(cn));
  }
}

TEST_CASE("trust: AMD's name has six RDNs in AMD's order and string types") {
  CHECK(hex(evidence::amd_name_der("ARK-Milan")) ==
        "307b31143012060355040b0c0b456e67696e656572696e67310b30090603550406130255533114301206035504070c0b53616e746120436c61726131"
        "0b300906"
        "035504080c024341311f301d060355040a0c16416476616e636564204d6963726f20446576696365733112301006035504030c0941524b2d4d696c61"
        "6e");
  CHECK(evidence::amd_name_der("SEV-VLEK-Milan")[1] == 0x81);  // 128 bytes: the first length that needs two octets
  CHECK(evidence::amd_name_der(std::string(65, 'x')).empty());
}

TEST_CASE("trust: a trust anchor file replaces the built-in keys") {
  const Maker m;
  const auto store = TrustStore::from_pem(
      as_bytes(pem_of({m.make("SEV-Milan", "ARK-Milan", *m.ask, *m.ark), m.make("ARK-Milan", "ARK-Milan", *m.ark, *m.ark)})));
  REQUIRE_MESSAGE(store, store.error().message());
  CHECK(store->keys().size() == 2);
  const auto roots = store->find(CaRole::ark, ProductLine::milan);
  REQUIRE(roots.size() == 1);
  CHECK(roots[0]->serial_hex == "1ab");
  CHECK(roots[0]->spki == test::spki_of(*m.ark));
  CHECK(store->find(CaRole::ark, ProductLine::genoa).empty());
}

TEST_CASE("trust: a trust anchor file that is no hierarchy of AMD's names is refused") {
  const Maker m;
  const Buffer ark = m.make("ARK-Milan", "ARK-Milan", *m.ark, *m.ark);
  struct Row {
    const char* why;
    std::string pem;
  };
  Buffer flipped = ark;
  flipped.back() ^= 1;
  test::CertSpec plain{.subject = test::name("ARK-Milan"), .issuer = test::name("ARK-Milan")};
  const Row rows[] = {
      {"empty", ""},
      {"no certificate", "rubbish"},
      {"only an intermediate", pem_of({m.make("SEV-Milan", "ARK-Milan", *m.ask, *m.ark)})},
      {"intermediate of another root", pem_of({ark, m.make("SEV-Milan", "ARK-Milan", *m.ask, *m.ask)})},
      {"intermediate of another product's root", pem_of({ark, m.make("SEV-Genoa", "ARK-Milan", *m.ask, *m.ark)})},
      {"root not self-signed", pem_of({m.make("ARK-Milan", "ARK-Milan", *m.ark, *m.ask)})},
      {"signature damaged", pem_of({flipped})},
      {"unknown product", pem_of({m.make("ARK-Rome", "ARK-Rome", *m.ark, *m.ark)})},
      {"a VCEK", pem_of({ark, m.make("SEV-VCEK", "ARK-Milan", *m.ask, *m.ark)})},
      {"CN alone", pem_of({test::make_certificate(plain, *m.ark, *m.ark)})},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK_FALSE(TrustStore::from_pem(as_bytes(row.pem)));
  }
}

TEST_CASE("trust: an anchor that may not be an authority is refused, each property by itself") {
  const Maker m;
  const Buffer ark = m.make("ARK-Milan", "ARK-Milan", *m.ark, *m.ark);
  const Buffer is_ca{0x30, 3, 1, 1, 0xFF}, no_ca{0x30, 0}, no_room{0x30, 6, 1, 1, 0xFF, 2, 1, 0}, cert_sign{3, 2, 1, 6}, crl_sign{3, 2, 1, 2}, null{5, 0};
  struct Row { const char* why; Buffer constraints, usage; bool critical; };
  const auto make = [&](const char* cn, EVP_PKEY& key, const Row& row) {
    test::CertSpec spec{.subject = evidence::amd_name_der(cn), .issuer = evidence::amd_name_der("ARK-Milan")};
    if (!row.constraints.empty()) spec.extensions.push_back({"2.5.29.19", row.constraints, true});
    if (!row.usage.empty()) spec.extensions.push_back({"2.5.29.15", row.usage, true});
    if (row.critical) spec.extensions.push_back({"1.2.3.4", null, true});
    return test::make_certificate(spec, key, *m.ark);
  };
  const Row good{"nothing", is_ca, cert_sign, false};
  REQUIRE(TrustStore::from_pem(as_bytes(pem_of({make("ARK-Milan", *m.ark, good), make("SEV-Milan", *m.ask, good)}))));
  for (const Row& row : {Row{"no basic constraints", {}, cert_sign, false}, Row{"no CA", no_ca, cert_sign, false}, Row{"key usage", is_ca, crl_sign, false},
                         Row{"unknown critical extension", is_ca, cert_sign, true}}) {
    CAPTURE(row.why);
    CHECK_FALSE(TrustStore::from_pem(make("ARK-Milan", *m.ark, row)));
    CHECK_FALSE(TrustStore::from_pem(as_bytes(pem_of({ark, make("SEV-Milan", *m.ask, row)}))));
    CHECK_FALSE(TrustStore::from_pem(as_bytes(pem_of({ark, make("SEV-VLEK-Milan", *m.ask, row)}))));
  }
  const Row bounded{"path length", no_room, cert_sign, false};
  CHECK_FALSE(TrustStore::from_pem(make("ARK-Milan", *m.ark, bounded)));
  CHECK(TrustStore::from_pem(as_bytes(pem_of({ark, make("SEV-Milan", *m.ask, bounded)}))));   // below an ASK there is no authority
}
