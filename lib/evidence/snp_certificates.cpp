// The endorsement certificate and its chain: "VCEK Certificate and KDS Interface Specification" (AMD 57230), RFC 5280. Each
// signature is verified by itself, so that each link has its own answer.
#include <algorithm>

#include "base/hex.hpp"
#include "base/text.hpp"
#include "crypto/oids.hpp"
#include "evidence/memo.hpp"
#include "evidence/snp_case.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using namespace checks;
using crypto::Certificate;
using crypto::SignatureScheme;

namespace oid = crypto::oid;

std::string amd_name_text(const std::string& cn) {
  return "CN=" + cn + ",O=Advanced Micro Devices,ST=CA,L=Santa Clara,C=US,OU=Engineering";
}

void check_validity(const CheckSpec& spec, std::optional<Time> from, std::optional<Time> to, Time now, const std::string& who,
                    Report& report, std::string detail = {}) {
  if (!from || !to) return (void)report.fail(spec, who + " has no readable validity period");
  auto& r = report.judge(spec, *from <= now && now <= *to,
                         who + (now < *from ? " is not valid yet: check the clock, or --at"
                                            : " has expired: fetch a new one, or give the time of the evidence with --at"));
  with(r, rfc3339(*from) + " to " + rfc3339(*to), rfc3339(now));
  if (r.outcome == Outcome::pass) r.detail = std::move(detail);
}

// ---- VCEK or VLEK ----

constexpr const CheckSpec* kVekChecks[] = {&kSnpVekKind,    &kSnpVekKey,      &kSnpVekSigalg,          &kSnpVekX509Version,
                                           &kSnpVekSubject, &kSnpVekIssuer,   &kSnpVekExtensionsKnown, &kSnpVekExtensionsComplete,
                                           &kSnpVekProduct, &kSnpVekValidity, &kSnpVekSignature};

void check_kind(const SnpCase& c, Report& report) {
  const std::string cn = c.vek->object.subject_cn();
  if (c.bare()) return (void)report.skip(kSnpVekKind, "there is no report that names its signer");
  const std::uint8_t key = c.report->signing_key_raw();
  if (key > 1)
    return (void)report.error(kSnpVekKind, "the report does not name the VCEK or VLEK as its signer, see snp-signing-key");
  with(report.judge(kSnpVekKind, cn == (key == 1 ? kVlekCn : kVcekCn),
                    "the certificate is not of the key that the report names as its signer"),
       std::string(key == 1 ? kVlekCn : kVcekCn), cn);
}

void check_key_and_algorithm(const Certificate& vek, Report& report) {
  with(report.judge(kSnpVekKey, vek.key_type() == crypto::KeyType::ec_p384 && vek.key() != nullptr,
                    "AMD endorsement keys are EC keys on the named curve P-384"),
       "EC secp384r1", vek.key_text());
  const bool pss = vek.signature_scheme() == SignatureScheme::rsa_pss_sha384;
  with(report.judge(kSnpVekSigalg, pss, "AMD signs certificates with RSA-PSS, SHA-384, MGF1 with SHA-384, salt of 48 bytes"),
       "RSA-PSS, SHA-384, salt 48",
       pss ? "RSA-PSS, SHA-384, salt 48" : "algorithm " + vek.signature_oid() + " with other parameters");
  with(report.judge(kSnpVekX509Version, vek.version() == 3, "extensions exist in version 3 only", Outcome::warn), "3",
       std::to_string(vek.version()));
}

void check_names(const SnpCase& c, Report& report) {
  const Certificate& vek = c.vek->object;
  const std::string cn(c.facts.is_vlek ? kVlekCn : kVcekCn);
  with(report.judge(kSnpVekSubject, vek.subject_der() == amd_name_der(cn),
                    "the subject is not AMD's name of a VCEK or VLEK, attribute by attribute"),
       amd_name_text(cn), vek.subject_text());

  const auto issuer = ca_from_subject_cn(vek.issuer_cn());
  const bool role_fits = issuer && issuer->first == (c.facts.is_vlek ? CaRole::asvk : CaRole::ask) &&
                         vek.issuer_der() == amd_name_der(vek.issuer_cn());
  if (!role_fits) {
    with(report.fail(kSnpVekIssuer, "the issuer is not AMD's name of an " + std::string(c.facts.is_vlek ? "ASVK" : "ASK")),
         amd_name_text(c.facts.is_vlek ? "SEV-VLEK-PRODUCT" : "SEV-PRODUCT"), vek.issuer_text());
  } else if (!c.ask.present()) {
    report.error(kSnpVekIssuer, c.ask.missing);
  } else {
    with(report.judge(kSnpVekIssuer, vek.issuer_der() == c.ask.subject_der(),
                      "the " + c.ask_name() + " that came along is of another name"),
         c.ask.certificate ? c.ask.certificate->object.subject_text() : amd_name_text(c.ask.subject_cn()), vek.issuer_text());
  }
}

void check_extensions(const SnpCase& c, Report& report) {
  const VekFacts& f = c.facts;
  if (!f.critical_unknown.empty())
    report.fail(kSnpVekExtensionsKnown, "unknown critical extension " + joined(f.critical_unknown, ", ") + " must not be ignored")
        .on_fail = ExitCode::rejected;
  else if (!f.unknown.empty())
    report.warn(kSnpVekExtensionsKnown, "AMD's certificates do not have extension " + joined(f.unknown, ", "));
  else
    report.pass(kSnpVekExtensionsKnown, f.amd_unknown.empty() ? "" : "ignored AMD extension " + joined(f.amd_unknown, ", "));
  report.judge(kSnpVekExtensionsComplete, f.problems.empty(), joined(f.problems));
}

void check_vek_product(const SnpCase& c, Report& report) {
  const auto issuer = ca_from_subject_cn(c.vek->object.issuer_cn());
  const std::string by_issuer(issuer ? snp::product_name(issuer->second) : "unknown"),
      by_name(snp::product_name(c.facts.product));
  const std::string actual =
      "certificate " + (c.facts.product_name.empty() ? "without productName" : c.facts.product_name) + ", issuer " + by_issuer;
  if (c.bare()) {
    with(report.judge(kSnpVekProduct, issuer && c.facts.product != snp::ProductLine::unknown && by_issuer == by_name,
                      "productName and issuer do not name the same known product line"),
         "one product line", actual);
    return;
  }
  if (c.product == snp::ProductLine::unknown)
    return (void)report.error(kSnpVekProduct, "the product line of the report is not known, see snp-product-known");
  const bool same = issuer && issuer->second == c.product && c.facts.product == c.product;
  with(report.judge(kSnpVekProduct, same, "the certificate is of another product line than the report (" + c.product_from + ")"),
       std::string(snp::product_name(c.product)), actual);
}

void check_vek_signature(const SnpCase& c, Report& report) {
  if (!c.ask.present()) return (void)report.error(kSnpVekSignature, c.ask.missing);
  const Certificate& vek = c.vek->object;
  if (vek.signature_scheme() != SignatureScheme::rsa_pss_sha384)
    return (void)report.fail(kSnpVekSignature, "not signed with AMD's algorithm, see snp-vek-sigalg");
  auto& r = report.judge(kSnpVekSignature, is_signed_by(vek, c.ask.spki()),
                         "the signature does not verify under the key of " + c.ask.label() +
                             ": the certificate is altered, or of a foreign authority with the same name");
  if (r.outcome == Outcome::pass && !c.ask.certificate) r.detail = "verified with the built-in key of " + c.ask.subject_cn();
}

void check_vek(const SnpCase& c, const Context& context, Report& report) {
  if (!c.vek) {
    const std::string why =
        c.bare() ? "there is no VCEK or VLEK in the input" : "no endorsement certificate, see snp-vek-present";
    report.add(kSnpVekPresent, c.bare() ? Outcome::skip : Outcome::error, c.bare() ? why : c.vek_missing);
    for (const CheckSpec* spec : kVekChecks) report.add(*spec, c.bare() ? Outcome::skip : Outcome::error, why);
    return;
  }
  report.pass(kSnpVekPresent).actual = c.vek_name() + " from " + std::string(collateral_source_name(c.vek->source)) +
                                       (c.vek->origin.empty() ? "" : ": " + c.vek->origin);
  const Certificate& vek = c.vek->object;
  check_kind(c, report);
  check_key_and_algorithm(vek, report);
  check_names(c, report);
  check_extensions(c, report);
  check_vek_product(c, report);
  check_validity(kSnpVekValidity, vek.not_before(), vek.not_after(), context.now, "the " + c.vek_name() + " certificate", report);
  check_vek_signature(c, report);
}

// ---- ASK or ASVK, and ARK ----

struct CaSpecs {
  const CheckSpec &subject, &validity, &ca, &signature;
};

bool absent(const CaLink& link, const CaSpecs& specs, const SnpCase& c, Report& report) {
  if (link.present()) return false;
  const std::string why = c.bare() && link.missing.empty() ? "there is no such certificate in the input" : link.missing;
  for (const CheckSpec* spec : {&specs.subject, &specs.validity, &specs.ca, &specs.signature})
    report.add(*spec, c.bare() && !c.vek && link.role != CaRole::ark ? Outcome::skip : Outcome::error, why);
  return true;
}

// The names of a CA: exact AMD names, of the role that the chain needs, issued by the ARK of the same product line.
void check_ca_subject(const CheckSpec& spec, const CaLink& link, Report& report) {
  if (!link.certificate) {
    with(report.pass(spec, "judged from the built-in facts"), amd_name_text(link.subject_cn()), amd_name_text(link.subject_cn()));
    return;
  }
  const Certificate& ca = link.certificate->object;
  const auto role = ca_from_subject_cn(ca.subject_cn());
  const std::string issuer_cn = role ? ca_subject_cn(CaRole::ark, role->second) : "";
  const bool names = role && role->first == link.role && ca.subject_der() == amd_name_der(ca.subject_cn()) &&
                     ca.issuer_der() == amd_name_der(issuer_cn);
  auto& r = report.judge(
      spec, names,
      "subject or issuer is not AMD's name of an " + std::string(ca_role_name(link.role)) + ", attribute by attribute");
  r.expected = role ? amd_name_text(ca.subject_cn()) + ", issued by CN=" + issuer_cn
                    : "CN=" + ca_subject_cn(link.role, snp::ProductLine::milan) +
                          " or that of another product line, with AMD's other names";
  r.actual = ca.subject_text() + ", issued by " + ca.issuer_text();
}

void check_ca_validity(const CheckSpec& spec, const CaLink& link, Time now, Report& report) {
  if (link.certificate)
    return check_validity(spec, link.certificate->object.not_before(), link.certificate->object.not_after(), now,
                          "the " + link.label() + " certificate", report);
  check_validity(spec, link.builtin->not_before, link.builtin->not_after, now, link.label(), report,
                 "judged from the built-in facts");
}

void check_ca_constraints(const CheckSpec& spec, const CaLink& link, Report& report) {
  if (!link.certificate)
    return (void)report.skip(spec, "the built-in key of " + link.subject_cn() + " stands in for the certificate");
  const Certificate& ca = link.certificate->object;
  for (const crypto::Extension& e : ca.extensions())
    if (e.critical && e.oid != oid::kBasicConstraints && e.oid != oid::kKeyUsage)
      return (void)report.fail(spec, "unknown critical extension " + e.oid + " must not be ignored");
  if (link.role == CaRole::ark && ca.path_length() && *ca.path_length() < 1)
    return (void)report.fail(spec, "the path length constraint of the root allows no ASK below it");
  with(report.judge(spec, ca.is_ca() && ca.key_usage_cert_sign(), "the certificate may not sign certificates"),
       "CA:TRUE, keyCertSign",
       std::string(ca.is_ca() ? "CA:TRUE" : "not a CA") + ", " + (ca.key_usage_cert_sign() ? "keyCertSign" : "no keyCertSign"));
}

void check_ca_signature(const CheckSpec& spec, const CaLink& link, const CaLink& issuer, Report& report) {
  if (!link.certificate)
    return (void)report.skip(spec, "the built-in key of " + link.subject_cn() + " stands in for the certificate");
  if (!issuer.present()) return (void)report.error(spec, issuer.missing);
  const Certificate& ca = link.certificate->object;
  if (ca.signature_scheme() != SignatureScheme::rsa_pss_sha384) {
    with(report.fail(spec, "not signed with AMD's algorithm"), "RSA-PSS, SHA-384, salt 48", "algorithm " + ca.signature_oid());
    return;
  }
  report.judge(spec, is_signed_by(ca, issuer.spki()), "the signature does not verify under the key of " + issuer.label());
}

void check_trusted(const SnpCase& c, const TrustStore& trust, Report& report) {
  if (!c.ark.present()) return (void)report.error(kSnpArkTrusted, c.ark.missing);
  const CaKey* key = trust.find_spki(c.ark.spki_sha256());
  const auto role = ca_from_subject_cn(c.ark.subject_cn());
  std::vector<std::string> accepted;
  if (role)
    for (const CaKey* anchor : trust.find(CaRole::ark, role->second)) accepted.push_back(anchor->spki_sha256);
  const bool trusted =
      key != nullptr && key->role == CaRole::ark && role && role->first == CaRole::ark && role->second == key->product;
  // A built-in ASK has no signature to judge; its root is a fact, and no other one may decide for it.
  if (trusted && c.ask.builtin != nullptr && c.ask.builtin->root_spki_sha256 != c.ark.spki_sha256()) {
    with(report.fail(kSnpArkTrusted, "the ARK that came along is trusted, but it is not the root of " + c.ask.label() + ", which signed the endorsement certificate"),
         "key SHA-256 " + c.ask.builtin->root_spki_sha256, c.ark.spki_sha256());
    return;
  }
  auto& r = report.judge(kSnpArkTrusted, trusted,
                         "the root is not a trust anchor; whoever made it can make any evidence. If it is yours, give it with "
                         "--trust-anchor; a simulated platform needs --trust-simulated");
  with(r, accepted.empty() ? "a trust anchor of this product line; there is none" : "key SHA-256 " + joined(accepted, " or "),
       c.ark.spki_sha256());
  if (trusted) r.detail = key->simulated ? "a simulated root, trusted on request" : "";
}

void check_key_sizes(const SnpCase& c, Report& report) {
  std::vector<std::string> small, seen;
  for (const CaLink* link : {&c.ask, &c.ark}) {
    if (!link->present()) continue;
    if (!link->certificate) {
      seen.push_back(link->label());
      continue;
    }
    const Certificate& ca = link->certificate->object;
    seen.push_back(link->label() + ": " + ca.key_text());
    if (ca.key_type() != crypto::KeyType::rsa || ca.key_bits() < 4096 || !ca.rsa_exponent_is_65537())
      small.push_back(link->label() + " has " + ca.key_text());
  }
  if (seen.empty()) return (void)report.skip(kSnpCaKeySize, "there is no CA certificate");
  with(report.judge(kSnpCaKeySize, small.empty(), joined(small), Outcome::warn), "RSA 4096 or more, exponent 65537",
       joined(seen, ", "));
}

}  // namespace

void check_snp_certificates(const SnpCase& c, const Context& context, Report& report) {
  check_vek(c, context, report);
  const CaSpecs ask{kSnpAskSubject, kSnpAskValidity, kSnpAskCa, kSnpAskSignature},
      ark{kSnpArkSubject, kSnpArkValidity, kSnpArkCa, kSnpArkSelfSignature};
  if (!absent(c.ask, ask, c, report)) {
    check_ca_subject(ask.subject, c.ask, report);
    check_ca_validity(ask.validity, c.ask, context.now, report);
    check_ca_constraints(ask.ca, c.ask, report);
    check_ca_signature(ask.signature, c.ask, c.ark, report);
  }
  if (!absent(c.ark, ark, c, report)) {
    check_ca_subject(ark.subject, c.ark, report);
    check_ca_validity(ark.validity, c.ark, context.now, report);
    check_ca_constraints(ark.ca, c.ark, report);
    check_ca_signature(ark.signature, c.ark, c.ark, report);
  }
  check_trusted(c, context.trust, report);
  check_key_sizes(c, report);
  check_snp_crl(c, context, report);
}

}  // namespace atls::evidence
