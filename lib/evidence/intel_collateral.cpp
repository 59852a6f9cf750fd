// TCB info and QE identity: found, decoded, about this platform, current, and signed by Intel's TCB signer over the bytes as received.
// Intel PCS API v4.
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

// The checks that both kinds of document have, and those that only one has.
struct Specs {
  const char* what;
  const CheckSpec &parse, &id_version, &signer_chain, &signature, &time;
  std::vector<const CheckSpec*> all;
};

Specs tcb_info_specs() {
  return {"TCB info", kTcbInfoParse, kTcbInfoIdVersion, kTcbInfoSignerChain, kTcbInfoSignature, kTcbInfoTime,
          {&kTcbInfoParse, &kTcbInfoIdVersion, &kTcbInfoSignerChain, &kTcbInfoSignature, &kTcbInfoTime, &kTcbInfoFmspc, &kTcbInfoPceid, &kTcbInfoTcbtype, &kTcbInfoLevelOrder}};
}
Specs qe_identity_specs() {
  return {"QE identity", kQeIdentityParse, kQeIdentityIdVersion, kQeIdentitySignerChain, kQeIdentitySignature, kQeIdentityTime,
          {&kQeIdentityParse, &kQeIdentityIdVersion, &kQeIdentitySignerChain, &kQeIdentitySignature, &kQeIdentityTime}};
}

// ---- presence ----

std::string place_of(CollateralSource source, const std::string& origin) {
  return std::string(collateral_source_name(source)) + (origin.empty() ? "" : ": " + origin);
}

void check_collateral_present(const IntelCase& c, const Context& context, Report& report) {
  if (c.bare()) {
    if (c.tcb_info || c.qe_identity) report.skip(kCollateralPresent, "the input is collateral itself");
    else report.skip(kCollateralPresent, "there is no quote that would need it");
    return;
  }
  std::vector<std::string> missing, there;
  if (c.tcb_info) there.push_back("TCB info from " + place_of(c.tcb_info->source, c.tcb_info->origin));
  else missing.push_back(c.tcb_info_missing);
  if (c.qe_identity) there.push_back("QE identity from " + place_of(c.qe_identity->source, c.qe_identity->origin));
  else missing.push_back(c.qe_identity_missing);
  const bool allowed = context.policy.allow_missing_collateral;
  auto& r = missing.empty() ? report.pass(kCollateralPresent) : report.add(kCollateralPresent, allowed ? Outcome::warn : Outcome::error, joined(missing) + (allowed ? " (--allow-missing-collateral)" : ""));
  with(r, "TCB info and QE identity", there.empty() ? "neither" : joined(there));
  if (!c.tcb_info && allowed) report.add_not_proven("Whether the platform is up to date: Intel's TCB info was not there, so its firmware may have known holes.");
  if (!c.qe_identity && allowed)
    report.add_not_proven("Whether Intel's quoting enclave made the quote: its identity was not there, so any enclave of a platform that Intel certified may have.");
}

// ---- what both have ----

constexpr std::string_view kOtherRoot = "it ends in another root than the quote does: what one authority says cannot judge what another one certified, even when both are trusted";

// Intel's own signer, from the table of built-in keys: there is no certificate whose signature could be judged.
void check_builtin_signer(const Specs& specs, const CaKey& key, bool own_root, const Context& context, Report& report) {
  if (!own_root) {
    with(report.fail(specs.signer_chain, std::string(kOtherRoot)), "signed under the root of the quote", key.subject_cn + ", serial 0x" + key.serial_hex + ", under Intel's root");
    return;
  }
  const bool early = context.now < key.not_before, late = context.now > key.not_after, allowed = late && context.policy.allow_expired_collateral;
  auto& r = report.judge(specs.signer_chain, !early && !late,
                         early ? "its certificate is not valid yet" : "its certificate has expired" + std::string(allowed ? " (--allow-expired-collateral)" : ""),
                         allowed ? Outcome::warn : Outcome::fail);
  if (!early && !late) r.detail = "no chain came along: Intel's built-in signing key stands in for its certificate";
  with(r, rfc3339(key.not_before) + " to " + rfc3339(key.not_after), key.subject_cn + ", serial 0x" + key.serial_hex);
}

void check_signer_chain(const Specs& specs, const std::vector<crypto::Certificate>& chain, const std::string& chain_error, const CaKey* root_key, bool own_root, const Context& context, Report& report) {
  if (chain.empty()) {
    const std::string why = "the " + std::string(specs.what) + " cannot be traced to Intel: " + chain_error;
    report.add(specs.signer_chain, chain_error.find("does not decode") != std::string::npos ? Outcome::fail : Outcome::error, why);
    return;
  }
  const crypto::Certificate& signer = chain.front();
  std::vector<std::string> wrong, expired;
  if (chain.size() > 2) wrong.push_back(std::to_string(chain.size()) + " certificates, expected the signer and the root");
  if (signer.subject_text() != intel_name_text(kIntelTcbSignerCn)) wrong.push_back("the signer is " + signer.subject_text() + ", expected " + intel_name_text(kIntelTcbSignerCn));
  if (signer.is_ca()) wrong.push_back("the signer is a CA");
  const auto judge_key = [&](const crypto::Certificate& x, const char* who) {
    if (x.version() != 3 || x.key_type() != crypto::KeyType::ec_p256 || x.signature_scheme() != crypto::SignatureScheme::ecdsa_sha256)
      wrong.push_back(std::string(who) + " is not an X.509 v3 certificate with a P-256 key, signed with ECDSA and SHA-256");
    for (const crypto::Extension& e : x.extensions())
      if (e.critical && e.oid != crypto::oid::kKeyUsage && e.oid != crypto::oid::kBasicConstraints) wrong.push_back(std::string(who) + " has the unknown critical extension " + e.oid);
  };
  const auto judge_time = [&](const std::string& who, std::optional<Time> from, std::optional<Time> until) {
    if (!from || !until) return wrong.push_back(who + " has no readable validity period");
    if (context.now < *from) wrong.push_back(who + " is not valid before " + rfc3339(*from));
    if (context.now > *until) expired.push_back(who + " expired on " + rfc3339(*until));
  };
  judge_key(signer, "the signer");
  judge_time("the signer", signer.not_before(), signer.not_after());
  const CaKey* trusted = root_key;
  if (chain.size() > 1) {
    const crypto::Certificate& root = chain.back();
    judge_key(root, "the root");
    judge_time("the root", root.not_before(), root.not_after());
    if (root.subject_der() != signer.issuer_der()) wrong.push_back("the root is not the one that the signer names");
    if (!root.is_ca() || !root.key_usage_cert_sign()) wrong.push_back("the root may not sign certificates");
    if (!is_signed_by(root, root.spki())) wrong.push_back("the root is not self-signed");
    if (!is_signed_by(signer, root.spki())) wrong.push_back("the signer is not signed by the root");
    trusted = context.trust.find_spki(root.spki_sha256());
    if (trusted == nullptr || trusted->role != CaRole::intel_root) wrong.push_back("the root is not a trust anchor (key SHA-256 " + root.spki_sha256() + ")");
  } else if (trusted == nullptr) {
    wrong.push_back("there is neither a root certificate nor a trusted root key");
  } else {
    judge_time("the root", trusted->not_before, trusted->not_after);
    if (signer.issuer_text() != intel_name_text(kIntelRootCn)) wrong.push_back("the signer names another root: " + signer.issuer_text());
    if (!is_signed_by(signer, trusted->spki)) wrong.push_back("no trusted root key signed the signer");
  }
  // Said only of a chain that holds in itself: of a broken one the root says nothing.
  if (wrong.empty() && !own_root) wrong.emplace_back(kOtherRoot);
  if (!wrong.empty() || (!expired.empty() && !context.policy.allow_expired_collateral)) {
    wrong.insert(wrong.end(), expired.begin(), expired.end());
    report.fail(specs.signer_chain, joined(wrong));
  } else if (!expired.empty()) {
    report.warn(specs.signer_chain, joined(expired) + " (--allow-expired-collateral)");
  } else {
    report.pass(specs.signer_chain, chain.size() > 1 ? "" : "the trusted key stands in for the root certificate").actual = signer.subject_cn() + ", serial 0x" + signer.serial_hex();
  }
}

// The same JSON without white space between its tokens; member order and strings as they are.
Buffer compact(Bytes text) {
  Buffer out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char ch = static_cast<char>(text[i]);
    if (!in_string && (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r')) continue;
    out.push_back(text[i]);
    if (ch == '"') in_string = !in_string;
    if (in_string && ch == '\\' && i + 1 < text.size()) out.push_back(text[++i]);
  }
  return out;
}

template <class Document>
void check_document_signature(const Specs& specs, const SuppliedDocument<Document>& d, Report& report) {
  if (d.chain.empty() && d.signer_key == nullptr) return (void)report.error(specs.signature, "its signer is not known, see " + std::string(specs.signer_chain.id));
  if (d.chain.empty()) return (void)report.judge(specs.signature, d.is_signed, "the signature does not verify under the built-in key of the signer");
  const crypto::Certificate& signer = d.chain.front();
  if (signer.key_type() != crypto::KeyType::ec_p256) return (void)report.fail(specs.signature, "the key of the signer, " + signer.key_text() + ", cannot have made it");
  auto& r = report.judge(specs.signature, d.is_signed, "the signature does not verify over the bytes as received");
  if (d.is_signed) return;
  const Buffer text = compact(d.document->signed_bytes);
  if (text != d.document->signed_bytes && is_p256_signature(text, d.document->signature, signer.spki()))
    r.detail += "; it does without the white space: somebody formatted the document anew (non-canonical whitespace). Next: keep the answer of the service as it is";
}

void check_time(const Specs& specs, const std::string& issue_date, const std::string& next_update, const Context& context, Report& report) {
  const auto from = parse_rfc3339(issue_date), until = parse_rfc3339(next_update);
  if (!from || !until) return (void)report.fail(specs.time, "no readable issueDate and nextUpdate");
  const bool early = context.now < *from, late = context.now > *until, allowed = late && !early && context.policy.allow_expired_collateral;
  with(report.judge(specs.time, !early && !late,
                    early     ? "it is from the future: check the clock"
                    : allowed ? "it has expired (--allow-expired-collateral)"
                              : "it has expired: let the network be used, or give a newer one with --collateral-dir",
                    allowed ? Outcome::warn : Outcome::fail),
       rfc3339(*from) + " to " + rfc3339(*until), rfc3339(context.now));
}

// ---- TCB info ----

// A level is above another by SGX components, then PCESVN, then TDX components, lexicographically.
bool is_descending(const intel::TcbInfo& info) {
  const auto key = [](const intel::TcbLevel& level) {
    std::array<std::uint32_t, 33> out{};
    for (std::size_t i = 0; i < 16; ++i) {
      out[i] = level.sgx[i].svn;
      out[17 + i] = level.tdx ? (*level.tdx)[i].svn : 0u;
    }
    out[16] = level.pce_svn;
    return out;
  };
  for (std::size_t i = 1; i < info.levels.size(); ++i)
    if (key(info.levels[i - 1]) < key(info.levels[i])) return false;
  return true;
}

void check_tcb_info(const IntelCase& c, const Context& context, Outcome without, Report& report) {
  const Specs specs = tcb_info_specs();
  if (!c.tcb_info) {
    for (const CheckSpec* spec : specs.all) report.add(*spec, without, c.bare() ? "there is no TCB info in the input" : "there is no TCB info, see collateral-present");
    return;
  }
  const auto& d = *c.tcb_info;
  if (!d.document) {
    report.fail(specs.parse, d.error);
    for (const CheckSpec* spec : specs.all)
      if (spec != &specs.parse) report.error(*spec, "the TCB info does not decode, see tcb-info-parse");
    return;
  }
  const intel::TcbInfo& info = *d.document;
  report.pass(specs.parse);
  const std::string actual = info.id + ", version " + std::to_string(info.version);
  const bool tdx = c.bare() ? info.id == "TDX" : c.is_tdx();
  const bool fits = tdx ? info.id == "TDX" && info.version == 3 : info.id == "SGX" && (info.version == 3 || info.version == 2);
  auto& id = report.judge(specs.id_version, fits, "it is not for this TEE");
  with(id, tdx ? "TDX, version 3" : "SGX, version 3 or 2", actual);
  if (fits && info.version == 2) id.detail = "version 2 is of a service that Intel has switched off";
  if (d.signer_key != nullptr) check_builtin_signer(specs, *d.signer_key, d.own_root, context, report);
  else check_signer_chain(specs, d.chain, d.chain_error, d.root_key, d.own_root, context, report);
  check_document_signature(specs, d, report);
  check_time(specs, info.issue_date, info.next_update, context, report);
  if (c.bare()) {
    for (const CheckSpec* spec : {&kTcbInfoFmspc, &kTcbInfoPceid}) report.skip(*spec, "there is no quote that it would have to be about");
  } else if (!c.extension) {
    for (const CheckSpec* spec : {&kTcbInfoFmspc, &kTcbInfoPceid}) report.error(*spec, "the platform is not known, see pck-sgx-extension");
  } else {
    const std::string fmspc = hex(c.extension->fmspc), pce_id = hex(c.extension->pce_id);
    with(report.judge(kTcbInfoFmspc, lower(info.fmspc) == fmspc, "it is about other platforms"), fmspc, info.fmspc);
    with(report.judge(kTcbInfoPceid, lower(info.pce_id) == pce_id, "it is about another PCE"), pce_id, info.pce_id);
  }
  with(report.judge(kTcbInfoTcbtype, info.tcb_type == 0, "its TCBs are composed in a way that this version does not know"), "0", std::to_string(info.tcb_type));
  report.judge(kTcbInfoLevelOrder, is_descending(info), "a verifier that takes them as they stand finds another level", Outcome::warn);
}

// ---- QE identity ----

void check_qe_identity(const IntelCase& c, const Context& context, Outcome without, Report& report) {
  const Specs specs = qe_identity_specs();
  if (!c.qe_identity) {
    for (const CheckSpec* spec : specs.all) report.add(*spec, without, c.bare() ? "there is no QE identity in the input" : "there is no QE identity, see collateral-present");
    return;
  }
  const auto& d = *c.qe_identity;
  if (!d.document) {
    report.fail(specs.parse, d.error);
    for (const CheckSpec* spec : specs.all)
      if (spec != &specs.parse) report.error(*spec, "the QE identity does not decode, see qe-identity-parse");
    return;
  }
  const intel::QeIdentity& identity = *d.document;
  report.pass(specs.parse);
  const std::string wanted = c.bare() ? identity.id : c.is_tdx() ? "TD_QE" : "QE";
  const bool known = wanted == "TD_QE" || wanted == "QE" || (c.bare() && (wanted == "QVE" || wanted == "QAE"));
  const bool newer = wanted == "TD_QE" && identity.version == 3;
  with(report.judge(specs.id_version, known && identity.id == wanted && identity.version == 2,
                    newer ? "version 3 is read like version 2; some verifiers refuse it" : "it is not for this quoting enclave",
                    newer && identity.id == wanted ? Outcome::warn : Outcome::fail),
       (known ? wanted : "QE or TD_QE") + ", version 2", identity.id + ", version " + std::to_string(identity.version));
  if (d.signer_key != nullptr) check_builtin_signer(specs, *d.signer_key, d.own_root, context, report);
  else check_signer_chain(specs, d.chain, d.chain_error, d.root_key, d.own_root, context, report);
  check_document_signature(specs, d, report);
  check_time(specs, identity.issue_date, identity.next_update, context, report);
}

void check_unknown_members(const IntelCase& c, Report& report) {
  std::vector<std::string> unknown;
  bool any = false;
  const auto collect = [&](const char* what, const auto& document) {
    if (!document || !document->document) return;
    any = true;
    std::string list;
    for (const std::string& member : document->document->unknown_members) list += (list.empty() ? "" : ", ") + member;
    if (!list.empty()) unknown.push_back(std::string(what) + ": " + list);
  };
  collect("TCB info", c.tcb_info);
  collect("QE identity", c.qe_identity);
  if (!any) return (void)report.skip(kCollateralUnknownMembers, "there is no collateral that decodes");
  report.judge(kCollateralUnknownMembers, unknown.empty(), "signed, and nobody here knows what it means: " + joined(unknown), Outcome::warn);
}

void check_rollback(const IntelCase& c, Report& report) {
  const bool any = (c.tcb_info && c.tcb_info->document) || (c.qe_identity && c.qe_identity->document);
  if (!any) return (void)report.skip(kCollateralRollback, "there is no collateral that decodes");
  report.judge(kCollateralRollback, c.rollbacks.empty(), joined(c.rollbacks), Outcome::warn);
}

}  // namespace

void check_intel_collateral(const IntelCase& c, const Context& context, Report& report) {
  check_collateral_present(c, context, report);
  const Outcome without = c.bare() || context.policy.allow_missing_collateral ? Outcome::skip : Outcome::error;
  check_tcb_info(c, context, without, report);
  check_qe_identity(c, context, without, report);
  check_unknown_members(c, report);
  check_rollback(c, report);
}

}  // namespace atls::evidence
