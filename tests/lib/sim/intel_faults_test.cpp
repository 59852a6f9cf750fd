// Every Intel fault changes what it says: the object that it is about differs from the clean one in that way, and signatures that it
// does not touch still verify.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "eventlog/tcg.hpp"
#include "intel/collateral.hpp"
#include "intel/pck.hpp"
#include "intel/quote.hpp"
#include "sim/anchors_data.hpp"
#include "sim/faults.hpp"
#include "sim/intel_event_log.hpp"
#include "sim/intel_platform.hpp"
#include "sim/intel_quote_faults.hpp"
#include "support/sim_platform.hpp"

using namespace atls;
using namespace atls::test;

namespace {

sim::IntelOptions intel_faults_options_for(const sim::Fault& fault, std::string_view format) {
  return {.sgx = format == "sgx", .quote_version = fault.needs == "quote-version-5" ? 5U : 4U, .faults = {std::string(fault.name)}};
}

struct Objects {
  Buffer quote, event_log;
  std::vector<Buffer> others;
};
// Randomness of signatures aside: DER and JSON without their signatures.
Objects objects(const sim::IntelPlatform& p) {
  Objects out;
  out.quote = p.quote({});
  out.event_log = p.event_log();
  out.others = {p.root_der(), p.tcb_signer_der(), p.root_crl_der(), p.pck_crl_der(), p.tcb_info(), p.qe_identity(), p.pck_ca_der()};
  return out;
}

intel::Quote parsed(Bytes raw) {
  auto out = intel::parse_quote(raw);
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().message()));
  return *std::move(out);
}

crypto::Crl crl(Bytes der) {
  auto out = crypto::Crl::from_der(der);
  REQUIRE(out);
  return *std::move(out);
}

std::unique_ptr<sim::IntelPlatform> intel_faults_with(const char* fault, bool sgx = false, unsigned version = 4) {
  return make_intel({.sgx = sgx, .quote_version = version, .faults = {fault}});
}

}  // namespace

TEST_CASE("simulated Intel faults: each one that belongs to the platform changes one of its objects") {
  std::size_t judged = 0;
  for (const sim::Fault& fault : sim::faults()) {
    if (fault.layer == sim::FaultLayer::handshake || fault.layer == sim::FaultLayer::http) continue;
    for (const char* format : {"tdx", "sgx"}) {
      if (!sim::applies_to(fault, format)) continue;
      CAPTURE(fault.name);
      CAPTURE(format);
      ++judged;
      const auto options = intel_faults_options_for(fault, format);
      const auto faulty = make_intel(options);
      const auto clean = make_intel({.sgx = options.sgx, .quote_version = options.quote_version});
      const Objects a = objects(*faulty), b = objects(*clean);
      const auto qa = intel::parse_quote(a.quote), qb = intel::parse_quote(b.quote);
      REQUIRE(qb);
      bool quote_differs = !qa || qa->trailing != qb->trailing || qa->certification.type != qb->certification.type || !equal(qa->signed_bytes(), qb->signed_bytes()) || qa->attestation_key != qb->attestation_key ||
                           qa->auth_data != qb->auth_data || intel::encode_sgx_report(qa->qe_report) != intel::encode_sgx_report(qb->qe_report) || qa->outer_type != qb->outer_type;
      if (qa && qa->certification.type == 5) {
        const auto chain = crypto::certificates_from(qa->certification.data), clean_chain = crypto::certificates_from(qb->certification.data);
        REQUIRE(chain);
        REQUIRE(clean_chain);
        quote_differs |= chain->size() != clean_chain->size();
        for (std::size_t i = 0; i < std::min(chain->size(), clean_chain->size()); ++i) {   // leaves differ in their random signatures, CAs are fixed
          const crypto::Certificate &x = (*chain)[i], &y = (*clean_chain)[i];
          quote_differs |= x.subject_der() != y.subject_der() || x.issuer_der() != y.issuer_der() || x.spki() != y.spki() || x.not_after() != y.not_after() || x.not_before() != y.not_before();
          const auto *ex = x.extension(intel::kPckExtensionOid), *ey = y.extension(intel::kPckExtensionOid);
          quote_differs |= (ex == nullptr) != (ey == nullptr) || (ex != nullptr && ex->value != ey->value);
        }
      }
      // A flipped bit of a signature is seen only by verifying it.
      if (fault.name.ends_with("signature-bitflip")) quote_differs = true;
      CHECK((quote_differs || a.others != b.others || a.event_log != b.event_log));
      const bool about_quote = fault.layer == sim::FaultLayer::quote || fault.layer == sim::FaultLayer::pck;
      if (about_quote) CHECK(quote_differs);
      if (about_quote) CHECK(a.event_log == b.event_log);
      if (fault.layer == sim::FaultLayer::eventlog) CHECK_FALSE(quote_differs);
      if (fault.layer == sim::FaultLayer::crl) CHECK((a.others[2] != b.others[2] || a.others[3] != b.others[3]));
      if (fault.layer == sim::FaultLayer::crl) CHECK_FALSE(quote_differs);
      if (fault.layer == sim::FaultLayer::collateral) CHECK((a.others[1] != b.others[1] || a.others[4] != b.others[4] || a.others[5] != b.others[5]));
    }
  }
  MESSAGE("faults judged: " << judged);
  CHECK(judged > 150);
}

TEST_CASE("simulated Intel faults: a fault of another platform or of a newer quote is refused with a reason") {
  struct Row { const char* what; sim::IntelOptions options; };
  for (const Row& row : {Row{"an AMD fault", {.faults = {"vcek-expired"}}}, Row{"a TD fault of an enclave", {.sgx = true, .faults = {"td-debug"}}},
                         Row{"an enclave fault of a TD", {.faults = {"sgx-debug"}}}, Row{"a version 5 fault of version 4", {.faults = {"servicetd-bound"}}},
                         Row{"relaunch of version 4", {.faults = {"relaunch"}}}, Row{"outer type of version 3", {.sgx = true, .faults = {"outer-type-5"}}}}) {
    CAPTURE(row.what);
    const auto refused = sim::IntelPlatform::create(row.options);
    CHECK_FALSE(refused);
    if (!refused) CHECK(refused.error().code == Errc::bad_value);
  }
}

TEST_CASE("simulated Intel faults: quotes end at every boundary and decode otherwise") {
  for (const bool sgx : {false, true})
    for (const sim::Fault& fault : sim::faults()) {
      if (fault.layer != sim::FaultLayer::quote || !sim::applies_to(fault, sgx ? "sgx" : "tdx")) continue;
      if (fault.name == "quote-as-text") continue;   // where its fields then are is chance
      CAPTURE(fault.name);
      const auto quote = intel::parse_quote(make_intel(intel_faults_options_for(fault, sgx ? "sgx" : "tdx"))->quote({}));
      struct Undecodable { std::string_view name, field; };
      std::string_view field;                                          // that the decoder names
      for (const Undecodable& row : {Undecodable{"truncated-", ""}, Undecodable{"quote-version-6", "VERSION"}, Undecodable{"key-type-3", "KEY_TYPE"},
                                     Undecodable{"body-", "BODY"}, Undecodable{"outer-type-5", "TYPE"}, Undecodable{"tee-type-mismatch", "TEE_TYPE"}})
        if (fault.name.starts_with(row.name)) field = row.field;
      const bool decodes = field.empty() && !fault.name.starts_with("truncated-");
      if (fault.name == "tee-type-mismatch" && sgx) CHECK(quote);      // version 3 has one layout
      else CHECK(static_cast<bool>(quote) == decodes);
      if (!quote) CHECK(quote.error().where.find(field) != std::string::npos);
    }
}

TEST_CASE("simulated Intel faults: certificates") {
  CHECK(certificate(intel_faults_with("pck-expired")->pck_der()).not_after() < certificate(intel_faults_with("pck-future")->pck_der()).not_before());
  CHECK(certificate(intel_faults_with("pck-ca-rsa")->pck_ca_der()).key_type() == crypto::KeyType::rsa);
  CHECK(certificate(intel_faults_with("pck-ca-p384")->pck_ca_der()).key_type() == crypto::KeyType::ec_p384);
  CHECK(certificate(intel_faults_with("pck-wrong-name")->pck_der()).subject_cn() != "Intel SGX PCK Certificate");
  CHECK(certificate(intel_faults_with("tcb-signer-wrong-name")->tcb_signer_der()).subject_cn() != "Intel SGX TCB Signing");
  CHECK(certificate(intel_faults_with("sgx-extension-missing")->pck_der()).extension(intel::kPckExtensionOid) == nullptr);
  for (const char* fault : {"pck-ca-rsa", "pck-ca-p384", "processor-ca", "self-made-root", "pck-ca-expired"}) {
    CAPTURE(fault);
    const auto p = intel_faults_with(fault);
    const auto leaf = certificate(p->pck_der()).signed_by(*certificate(p->pck_ca_der()).key()), ca = certificate(p->pck_ca_der()).signed_by(*certificate(p->root_der()).key());
    const auto list = crl(p->pck_crl_der()).signed_by(*certificate(p->pck_ca_der()).key());
    REQUIRE((leaf && ca && list));
    CHECK((*leaf && *ca && *list));
  }
  CHECK(intel_faults_with("self-made-root")->root_der() != sim::intel_anchor(CollateralKind::intel_root));
  const auto seventeen = intel::parse_pck_extension(certificate(intel_faults_with("sgx-extension-17-entries")->pck_der()).extension(intel::kPckExtensionOid)->value);
  CHECK_FALSE(seventeen);
  const auto mismatch = intel::parse_pck_extension(certificate(intel_faults_with("cpusvn-mismatch")->pck_der()).extension(intel::kPckExtensionOid)->value);
  REQUIRE(mismatch);
  CHECK(mismatch->cpu_svn != mismatch->components);
  const auto processor = intel::parse_pck_extension(certificate(intel_faults_with("processor-ca")->pck_der()).extension(intel::kPckExtensionOid)->value);
  REQUIRE(processor);
  CHECK(processor->entries == 5);
  CHECK(intel_faults_with("processor-ca")->matching_policy().find("piid") == std::string::npos);
}

TEST_CASE("simulated Intel faults: revocation lists") {
  CHECK(crl(intel_faults_with("pck-revoked")->pck_crl_der()).revokes(certificate(intel_faults_with("pck-revoked")->pck_der()).serial_hex()));
  CHECK(crl(intel_faults_with("pck-ca-revoked")->root_crl_der()).revokes(certificate(intel_faults_with("pck-ca-revoked")->pck_ca_der()).serial_hex()));
  CHECK(crl(intel_faults_with("tcb-signer-revoked")->root_crl_der()).revokes(certificate(intel_faults_with("tcb-signer-revoked")->tcb_signer_der()).serial_hex()));
  CHECK(intel_faults_with("root-crl-absent")->root_crl_der().empty());
  CHECK(intel_faults_with("pck-crl-absent")->pck_crl_der().empty());
  for (const bool root : {true, false}) {
    const std::string name = root ? "root-crl" : "pck-crl";
    const auto list = [&](const char* fault) {
      const auto p = intel_faults_with((name + fault).c_str());
      return std::pair(crl(root ? p->root_crl_der() : p->pck_crl_der()), certificate(root ? p->root_der() : p->pck_ca_der()));
    };
    const auto [expired, issuer] = list("-expired");
    CHECK(expired.next_update() < issuer.not_after());
    const auto [other_name, _] = list("-wrong-issuer");
    CHECK(other_name.issuer_der() != issuer.subject_der());
    CHECK(other_name.issuer_cn() == issuer.subject_cn());
    const auto [bad, __] = list("-bad-signature");
    CHECK(bad.issuer_der() == issuer.subject_der());
    for (const auto& [signed_list, right] : {std::pair(&expired, true), std::pair(&other_name, true), std::pair(&bad, false)}) {
      const auto ok = signed_list->signed_by(*issuer.key());
      CHECK((ok && *ok) == right);
    }
  }
}

TEST_CASE("simulated Intel faults: TCB info and QE identity") {
  const auto info = [](const char* fault, bool sgx = false, unsigned version = 4) { return intel::parse_tcb_info(intel_faults_with(fault, sgx, version)->tcb_info()); };
  CHECK(info("fmspc-mismatch")->fmspc != sim::kSimulatedFmspc);
  CHECK(info("pceid-mismatch")->pce_id == "0001");
  CHECK(info("tcb-info-expired")->next_update < info("tcb-info-future")->issue_date);
  CHECK(info("tcb-info-wrong-id")->id == "SGX");
  CHECK(info("tcb-info-wrong-id", true)->id == "TDX");
  CHECK(info("tcb-info-version-2")->version == 2);
  CHECK(info("tcb-info-version-2")->levels.size() == 3);
  CHECK_FALSE(info("tcb-info-no-levels"));
  CHECK(info("tcb-info-unsorted")->levels.back().status == "UpToDate");
  CHECK(info("tcb-eval-number-old")->evaluation_number == 17);
  CHECK(intel_faults_with("tcb-eval-number-old")->matching_policy().find("\"tcb_eval_number\"") != std::string::npos);
  CHECK(info("module-identity-missing")->tdx_module_identities.size() == 1);
  CHECK(info("platform-revoked")->levels.front().status == "Revoked");
  CHECK(info("module-revoked")->tdx_module_identities.back().levels.front().status == "Revoked");
  CHECK(intel::parse_qe_identity(intel_faults_with("qe-revoked")->qe_identity())->levels.front().status == "Revoked");
  CHECK(info("relaunch-advised", false, 5)->tdx_module_identities.back().levels.front().isv_svn == 8);
  // The same document in other bytes.
  for (const char* fault : {"tcb-info-whitespace", "tcb-info-reordered"}) {
    const auto changed = info(fault);
    REQUIRE(changed);
    CHECK(changed->levels.size() == 3);
    CHECK(as_text(changed->signed_bytes) != as_text(intel::parse_tcb_info(make_intel({})->tcb_info())->signed_bytes));
  }
}

TEST_CASE("simulated Intel faults: the log alone is altered, and the policy accepts what a verifier tolerates") {
  const auto p = intel_faults_with("event-log-mismatch");
  const auto log = eventlog::parse_log(p->event_log());
  REQUIRE(log);
  const intel::Quote quote = parsed(p->quote({}));
  const auto& td = std::get<intel::TdReport>(quote.body);
  const sim::Registers replay = sim::replayed_registers(*log);
  CHECK(replay[1] == td.rtmr[1]);
  CHECK(replay[2] != td.rtmr[2]);
  CHECK(intel_faults_with("td-perfmon")->matching_policy().find("\"td_attributes\": \"0000001000000080\"") != std::string::npos);
  CHECK(intel_faults_with("td-sept-ve-enabled")->matching_policy().find("\"td_attributes\": \"0000000000000000\"") != std::string::npos);
  CHECK(intel_faults_with("td-debug")->matching_policy().find("\"td_attributes\": \"0000001000000000\"") != std::string::npos);
}
