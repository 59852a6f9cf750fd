// The certificates of the PCK chain: Intel SGX PCK certificate and CRL profile, RFC 5280.
#include <algorithm>

#include "base/hex.hpp"
#include "base/text.hpp"
#include "crypto/oids.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/intel_keys.hpp"
#include "evidence/memo.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;
using crypto::Certificate;

// RFC 5280 4.2.1; Intel's certificates have these and the SGX extension.
namespace oid = crypto::oid;
constexpr std::string_view kEcdsaSha256 = "1.2.840.10045.4.3.2";

// One certificate in its role, and the key that must have signed it.
struct Link {
  const char* role;
  const Certificate* certificate;
  std::vector<std::string_view> names;
  Buffer issuer_spki;
  const char* issuer;
  bool is_authority;
};

std::vector<Link> links_of(const IntelCase& c) {
  std::vector<Link> out;
  const Buffer ca = c.ca ? c.ca->object.spki() : Buffer{}, root = c.root_spki();
  const char* root_name = c.root ? "root" : "trusted root key";
  if (c.pck) out.push_back({"PCK certificate", &c.pck->object, {kIntelPckCn}, ca, "PCK CA", false});
  if (c.ca) out.push_back({"PCK CA", &c.ca->object, {kIntelPlatformCaCn, kIntelProcessorCaCn}, root, root_name, true});
  if (c.tcb_signer) out.push_back({"TCB signing certificate", &c.tcb_signer->object, {kIntelTcbSignerCn}, root, root_name, false});
  if (c.root) out.push_back({"root", &c.root->object, {kIntelRootCn}, root, root_name, true});
  return out;
}

void check_parse(const IntelCase& c, Report& report) {
  if (!c.chain_error.empty()) return (void)report.fail(kPckChainParse, c.chain_error);
  if (!c.bare() && c.chain.empty()) return (void)report.error(kPckChainParse, c.pck_missing);
  report.pass(kPckChainParse).actual = std::to_string(c.chain.size()) + (c.chain.size() == 1 ? " certificate" : " certificates");
}

void check_length_and_order(const IntelCase& c, Report& report) {
  if (c.bare()) {   // any part of the chain can be a file
    report.skip(kPckChainLength, "files may hold any part of a chain");
    report.skip(kPckChainOrder, "files may hold any part of a chain");
    return;
  }
  const bool complete = c.pck && c.ca && (c.root || c.root_key != nullptr);
  if (c.own_chain) {
    const auto stands_in_chain = [&](const std::optional<SuppliedCertificate>& x) {
      return x && std::any_of(c.chain.begin(), c.chain.end(), [&](const SuppliedCertificate& y) { return x->object.der() == y.object.der(); });
    };
    const bool own = stands_in_chain(c.pck) && stands_in_chain(c.ca) && stands_in_chain(c.root);
    with(report.judge(kPckChainLength, c.chain.size() == 3 && own,
                      c.chain.size() == 3 && c.pck && c.ca && c.root ? "a certificate of the quote's own chain has no role in it (doubled, altered or another one), and one from elsewhere would have to take its place"
                                                                     : "a PCK chain is leaf, CA and root, and nothing else"),
         "3 certificates, one of each role", std::to_string(c.chain.size()) + (c.chain.size() == 1 ? " certificate" : " certificates"));
    report.judge(kPckChainOrder, c.own_chain_in_order, "the certificates are in another order, which other verifiers refuse; they were told apart by issuer", Outcome::warn);
    return;
  }
  if (!c.pck) {
    report.error(kPckChainLength, c.pck_missing);
  } else {
    auto& r = report.judge(kPckChainLength, complete, "the PCK certificate was given without its CA");
    if (complete && !c.root) r.detail = "a trusted key stands in for the root certificate";
  }
  report.skip(kPckChainOrder, "the quote carries no chain");
}

void check_pck_names(const std::vector<Link>& links, Report& report) {
  std::vector<std::string> wrong;
  for (const Link& link : links) {
    const bool own = std::any_of(link.names.begin(), link.names.end(), [&](std::string_view cn) { return link.certificate->subject_text() == intel_name_text(cn); });
    if (!own) wrong.push_back("the " + std::string(link.role) + " is " + link.certificate->subject_text() + ", expected " + intel_name_text(link.names.front()));
  }
  report.judge(kPckChainNames, wrong.empty(), joined(wrong));
}

void check_algorithms(const std::vector<Link>& links, Report& report) {
  std::vector<std::string> wrong;
  for (const Link& link : links) {
    const Certificate& x = *link.certificate;
    if (x.version() != 3) wrong.push_back("the " + std::string(link.role) + " is of X.509 version " + std::to_string(x.version()));
    if (x.key_type() != crypto::KeyType::ec_p256 || x.key() == nullptr) wrong.push_back("the " + std::string(link.role) + " has a key " + x.key_text());
    if (x.signature_oid() != kEcdsaSha256) wrong.push_back("the " + std::string(link.role) + " is signed with algorithm " + x.signature_oid());
  }
  report.judge(kPckChainAlgorithms, wrong.empty(), joined(wrong)).expected = "X.509 v3, EC secp256r1, ECDSA with SHA-256";
}

void check_signatures(const IntelCase& c, const std::vector<Link>& links, Report& report) {
  std::vector<std::string> wrong, open;
  for (const Link& link : links) {
    const Certificate& x = *link.certificate;
    if (link.issuer_spki.empty())
      open.push_back("the " + std::string(link.issuer) + " of the " + link.role + " is not there");
    else if (!is_signed_by(x, link.issuer_spki))
      wrong.push_back("the signature of the " + std::string(link.role) + " does not verify under the key of the " + link.issuer);
    if (link.is_authority && !(x.is_ca() && x.key_usage_cert_sign())) wrong.push_back("the " + std::string(link.role) + " may not sign certificates");
    if (!link.is_authority && x.is_ca()) wrong.push_back("the " + std::string(link.role) + " is a CA");
  }
  if (c.pck && c.ca && c.pck->object.issuer_der() != c.ca->object.subject_der()) wrong.push_back("the PCK CA is not the one that the PCK certificate names");
  if (c.ca && c.root && c.ca->object.issuer_der() != c.root->object.subject_der()) wrong.push_back("the root is not the one that the PCK CA names");
  if (c.ca && !c.root && c.ca->object.issuer_text() != intel_name_text(kIntelRootCn)) wrong.push_back("the PCK CA names another root: " + c.ca->object.issuer_text());
  if (c.ca && c.root && c.root->object.path_length() && *c.root->object.path_length() < 1) wrong.push_back("the path length constraint of the root allows no CA below it");
  if (!wrong.empty()) return (void)report.fail(kPckChainSignatures, joined(wrong));
  if (!open.empty()) return (void)report.error(kPckChainSignatures, joined(open));
  report.pass(kPckChainSignatures, c.root ? "" : "verified with the trusted key of the root");
}

void check_pck_root(const IntelCase& c, const TrustStore& trust, Report& report) {
  std::vector<std::string> accepted;
  for (const CaKey* anchor : trust.find(CaRole::intel_root, snp::ProductLine::unknown)) accepted.push_back(anchor->spki_sha256);
  const std::string expected = accepted.empty() ? "a trust anchor of Intel's kind; there is none" : "key SHA-256 " + joined(accepted, " or ");
  const CaKey* key = c.root ? trust.find_spki(c.root->object.spki_sha256()) : c.root_key;
  const Certificate* child = c.ca ? &c.ca->object : c.tcb_signer ? &c.tcb_signer->object : nullptr;
  if (!c.root && (key == nullptr || child == nullptr)) {   // a key can stand in only for the issuer of something that is there
    report.error(kPckRootTrusted, key == nullptr ? "there is neither a root certificate nor a trusted root key" : "the PCK CA is not there").expected = expected;
    return;
  }
  if (!c.root && !is_signed_by(*child, key->spki)) {
    report.fail(kPckRootTrusted, "no trusted root key signed the certificate, and no root certificate came along").expected = expected;
    return;
  }
  const bool trusted = key != nullptr && key->role == CaRole::intel_root;
  auto& r = report.judge(kPckRootTrusted, trusted,
                         "the root is not a trust anchor; whoever made it can make any quote. A pre-production platform has such a root under the same name. If it is yours, give it "
                         "with --trust-anchor; a simulated platform needs --trust-simulated");
  with(r, expected, c.root ? c.root->object.spki_sha256() : key->spki_sha256);
  if (trusted && key->simulated) r.detail = "a simulated root, trusted on request";
  else if (trusted && !c.root) r.detail = "the trusted key stands in for the certificate";
}

void check_pck_validity(const IntelCase& c, const std::vector<Link>& links, Time now, Report& report) {
  std::vector<std::string> wrong;
  std::optional<Time> from, until;
  const auto judge = [&](const std::string& who, std::optional<Time> a, std::optional<Time> b) {
    if (!a || !b) return wrong.push_back(who + " has no readable validity period");
    if (now < *a) wrong.push_back(who + " is not valid before " + rfc3339(*a) + ": check the clock, or --at");
    if (now > *b) wrong.push_back(who + " expired on " + rfc3339(*b) + ": give the time of the evidence with --at");
    from = std::max(from.value_or(*a), *a);
    until = std::min(until.value_or(*b), *b);
  };
  for (const Link& link : links) judge("the " + std::string(link.role), link.certificate->not_before(), link.certificate->not_after());
  if (!c.root && c.root_key != nullptr) judge("the root, by the built-in facts,", c.root_key->not_before, c.root_key->not_after);
  auto& r = report.judge(kPckValidity, wrong.empty(), joined(wrong));
  if (from && until) with(r, rfc3339(*from) + " to " + rfc3339(*until), rfc3339(now));
}

void check_pck_extensions(const IntelCase& c, const std::vector<Link>& links, Report& report) {
  std::vector<std::string> critical, odd;
  for (const Link& link : links)
    for (const crypto::Extension& e : link.certificate->extensions())
      if (e.critical && e.oid != oid::kBasicConstraints && e.oid != oid::kKeyUsage && e.oid != intel::kPckExtensionOid && e.oid != oid::kExtendedKeyUsage)
        critical.push_back("unknown critical extension " + e.oid + " of the " + link.role + " must not be ignored");
  if (!critical.empty()) {
    report.fail(kPckExtensions, joined(critical)).on_fail = ExitCode::rejected;
    return;
  }
  if (!c.pck) return (void)report.skip(kPckExtensions, "there is no PCK certificate");
  const Certificate& pck = c.pck->object;
  for (const std::string_view oid : {oid::kAuthorityKeyId, oid::kCrlDistribution, oid::kSubjectKeyId, oid::kKeyUsage, oid::kBasicConstraints})
    if (pck.extension(oid) == nullptr) odd.push_back("extension " + std::string(oid) + " is missing");
  if (pck.extensions().size() != 6) odd.push_back(std::to_string(pck.extensions().size()) + " extensions");
  const auto purposes = pck.eku_oids();
  if (!purposes.empty() && std::find(purposes.begin(), purposes.end(), oid::kServerAuth) == purposes.end()) odd.push_back("extended key usage " + joined(purposes, ", "));
  with(report.judge(kPckExtensions, odd.empty(), joined(odd) + ": other verifiers refuse it", Outcome::warn), "6 extensions", std::to_string(pck.extensions().size()));
}

void check_sgx_extension(const IntelCase& c, Report& report) {
  const CheckSpec* dependants[] = {&kPckSgxEntryCount, &kPckCpusvnConsistency};
  if (!c.pck) {
    const Outcome outcome = c.bare() ? Outcome::skip : Outcome::error;
    const std::string why = c.bare() ? "there is no PCK certificate in the input" : c.pck_missing;
    for (const CheckSpec* spec : {&kPckSgxExtension, dependants[0], dependants[1]}) report.add(*spec, outcome, why);
  } else if (!c.extension) {
    report.fail(kPckSgxExtension, c.extension_error);
    for (const CheckSpec* spec : dependants) report.error(*spec, "the SGX extension does not decode, see pck-sgx-extension");
  } else {
    const intel::PckExtension& x = *c.extension;
    with(report.judge(kPckSgxExtension, x.tcb_entries == 18, "the TCB has another number of entries"), "18 TCB entries", std::to_string(x.tcb_entries) + " TCB entries");
    const std::size_t usual = c.processor_ca ? 5 : 7;
    with(report.judge(kPckSgxEntryCount, x.entries == usual, "the profile has another number of entries for this CA", Outcome::warn), std::to_string(usual), std::to_string(x.entries));
    auto& r = report.compare(kPckCpusvnConsistency, x.components, x.cpu_svn);
    if (r.outcome != Outcome::pass) r.detail = "the certificate contradicts itself: verifiers compare one or the other";
  }
}

void check_ca_type(const IntelCase& c, Report& report) {
  const std::string cn = c.pck ? c.pck->object.issuer_cn() : c.ca ? c.ca->object.subject_cn() : "";
  if (cn.empty()) return (void)report.skip(kPckCaType, "there is no PCK certificate");
  report.pass(kPckCaType, c.processor_ca ? "one verifier (go-tdx-guest) knows the Platform CA only" : "").actual = cn;
}

}  // namespace

void check_pck_chain(const IntelCase& c, const Context& context, Report& report) {
  const std::vector<Link> links = links_of(c);
  check_parse(c, report);
  check_length_and_order(c, report);
  if (links.empty() || (!c.bare() && !c.pck)) {
    const Outcome outcome = c.bare() ? Outcome::skip : Outcome::error;
    const std::string why = c.bare() ? "there is no certificate in the input" : c.pck_missing;
    for (const CheckSpec* spec : {&kPckChainNames, &kPckChainAlgorithms, &kPckChainSignatures, &kPckRootTrusted, &kPckValidity}) report.add(*spec, outcome, why);
  } else {
    check_pck_names(links, report);
    check_algorithms(links, report);
    check_signatures(c, links, report);
    check_pck_root(c, context.trust, report);
    check_pck_validity(c, links, context.now, report);
  }
  check_pck_extensions(c, links, report);
  check_sgx_extension(c, report);
  check_ca_type(c, report);
}

}  // namespace atls::evidence
