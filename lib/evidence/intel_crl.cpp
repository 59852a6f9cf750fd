// Revocation: the root lists CAs and TCB signers, the PCK CA lists PCK certificates. Intel PCS API v4, RFC 5280 section 5.
#include <algorithm>

#include "crypto/oids.hpp"
#include "evidence/crl_choice.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/intel_keys.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

namespace oid = crypto::oid;

// One of the two lists with its issuer and its checks.
struct JudgedCrl {
  const char* name;
  const std::optional<SuppliedCrl>& crl;
  bool usable;
  const std::vector<SuppliedCrl>& signed_ones;
  const std::string& missing;
  const CheckSpec &issuer, &signature, &time;
  std::string authority;                 // "root", "PCK CA"
  std::string authority_name;            // subject
  std::optional<CrlAuthority> key;       // empty: the issuer is not there
};

std::string origin_of(const SuppliedCrl& crl) {
  return std::string(collateral_source_name(crl.source)) + (crl.origin.empty() ? "" : ": " + crl.origin);
}

void check_list(const JudgedCrl& list, const Context& context, Outcome without, Report& report) {
  if (!list.crl) {
    for (const CheckSpec* spec : {&list.issuer, &list.signature, &list.time}) report.add(*spec, without, "the list of the " + list.authority + " is not there, see crl-present");
    return;
  }
  const crypto::Crl& crl = list.crl->object;
  if (!list.key) {
    for (const CheckSpec* spec : {&list.issuer, &list.signature}) report.error(*spec, "the " + list.authority + " is not there");
  } else {
    const CrlJudgement j = judge_crl(crl, *list.key, context.now);
    with(report.judge(list.issuer, j.issuer, "the list is of another issuer"), list.authority_name, crl.issuer_text());
    report.judge(list.signature, j.is_signed, crl.signature_scheme() == list.key->scheme ? "the signature does not verify under the key of the " + list.authority
                                                                                       : "the list is not signed with ECDSA and SHA-256 (algorithm " + crl.signature_oid() + ")");
  }
  const auto from = crl.this_update(), until = crl.next_update();
  if (!from || !until) return (void)report.fail(list.time, "the list has no readable thisUpdate and nextUpdate");
  const bool early = context.now < *from, late = context.now > *until, allowed = late && !early && context.policy.allow_expired_collateral;
  with(report.judge(list.time, !early && !late,
                    early     ? "the list is from the future: check the clock"
                    : allowed ? "the list has expired (--allow-expired-collateral)"
                              : "the list has expired: let the network be used, or give a newer one with --collateral-dir",
                    allowed ? Outcome::warn : Outcome::fail),
       rfc3339(*from) + " to " + rfc3339(*until), rfc3339(context.now));
}

struct Serial { std::string who, hex; };

// Revoked once is revoked: every list that its authority signed counts, also an older one, so that a peer cannot choose.
void check_serials_not_revoked(const CheckSpec& spec, const JudgedCrl& list, const std::vector<Serial>& serials, const std::string& next, Outcome without, Report& report) {
  std::vector<std::string> clear;
  for (const Serial& serial : serials) {
    if (const auto entry = find_revoked(list.signed_ones, serial.hex)) {
      with(report.fail(spec, serial.who + " was revoked" + (entry->date ? " on " + rfc3339(*entry->date) : "") + next), "serial not listed", "serial 0x" + serial.hex + " listed");
      return;
    }
    clear.push_back("0x" + serial.hex);
  }
  if (!list.crl) return (void)report.add(spec, without, "the list of the " + list.authority + " is not there, see crl-present");
  if (!list.usable) return (void)report.error(spec, "the list of the " + list.authority + " is not usable, see the checks of that list");
  std::string actual;
  for (const std::string& serial : clear) actual += (actual.empty() ? "serial " : ", ") + serial;
  with(report.pass(spec), "serial not listed", actual + " not among " + std::to_string(list.crl->object.revoked().size()));
}

void check_crl_extensions(const std::vector<const JudgedCrl*>& lists, Report& report) {
  std::vector<std::string> odd;
  bool any = false;
  for (const JudgedCrl* list : lists) {
    if (!list->crl) continue;
    any = true;
    const auto has = [&](std::string_view oid) {
      const auto& all = list->crl->object.extensions();
      return std::any_of(all.begin(), all.end(), [&](const crypto::Extension& e) { return e.oid == oid; });
    };
    if (!has(oid::kCrlNumber)) odd.push_back("the list of the " + list->authority + " has no number");
    if (!has(oid::kAuthorityKeyId)) odd.push_back("the list of the " + list->authority + " has no authority key identifier");
  }
  if (!any) return (void)report.skip(kCrlExtensions, "there is no list");
  std::string text;
  for (const std::string& part : odd) text += (text.empty() ? "" : "; ") + part;
  report.judge(kCrlExtensions, odd.empty(), text, Outcome::warn);
}

void check_crls_present(const IntelCase& c, const JudgedCrl& root, const JudgedCrl& pck, bool optional, bool judge_itself, Report& report) {
  std::string missing, critical, actual;
  for (const JudgedCrl* list : {&root, &pck}) {
    if (!list->crl) {
      if (!judge_itself) missing += (missing.empty() ? "" : "; ") + list->missing;
      continue;
    }
    actual += (actual.empty() ? "" : "; ") + list->authority + " from " + origin_of(*list->crl);
    if (const std::string oid = critical_extension(list->crl->object); !oid.empty())
      critical += (critical.empty() ? "" : "; ") + ("the list of the " + list->authority) + " has the critical extension " + oid + ", which may limit what it covers";
  }
  auto& r = !critical.empty()  ? report.error(kCrlPresent, critical + "; give a plain one with --collateral-dir")
            : !missing.empty() ? report.add(kCrlPresent, optional ? Outcome::warn : Outcome::error, missing)
                               : report.pass(kCrlPresent);
  r.actual = std::move(actual);
  if (!missing.empty() && optional)
    report.add_not_proven(c.root_crl || c.pck_crl ? "Revocation was checked in part only, since a list was not available: Intel may have revoked a certificate of this chain."
                                                  : "Revocation was not checked, since no list was available: Intel may have revoked a certificate of this chain.");
}

std::vector<Serial> signers_of(const IntelCase& c) {
  std::vector<Serial> out;
  const auto add = [&](const std::string& hex_serial) {
    const Serial serial{"the TCB signing certificate", hex_serial};
    if (std::none_of(out.begin(), out.end(), [&](const Serial& s) { return s.hex == serial.hex; })) out.push_back(serial);
  };
  const auto add_of = [&](const auto& document) {
    if (document && !document->chain.empty()) add(document->chain.front().serial_hex());
    else if (document && document->signer_key != nullptr) add(document->signer_key->serial_hex);
  };
  add_of(c.tcb_info);
  add_of(c.qe_identity);
  if (c.tcb_signer) add(c.tcb_signer->object.serial_hex());
  return out;
}

void skip_crls(Report& report, const std::string& why) {
  for (const CheckSpec* spec : kIntelChecks)
    if (spec->area == kCrlPresent.area) report.skip(*spec, why);
}

}  // namespace

void check_intel_crls(const IntelCase& c, const Context& context, Report& report) {
  const bool judge_itself = c.bare() && (c.root_crl || c.pck_crl);
  if (context.policy.crl == policy::CrlMode::off && !judge_itself) {
    skip_crls(report, "revocation is switched off (--crl off)");
    report.add_not_proven("Revocation was not checked: Intel may have revoked a certificate of this chain.");
    return;
  }
  if (c.bare() && !judge_itself && !c.pck && !c.ca && !c.tcb_signer && !c.tcb_info && !c.qe_identity) return skip_crls(report, "there is nothing in the input that could be revoked");
  const bool optional = context.policy.crl == policy::CrlMode::if_available;
  const Outcome without = optional || judge_itself ? Outcome::skip : Outcome::error;
  constexpr auto scheme = crypto::SignatureScheme::ecdsa_sha256;

  std::optional<CrlAuthority> root_key, ca_key;
  if (c.root || c.root_key != nullptr)
    root_key = {c.root ? c.root->object.subject_der() : c.ca ? c.ca->object.issuer_der() : intel_name_der(kIntelRootCn), c.root_spki(), scheme, true};
  if (c.ca) ca_key = {c.ca->object.subject_der(), c.ca->object.spki(), scheme, true};
  const JudgedCrl root{"root CRL", c.root_crl, c.root_crl_usable, c.signed_root_crls, c.root_crl_missing, kRootCrlIssuer, kRootCrlSignature, kRootCrlTime,
                  "root", c.root ? c.root->object.subject_text() : c.ca ? c.ca->object.issuer_text() : intel_name_text(kIntelRootCn), root_key};
  const JudgedCrl pck{"PCK CRL", c.pck_crl, c.pck_crl_usable, c.signed_pck_crls, c.pck_crl_missing, kPckCrlIssuer, kPckCrlSignature, kPckCrlTime,
                 "PCK CA", c.ca ? c.ca->object.subject_text() : "", ca_key};
  check_crls_present(c, root, pck, optional, judge_itself, report);
  check_list(root, context, without, report);
  check_list(pck, context, without, report);
  check_crl_extensions({&root, &pck}, report);

  const auto absent = [&](const CheckSpec& spec, const std::string& who) { report.add(spec, c.bare() ? Outcome::skip : Outcome::error, "there is no " + who + " to judge"); };
  if (c.pck) check_serials_not_revoked(kPckLeafRevoked, pck, {{"the PCK certificate", c.pck->object.serial_hex()}}, "; nothing that its platform says can be believed", without, report);
  else absent(kPckLeafRevoked, "PCK certificate");
  std::vector<Serial> authorities;
  if (c.ca) authorities.push_back({"the PCK CA", c.ca->object.serial_hex()});
  if (c.root) authorities.push_back({"the root itself", c.root->object.serial_hex()});
  if (c.ca) check_serials_not_revoked(kPckCaRevoked, root, authorities, "", without, report);
  else absent(kPckCaRevoked, "PCK CA");
  const auto signers = signers_of(c);
  if (!signers.empty()) check_serials_not_revoked(kTcbSignerRevoked, root, signers, "; fetch collateral that another one signed", without, report);
  else report.skip(kTcbSignerRevoked, "there is no TCB signing certificate to judge");
}

}  // namespace atls::evidence
