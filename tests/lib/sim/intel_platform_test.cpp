#include "sim/intel_platform.hpp"

#include <doctest/doctest.h>

#include <openssl/ecdsa.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "intel/collateral.hpp"
#include "intel/pck.hpp"
#include "intel/quote.hpp"
#include "policy/policy.hpp"
#include "sim/intel_event_log.hpp"
#include "sim/intel_x509.hpp"
#include "sim/keys.hpp"
#include "support/sim_platform.hpp"

using namespace atls;
using namespace atls::test;

namespace {

bool is_signed_by(const crypto::Certificate& child, const crypto::Certificate& issuer) {
  const auto ok = child.signed_by(*issuer.key());
  return ok && *ok && child.issuer_der() == issuer.subject_der();
}

// Raw r and s over `message` with SHA-256.
bool verifies(EVP_PKEY* key, Bytes message, Bytes raw) {
  crypto::Handle<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(raw.data(), 32, nullptr), BN_bin2bn(raw.data() + 32, 32, nullptr));
  Buffer der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)));
  unsigned char* p = der.data();
  i2d_ECDSA_SIG(signature.get(), &p);
  const crypto::MdCtxPtr ctx(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(ctx.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(ctx.get(), der.data(), der.size(), message.data(), message.size()) == 1;
}

crypto::PkeyPtr attestation_key(const intel::Quote& quote) {
  Buffer spki = *from_hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
  spki.insert(spki.end(), quote.attestation_key.begin(), quote.attestation_key.end());
  auto key = crypto::public_key_from_spki(spki);
  REQUIRE(key);
  return *std::move(key);
}

intel::Quote intel_platform_parsed(Bytes raw) {
  auto out = intel::parse_quote(raw);
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().message()));
  return *std::move(out);
}

intel::PckExtension extension_of(const crypto::Certificate& pck) {
  const auto* found = pck.extension(intel::kPckExtensionOid);
  REQUIRE(found != nullptr);
  auto out = intel::parse_pck_extension(found->value);
  REQUIRE(out);
  return *std::move(out);
}

constexpr std::array<unsigned, 3> kQuoteVersions{3, 4, 5};
sim::IntelOptions of_version(unsigned version) { return {.sgx = version == 3, .quote_version = version == 3 ? 4 : version}; }

}  // namespace

TEST_CASE("simulated Intel platform: every version gives a quote that its certificates prove") {
  for (const unsigned version : kQuoteVersions) {
    CAPTURE(version);
    const auto p = make_intel(of_version(version));
    CHECK(p->format() == (version == 3 ? "sgx" : "tdx"));
    const intel::Quote q = intel_platform_parsed(p->quote(some_report_data()));
    const crypto::Certificate pck = certificate(p->pck_der()), ca = certificate(p->pck_ca_der()), root = certificate(p->root_der());
    CHECK(q.header.version == version);
    CHECK(q.trailing == 0);
    CHECK(q.unused_in_signature_data == 0);
    CHECK(q.body_type == (version == 5 ? 3 : 0));
    CHECK(is_signed_by(pck, ca));
    CHECK(is_signed_by(ca, root));
    CHECK(is_signed_by(root, root));
    CHECK(verifies(pck.key(), intel::encode_sgx_report(q.qe_report), q.qe_report_signature));
    CHECK(verifies(attestation_key(q).get(), q.signed_bytes(), q.signature));
    const Buffer binding = crypto::sha256_of({q.attestation_key, q.auth_data});
    CHECK(equal(Bytes(q.qe_report.report_data).first(32), binding));
    CHECK(is_zero(Bytes(q.qe_report.report_data).last(32)));
    CHECK(q.auth_data.size() == 32);
    CHECK(q.auth_data[31] == 31);
    CHECK(q.header.user_data[0] == 'S');
    CHECK((version == 3 ? std::get<intel::SgxReport>(q.body).report_data : std::get<intel::TdReport>(q.body).report_data) == some_report_data());
    const auto chain = crypto::certificates_from(q.certification.data);
    REQUIRE(chain);
    REQUIRE(chain->size() == 3);
    CHECK((*chain)[0].der() == p->pck_der());
    CHECK((*chain)[2].der() == p->root_der());
  }
}

TEST_CASE("simulated Intel platform: the PCK certificate has the profile of Intel's") {
  const auto p = make_intel();
  const crypto::Certificate pck = certificate(p->pck_der());
  CHECK(pck.subject_text() == "C=US,ST=CA,L=Santa Clara,O=Intel Corporation,CN=Intel SGX PCK Certificate");
  CHECK(pck.signature_scheme() == crypto::SignatureScheme::ecdsa_sha256);
  CHECK(pck.key_type() == crypto::KeyType::ec_p256);
  CHECK(pck.serial_hex().starts_with("53494d"));
  CHECK(pck.serial_hex().size() == 40);
  CHECK(pck.not_after() == sim::kCaValidity.not_after);
  std::string order;
  for (const auto& e : pck.extensions()) order += e.oid + (e.critical ? "! " : " ");
  CHECK(order == "2.5.29.35 2.5.29.31 2.5.29.14 2.5.29.15! 2.5.29.19! 1.2.840.113741.1.13.1 ");
  const intel::PckExtension x = extension_of(pck);
  CHECK(x.entries == 7);
  CHECK(x.tcb_entries == 18);
  CHECK(x.components == x.cpu_svn);
  CHECK(hex(x.fmspc) == sim::kSimulatedFmspc);
  CHECK(hex(x.ppid).starts_with("53494d"));
  CHECK(hex(*x.platform_instance_id).starts_with("53494d"));
}

TEST_CASE("simulated Intel platform: the platform reaches the first level of its collateral, and every level below") {
  for (const unsigned version : kQuoteVersions) {
    CAPTURE(version);
    const auto p = make_intel(of_version(version));
    const auto info = intel::parse_tcb_info(p->tcb_info());
    const auto identity = intel::parse_qe_identity(p->qe_identity());
    REQUIRE_MESSAGE(info, (info ? std::string() : info.error().message()));
    REQUIRE_MESSAGE(identity, (identity ? std::string() : identity.error().message()));
    const crypto::Certificate signer = certificate(p->tcb_signer_der());
    CHECK(is_signed_by(signer, certificate(p->root_der())));
    CHECK(verifies(signer.key(), info->signed_bytes, info->signature));
    CHECK(verifies(signer.key(), identity->signed_bytes, identity->signature));
    CHECK(info->id == (version == 3 ? "SGX" : "TDX"));
    CHECK(identity->id == (version == 3 ? "QE" : "TD_QE"));
    CHECK(info->fmspc == sim::kSimulatedFmspc);
    CHECK(info->unknown_members.empty());
    CHECK(as_text(info->signed_bytes).find("\": ") == std::string_view::npos);   // compact
    const intel::PckExtension x = extension_of(certificate(p->pck_der()));
    const intel::Quote q = intel_platform_parsed(p->quote({}));
    CHECK(info->levels.front().status == "UpToDate");
    for (const intel::TcbLevel& level : info->levels) {
      CHECK(level.pce_svn <= x.pce_svn);
      for (std::size_t i = 0; i < 16; ++i) {
        CHECK(level.sgx[i].svn <= x.components[i]);
        if (level.tdx) CHECK((*level.tdx)[i].svn <= std::get<intel::TdReport>(q.body).tee_tcb_svn[i]);
      }
    }
    CHECK(info->tdx_module_identities.size() == (version == 3 ? 0 : 2));
    CHECK(identity->mr_signer == q.qe_report.mr_signer);
    CHECK(identity->isv_prod_id == q.qe_report.isv_prod_id);
    CHECK(identity->levels.front().isv_svn <= q.qe_report.isv_svn);
  }
}

TEST_CASE("simulated Intel platform: the event log replays into the registers of the quote") {
  for (const unsigned version : {4U, 5U}) {
    const auto p = make_intel({.seed = "log", .quote_version = version});
    const Buffer raw = p->event_log();
    CHECK(raw.size() == 64 * 1024);
    CHECK(raw.back() == 0xFF);
    const auto log = eventlog::parse_log(raw);
    REQUIRE(log);
    CHECK(log->events.size() > 20);
    std::set<std::uint32_t> registers;
    for (const auto& event : log->events) registers.insert(event.index);
    CHECK(registers == std::set<std::uint32_t>{1, 2, 3});
    const intel::Quote quote = intel_platform_parsed(p->quote({}));
    const auto& td = std::get<intel::TdReport>(quote.body);
    CHECK(sim::replayed_registers(*log) == td.rtmr);
    CHECK_FALSE(is_zero(td.rtmr[2]));
    CHECK(is_zero(td.rtmr[3]));
  }
  const auto table = eventlog::parse_ccel_table(sim::ccel_table());
  REQUIRE(table);
  CHECK(table->checksum_ok);
  CHECK(table->cc_type == 2);
  CHECK(make_intel({.sgx = true})->event_log().empty());
}

TEST_CASE("simulated Intel platform: the same seed is the same machine, another seed another one") {
  for (const bool sgx : {false, true}) {
    const auto a = make_intel({.seed = "a", .sgx = sgx}), again = make_intel({.seed = "a", .sgx = sgx}), b = make_intel({.seed = "b", .sgx = sgx});
    const intel::Quote qa = intel_platform_parsed(a->quote({})), qagain = intel_platform_parsed(again->quote({})), qb = intel_platform_parsed(b->quote({}));
    CHECK(equal(qa.signed_bytes(), qagain.signed_bytes()));
    CHECK(qa.attestation_key == qagain.attestation_key);
    CHECK(certificate(a->pck_der()).spki() == certificate(again->pck_der()).spki());
    CHECK(a->event_log() == again->event_log());
    CHECK(a->matching_policy() == again->matching_policy());
    CHECK(a->tcb_info() == b->tcb_info());
    CHECK_FALSE(equal(qa.signed_bytes(), qb.signed_bytes()));
    CHECK(qa.attestation_key != qb.attestation_key);
    CHECK(certificate(a->pck_der()).spki() != certificate(b->pck_der()).spki());
    CHECK(extension_of(certificate(a->pck_der())).ppid != extension_of(certificate(b->pck_der())).ppid);
    CHECK(a->matching_policy() != b->matching_policy());
  }
}

TEST_CASE("simulated Intel platform: overrides show in the quote, and what it cannot be is refused with a reason") {
  const auto p = make_intel({.mr_td = Buffer(48, 0xAA), .mr_config_id = Buffer(48, 0xBB)});
  const intel::Quote q = intel_platform_parsed(p->quote({}));
  CHECK(is_all(std::get<intel::TdReport>(q.body).mr_td, 0xAA));
  CHECK(is_all(std::get<intel::TdReport>(q.body).mr_config_id, 0xBB));
  CHECK(p->matching_policy().find(std::string(96, 'a')) != std::string::npos);
  const intel::Quote enclave = intel_platform_parsed(make_intel({.sgx = true, .mr_enclave = Buffer(32, 0xCC)})->quote({}));
  CHECK(is_all(std::get<intel::SgxReport>(enclave.body).mr_enclave, 0xCC));
  struct Row { const char* what; sim::IntelOptions options; };
  for (const Row& row : {Row{"version 3 for TDX", {.quote_version = 3}}, Row{"version 6", {.quote_version = 6}}, Row{"unknown fault", {.faults = {"no-such-fault"}}},
                         Row{"short MRTD", {.mr_td = Buffer(47, 1)}}, Row{"empty MRCONFIGID", {.mr_config_id = Buffer{}}}, Row{"long MRENCLAVE", {.sgx = true, .mr_enclave = Buffer(33, 1)}},
                         Row{"MRTD of an enclave", {.sgx = true, .mr_td = Buffer(48, 1)}}, Row{"MRENCLAVE of a TD", {.mr_enclave = Buffer(32, 1)}}}) {
    CAPTURE(row.what);
    const auto refused = sim::IntelPlatform::create(row.options);
    CHECK_FALSE(refused);
    if (!refused) CHECK(refused.error().code == Errc::bad_value);
  }
}

TEST_CASE("simulated Intel platform: the policy pins what the quote says") {
  const auto tdx = parse_json(as_bytes(make_intel()->matching_policy()), "policy"), sgx = parse_json(as_bytes(make_intel({.sgx = true})->matching_policy()), "policy");
  REQUIRE(tdx);
  REQUIRE(sgx);
  const intel::Quote td = intel_platform_parsed(make_intel()->quote({})), enclave = intel_platform_parsed(make_intel({.sgx = true})->quote({}));
  const nlohmann::json a = (*tdx)["alternatives"][0]["tdx"], b = (*sgx)["alternatives"][0]["sgx"];
  CHECK(a["mr_td"] == hex(std::get<intel::TdReport>(td.body).mr_td));
  for (std::size_t i = 0; i < 4; ++i) CHECK(a["rtmr"][std::to_string(i)] == hex(std::get<intel::TdReport>(td.body).rtmr[i]));
  CHECK(a["fmspc"]["any_of"][0] == sim::kSimulatedFmspc);
  CHECK(a["td_attributes"] == "0000001000000000");
  CHECK(a["xfam"] == "e702060000000000");
  CHECK(b["mr_enclave"] == hex(std::get<intel::SgxReport>(enclave.body).mr_enclave));
  CHECK(b["mr_signer"] == hex(std::get<intel::SgxReport>(enclave.body).mr_signer));
  CHECK(b["isv_prod_id"] == 1);
}

TEST_CASE("simulated Intel platform: the policy loads under the strict rules of atls-policy/1") {
  for (const sim::IntelOptions& options : {sim::IntelOptions{}, sim::IntelOptions{.quote_version = 5}, sim::IntelOptions{.sgx = true}, sim::IntelOptions{.faults = {"processor-ca"}},
                                           sim::IntelOptions{.faults = {"tcb-eval-number-old"}}, sim::IntelOptions{.faults = {"td-perfmon"}}}) {
    const auto policy = policy::load_policy(as_bytes(make_intel(options)->matching_policy()), "policy.json", ".");
    REQUIRE_MESSAGE(policy, (policy ? std::string() : policy.error().message()));
    REQUIRE(policy->alternatives.size() == 1);
    CHECK(policy::pins_identity(policy->alternatives[0], options.sgx ? "sgx" : "tdx"));
  }
}

TEST_CASE("simulated Intel platform: the attester gives the quote over its data, and the log of a TD") {
  for (const bool sgx : {false, true}) {
    const std::shared_ptr<const sim::IntelPlatform> p = make_intel({.sgx = sgx});
    const auto attester = sim::sim_intel_attester(p);
    CHECK(attester->name() == (sgx ? "sim-sgx" : "sim-tdx"));
    const auto evidence = attester->attest(some_report_data());
    REQUIRE(evidence);
    CHECK(evidence->format == p->format());
    CHECK(equal(intel_platform_parsed(evidence->data).signed_bytes(), intel_platform_parsed(p->quote(some_report_data())).signed_bytes()));
    CHECK(evidence->event_log.has_value() == !sgx);
  }
}
