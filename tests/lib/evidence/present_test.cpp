#include "evidence/present.hpp"

#include <doctest/doctest.h>

#include "snp/report.hpp"
#include "support/amd_world.hpp"

using namespace atls;
using namespace atls::test;
using evidence::InputKind;
using evidence::Loaded;
using evidence::Presented;

namespace {

const Buffer kPresentNonce(32, 7);

Buffer present_some_report() {
  Buffer out(snp::kReportSize, 0);
  out[0] = 5;
  return out;
}

Presented presented(const Loaded& loaded, const std::optional<Buffer>& nonce = {}) {
  auto out = evidence::present(loaded, nonce);
  REQUIRE_MESSAGE(out, out.error().message());
  return std::move(*out);
}

}  // namespace

TEST_CASE("present: a bundle brings chain, nonce, role and collateral, and no other nonce is taken") {
  Loaded bundle;
  bundle.kind = InputKind::bundle;
  bundle.certificates = {Buffer{1}, Buffer{2}};
  bundle.nonce = kPresentNonce;
  bundle.bundle_profile = "constellation";
  bundle.bundle_role = "client";
  bundle.collateral = {{CollateralKind::amd_crl, {3}, CollateralSource::bundle, "bundle"}};
  const Presented out = presented(bundle);
  CHECK(out.profile == "constellation");
  CHECK(out.chain == bundle.certificates);
  CHECK(out.nonce == kPresentNonce);
  CHECK(out.nonce_origin == Presented::NonceOrigin::recorded);
  CHECK(out.peer_is_client);
  CHECK_FALSE(out.live);
  CHECK(out.with_it.size() == 1);
  CHECK(presented(bundle, kPresentNonce).nonce_origin == Presented::NonceOrigin::recorded);
  CHECK_FALSE(evidence::present(bundle, Buffer(32, 8)));
  bundle.nonce.reset();
  CHECK_FALSE(evidence::present(bundle, kPresentNonce));       // the recording had none: a nonce given now proves nothing about it
}

TEST_CASE("present: a damaged bundle is not judged as something else") {
  Loaded bundle;
  bundle.kind = InputKind::bundle;
  bundle.certificates = {Buffer{1}};
  bundle.error = Error{Errc::bad_value, "bundle/chain", "broken"};
  const Presented out = presented(bundle);
  CHECK(out.chain.empty());
  REQUIRE(out.raw);
  CHECK(out.raw->decode_error);
}

TEST_CASE("present: raw evidence binds no nonce, damage that checks see is left to them, other damage stops") {
  Loaded report = evidence::load_bytes(present_some_report(), "report.bin");
  CHECK(presented(report).raw);
  CHECK_FALSE(presented(report).raw->decode_error);
  CHECK(presented(report).profile.empty());
  CHECK_FALSE(evidence::present(report, kPresentNonce));
  report.error = Error{Errc::truncated, "snp.report", "short"};
  CHECK_FALSE(presented(report).raw->decode_error);
  report.encodings = {"hex"};
  CHECK(presented(report).raw->decode_error);
}

TEST_CASE("present: endorsements alone are judged as such, a leaf certificate by the profile with evidence in it") {
  const AmdWorld world;
  const Loaded chain = evidence::load_bytes(as_bytes(pem_certificates({world.vcek(), world.ask(), world.ark()})), "chain.pem");
  const Presented out = presented(chain);
  REQUIRE(out.bare_endorsements.size() == 3);
  CHECK(out.bare_endorsements[0].kind == CollateralKind::amd_vcek);
  CHECK(out.bare_endorsements[2].kind == CollateralKind::amd_ark);
  CHECK_FALSE(out.raw);
  CHECK(out.chain.empty());
  CHECK_FALSE(evidence::present(chain, kPresentNonce));

  const Presented crl = presented(evidence::load_bytes(world.crl(), "crl.der"));
  REQUIRE(crl.bare_endorsements.size() == 1);
  CHECK(crl.bare_endorsements[0].kind == CollateralKind::amd_crl);

  const auto key = ec_key("P-256");
  const Buffer leaf = make_certificate({.subject = name("server"), .issuer = name("server"), .sign = Sign::ecdsa}, *key, *key);
  const Presented leaf_alone = presented(evidence::load_bytes(leaf, "leaf.der"), kPresentNonce);
  CHECK(leaf_alone.profile == "constellation");
  CHECK(leaf_alone.chain.size() == 1);
  CHECK(leaf_alone.nonce_origin == Presented::NonceOrigin::given);
  CHECK(presented(evidence::load_bytes(leaf, "leaf.der")).nonce_origin == Presented::NonceOrigin::none);
  for (const std::size_t size : {0U, 1U, 31U, 33U, 64U}) CHECK_FALSE(evidence::present(evidence::load_bytes(leaf, "leaf.der"), Buffer(size, 7)));   // none of this profile
  const Presented mixed = presented(evidence::load_bytes(as_bytes(pem_certificates({leaf, world.ask()})), "mixed.pem"));
  CHECK(mixed.chain.size() == 2);
  CHECK(mixed.bare_endorsements.empty());
}

TEST_CASE("present: what cannot be decoded has nothing to judge") {
  for (const char* text : {"", "hello", "{}", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"}) {
    CAPTURE(text);
    const Presented out = presented(evidence::load_bytes(as_bytes(text), "input"));
    REQUIRE(out.raw);
    CHECK(out.raw->decode_error);
    CHECK(out.chain.empty());
    CHECK(out.bare_endorsements.empty());
  }
}
