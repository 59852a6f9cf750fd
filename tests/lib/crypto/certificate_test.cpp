#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "pem/pem.hpp"
#include "support/certs.hpp"

using namespace atls;
using crypto::Certificate;
using crypto::Crl;

namespace {

struct Ca {
  crypto::PkeyPtr key = test::rsa_key();
  Buffer der;
  explicit Ca(const std::string& cn) {
    test::CertSpec spec;
    spec.subject = spec.issuer = test::name(cn);
    spec.serial_hex = "010000";
    spec.ca = true;
    der = test::make_certificate(spec, *key, *key);
  }
};

Certificate certificate(const Buffer& der) {
  auto out = Certificate::from_der(der);
  REQUIRE_MESSAGE(out, out.error().message());
  return *out;
}

}  // namespace

TEST_CASE("certificate: fields are as they were written") {
  const Ca ca("Root");
  const Certificate c = certificate(ca.der);
  CHECK(c.version() == 3);
  CHECK(c.serial_hex() == "10000");
  CHECK(c.subject_text() == "CN=Root");
  CHECK(c.subject_cn() == "Root");
  CHECK(c.subject_der() == test::name("Root"));
  CHECK(c.spki() == test::spki_of(*ca.key));
  CHECK(c.spki_sha256() == hex(crypto::sha256(test::spki_of(*ca.key))));
  CHECK(c.is_ca());
  CHECK(c.key_usage_cert_sign());
  CHECK_FALSE(c.path_length());
  CHECK(c.key_text() == "RSA 2048");
  CHECK(c.rsa_exponent_is_65537());
  CHECK(c.signature_scheme() == crypto::SignatureScheme::rsa_pss_sha384);
  CHECK(c.not_before() == Time{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}});
  CHECK(c.extensions().size() == 2);
  REQUIRE(c.extension("2.5.29.19") != nullptr);
  CHECK(c.extension("2.5.29.19")->critical);
  CHECK(hex(c.extension("2.5.29.19")->oid_der) == "551d13");
  CHECK(c.extension("2.5.29.37") == nullptr);
}

TEST_CASE("certificate: serials are shown without padding") {
  const auto key = test::ec_key();
  struct Row { const char* written; const char* shown; };
  for (const Row& row : {Row{"00", "0"}, {"01", "1"}, {"0A0b", "a0b"}, {"-05", "-5"}, {"80", "80"}}) {
    CAPTURE(row.written);
    test::CertSpec spec{.subject = test::name("x"), .issuer = test::name("x"), .serial_hex = row.written};
    spec.sign = test::Sign::ecdsa;
    CHECK(certificate(test::make_certificate(spec, *key, *key)).serial_hex() == row.shown);
  }
}

TEST_CASE("certificate: damaged input is refused") {
  const Ca ca("Root");
  for (std::size_t n = 0; n < ca.der.size(); n += 7) {
    CAPTURE(n);
    CHECK_FALSE(Certificate::from_der(Bytes(ca.der).first(n)));
  }
  Buffer longer = ca.der;
  longer.push_back(0);
  CHECK_FALSE(Certificate::from_der(longer));
  CHECK_FALSE(Certificate::from_der(as_bytes("-----BEGIN CERTIFICATE-----")));
  CHECK_FALSE(Certificate::from_der(Buffer(2 * 1024 * 1024, 0x30)));
}

TEST_CASE("certificate: a signature verifies under the issuer's key and no other") {
  const Ca ca("Root"), other("Root");
  const auto key = test::ec_key();
  test::CertSpec spec{.subject = test::name("Leaf"), .issuer = test::name("Root")};
  const Buffer der = test::make_certificate(spec, *key, *ca.key);
  const Certificate leaf = certificate(der);
  CHECK(*leaf.signed_by(*certificate(ca.der).key()));
  CHECK_FALSE(*leaf.signed_by(*certificate(other.der).key()));
  CHECK_FALSE(*leaf.signed_by(*leaf.key()));
  CHECK(leaf.key_type() == crypto::KeyType::ec_p384);
  Buffer flipped = der;
  flipped.back() ^= 1;
  CHECK_FALSE(*certificate(flipped).signed_by(*certificate(ca.der).key()));
}

TEST_CASE("certificate: signature schemes are told apart") {
  struct Row { test::Sign sign; crypto::SignatureScheme scheme; };
  const auto rsa = test::rsa_key();
  const auto p384 = test::ec_key();
  for (const Row& row : {Row{test::Sign::pss_sha384, crypto::SignatureScheme::rsa_pss_sha384},
                         Row{test::Sign::pss_sha256, crypto::SignatureScheme::rsa_pss_other},
                         Row{test::Sign::pkcs1_sha256, crypto::SignatureScheme::rsa_pkcs1_sha256},
                         Row{test::Sign::ecdsa, crypto::SignatureScheme::ecdsa_sha384}}) {
    test::CertSpec spec{.subject = test::name("x"), .issuer = test::name("x"), .sign = row.sign};
    EVP_PKEY& key = row.sign == test::Sign::ecdsa ? *p384 : *rsa;
    CHECK(certificate(test::make_certificate(spec, key, key)).signature_scheme() == row.scheme);
  }
}

TEST_CASE("certificate: key types are told apart") {
  struct Row { const char* curve; crypto::KeyType type; };
  for (const Row& row : {Row{"P-256", crypto::KeyType::ec_p256}, Row{"P-384", crypto::KeyType::ec_p384}, Row{"P-521", crypto::KeyType::unknown}}) {
    const auto key = test::ec_key(row.curve);
    test::CertSpec spec{.subject = test::name("x"), .issuer = test::name("x"), .sign = test::Sign::ecdsa};
    CHECK(certificate(test::make_certificate(spec, *key, *key)).key_type() == row.type);
  }
}

TEST_CASE("certificate: without extensions nothing is a CA") {
  const auto key = test::ec_key();
  test::CertSpec spec{.subject = test::name("x"), .issuer = test::name("x"), .sign = test::Sign::ecdsa};
  const Certificate c = certificate(test::make_certificate(spec, *key, *key));
  CHECK_FALSE(c.is_ca());
  CHECK_FALSE(c.key_usage_cert_sign());
  CHECK(c.eku_oids().empty());
  spec.extensions = {{"2.5.29.37", {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01}, false}};
  CHECK(certificate(test::make_certificate(spec, *key, *key)).eku_oids() == std::vector<std::string>{"1.3.6.1.5.5.7.3.1"});
  // Twice: OpenSSL and RFC 5280 4.2 allow one only, so it grants nothing.
  spec.extensions = {{"2.5.29.19", {0x30, 0x03, 0x01, 0x01, 0xFF}, true}, {"2.5.29.19", {0x30, 0x03, 0x01, 0x01, 0xFF}, true}};
  CHECK_FALSE(certificate(test::make_certificate(spec, *key, *key)).is_ca());
}

TEST_CASE("crl: entries, dates, issuer and signature") {
  const Ca ca("Root"), other("Root");
  const Buffer der = test::make_crl({.issuer = test::name("Root"), .revoked = {"020001"}, .extensions = {{"2.5.29.20", {0x02, 0x01, 0x04}, false}}}, *ca.key);
  const auto crl = Crl::from_der(der);
  REQUIRE(crl);
  CHECK(crl->issuer_der() == test::name("Root"));
  CHECK(crl->revokes("20001"));
  CHECK_FALSE(crl->revokes("20002"));
  CHECK_FALSE(crl->revokes(""));
  CHECK(crl->revoked().size() == 1);
  CHECK(crl->number() == "4");
  CHECK(crl->signature_scheme() == crypto::SignatureScheme::rsa_pss_sha384);
  CHECK(*crl->signed_by(*certificate(ca.der).key()));
  CHECK_FALSE(*crl->signed_by(*certificate(other.der).key()));
  CHECK(crl->this_update() < crl->next_update());
  CHECK_FALSE(Crl::from_der(ca.der));
  for (std::size_t n = 0; n < der.size(); n += 7) CHECK_FALSE(Crl::from_der(Bytes(der).first(n)));
}

TEST_CASE("ECDSA P-384: r and s as numbers") {
  const auto key = test::ec_key();
  const Buffer message = to_buffer("message");
  crypto::MdCtxPtr ctx(EVP_MD_CTX_new());
  REQUIRE(EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha384(), nullptr, key.get()) == 1);
  Buffer der(256);
  std::size_t size = der.size();
  REQUIRE(EVP_DigestSign(ctx.get(), der.data(), &size, message.data(), message.size()) == 1);
  const unsigned char* at = der.data();
  const crypto::Handle<ECDSA_SIG, ECDSA_SIG_free> sig(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  Buffer r(48), s(48);
  BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), r.data(), 48);
  BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), s.data(), 48);

  CHECK(*crypto::verify_ecdsa_p384_sha384(*key, message, r, s));
  CHECK_FALSE(*crypto::verify_ecdsa_p384_sha384(*key, as_bytes("another"), r, s));
  CHECK_FALSE(*crypto::verify_ecdsa_p384_sha384(*key, message, s, r));
  CHECK_FALSE(*crypto::verify_ecdsa_p384_sha384(*key, message, Buffer(48), Buffer(48)));
  CHECK_FALSE(*crypto::verify_ecdsa_p384_sha384(*key, message, Buffer(72, 0xFF), s));
  CHECK_FALSE(*crypto::verify_ecdsa_p384_sha384(*test::ec_key(), message, r, s));
  CHECK_FALSE(crypto::verify_ecdsa_p384_sha384(*test::ec_key("P-256"), message, r, s));   // an error, not an answer
}

TEST_CASE("certificates_from: DER, PEM in order, and nothing else") {
  const Ca a("A"), b("B");
  CHECK(crypto::certificates_from(a.der)->size() == 1);
  const std::string both = pem::encode("CERTIFICATE", b.der) + pem::encode("CERTIFICATE", a.der);
  const auto list = crypto::certificates_from(as_bytes(both));
  REQUIRE(list);
  REQUIRE(list->size() == 2);
  CHECK((*list)[0].subject_cn() == "B");
  CHECK_FALSE(crypto::certificates_from(as_bytes("no certificate")));
  CHECK_FALSE(crypto::certificates_from(as_bytes(pem::encode("X509 CRL", a.der))));
  CHECK_FALSE(crypto::certificates_from(as_bytes(pem::encode("CERTIFICATE", as_bytes("rubbish")))));
}

TEST_CASE("a public key is one SubjectPublicKeyInfo and nothing after it") {
  const Buffer spki = test::spki_of(*test::ec_key());
  CHECK(crypto::public_key_from_spki(spki));
  Buffer longer = spki;
  longer.push_back(0);
  CHECK_FALSE(crypto::public_key_from_spki(longer));
  CHECK_FALSE(crypto::public_key_from_spki({}));
}
