// From the PCK key to the body of the quote: the PCK key signs the report of the quoting enclave, that report names the attestation
// key, and the attestation key signs the quote. Intel TDX DCAP quoting library API.
#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "crypto/ecdsa.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/memo.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

constexpr std::size_t kHashSize = 32;

void check_qe_report_signature(const IntelCase& c, Report& report) {
  const intel::Quote& q = *c.quote;
  if (!c.pck) {
    // A chain that came along and holds no readable certificate: no key signed this. One that did not come: not known.
    if (c.own_chain && !c.chain_error.empty()) return (void)report.fail(kQeReportSignature, c.pck_missing);
    return (void)report.error(kQeReportSignature, c.pck_missing);
  }
  const crypto::Certificate& pck = c.pck->object;
  if (pck.key_type() != crypto::KeyType::ec_p256 || pck.key() == nullptr) {
    auto& r = report.fail(kQeReportSignature, "the PCK key cannot have made this signature");
    r.expected = "EC secp256r1";
    r.actual = pck.key_text();
    return;
  }
  report.judge(kQeReportSignature, is_p256_signature(q.qe_report.raw, q.qe_report_signature, pck.spki()),
               "the signature does not verify under the PCK key: the report of the quoting enclave is altered, or of another platform");
}

void check_qe_binding(const intel::Quote& q, const policy::Policy& policy, Report& report) {
  // SHA-256(attestation key || authentication data), then zeros.
  const Bytes data(q.qe_report.report_data);
  auto& r = report.compare(kQeReportDataBinding, crypto::sha256_of({q.attestation_key, q.auth_data}), data.first(kHashSize));
  if (r.outcome != Outcome::pass) r.detail = "the quoting enclave did not vouch for this attestation key and authentication data";
  auto& padding = report.judge(kQeReportDataPadding, is_zero(data.subspan(kHashSize)),
                               std::string("Intel's quoting enclaves leave it zero") + (policy.allow_qe_padding ? " (--allow-qe-padding)" : ""),
                               policy.allow_qe_padding ? Outcome::warn : Outcome::fail);
  padding.expected = "zero";
  padding.actual = hex(data.subspan(kHashSize));
}

void check_quote_signature(const intel::Quote& q, Report& report) {
  const auto key = crypto::p256_key_from_point(q.attestation_key);
  if (!key) {
    report.fail(kAttKeyValid, key.error().message()).actual = hex(q.attestation_key);
    report.fail(kQuoteSignature, "there is no attestation key that could have signed it, see att-key-valid");
    return;
  }
  report.pass(kAttKeyValid);
  const auto good = crypto::verify_ecdsa_p256_sha256(**key, q.signed_bytes(), q.signature);
  report.judge(kQuoteSignature, good && *good, "the signature does not verify under the attestation key: header or body are altered");
}

}  // namespace

std::string fault_of_intel_evidence(const IntelCase& c, const TrustStore& trust) {
  if (c.root) {
    const CaKey* key = trust.find_spki(c.root->object.spki_sha256());
    if (key == nullptr || key->role != CaRole::intel_root) return "the root of the evidence is not trusted, see pck-root-trusted";
  }
  const Buffer root = c.root_spki();
  if (c.ca && !root.empty() && !is_signed_by(c.ca->object, root)) return "the chain of the evidence does not verify, see pck-chain-signatures";
  if (!c.pck || !c.quote) return {};
  if (c.ca && !is_signed_by(c.pck->object, c.ca->object.spki())) return "the chain of the evidence does not verify, see pck-chain-signatures";
  const intel::Quote& q = *c.quote;
  if (!is_p256_signature(q.qe_report.raw, q.qe_report_signature, c.pck->object.spki())) return "the PCK key did not sign this, see qe-report-signature";
  const auto key = crypto::p256_key_from_point(q.attestation_key);
  const auto good = key ? crypto::verify_ecdsa_p256_sha256(**key, q.signed_bytes(), q.signature) : Result<bool>(key.error());
  const bool vouched = equal(crypto::sha256_of({q.attestation_key, q.auth_data}), Bytes(q.qe_report.report_data).first(kHashSize));
  return good && *good && vouched ? "" : "the quote is not signed by the key that its quoting enclave vouches for, see quote-signature";
}

void check_quote_signatures(const IntelCase& c, const Context& context, Report& report) {
  check_qe_report_signature(c, report);
  check_qe_binding(*c.quote, context.policy, report);
  check_quote_signature(*c.quote, report);
}

}  // namespace atls::evidence
