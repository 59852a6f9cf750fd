// TCB info and QE identity, with the member names of the documents.
#include "crypto/digest.hpp"
#include "base/hex.hpp"
#include "base/text.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/document_claims.hpp"
#include "evidence/intel_claims.hpp"
#include "intel/collateral.hpp"

namespace atls::evidence {
namespace {

void add_advisory_claims(Claim& to, const std::vector<std::string>& advisories) {
  if (advisories.empty()) return;
  Claim& list = to.add(value_claim("advisoryIDs", std::monostate{}, joined(advisories, ", ")));
  for (const std::string& id : advisories) list.add(value_claim("advisory", id));
}

void add_status(Claim& level, const std::string& date, const std::string& status, const std::vector<std::string>& advisories) {
  level.meaning = status + " since " + date.substr(0, 10) + (advisories.empty() ? "" : ", " + joined(advisories, ", "));
  level.add(value_claim("tcbDate", date));
  level.add(value_claim("tcbStatus", status));
  add_advisory_claims(level, advisories);
}

void add_isv_levels(Claim& to, const std::vector<intel::IsvLevel>& levels) {
  for (const intel::IsvLevel& l : levels) {
    Claim& level = to.add(Claim("tcbLevel"));
    level.add(value_claim("isvsvn", std::uint64_t{l.isv_svn}));
    add_status(level, l.tcb_date, l.status, l.advisories);
  }
}

void add_component_claims(Claim& level, const char* name, const std::array<intel::TcbComponentEntry, 16>& components) {
  std::vector<std::string> numbers;
  for (const auto& c : components) numbers.push_back(std::to_string(c.svn));
  Claim& list = level.add(value_claim(name, std::monostate{}, joined(numbers, ", ")));
  for (const auto& c : components) list.add(value_claim("svn", std::uint64_t{c.svn}, c.category.empty() ? c.type : c.type.empty() ? c.category : c.category + ", " + c.type));
}

Claim module_claim(const intel::TdxModuleIdentity& m, const char* name) {
  Claim c(name);
  c.meaning = m.id.empty() ? "modules of major version 0" : m.id;
  if (!m.id.empty()) c.add(value_claim("id", m.id));
  c.add(value_claim("mrsigner", to_buffer(m.mr_signer)));
  c.add(value_claim("attributes", to_buffer(m.attributes)));
  c.add(value_claim("attributesMask", to_buffer(m.attributes_mask)));
  add_isv_levels(c, m.levels);
  return c;
}

template <class T>
Claim root_of(Bytes response, std::string name, const char* member, const T& document) {
  Claim root = space_claim(std::move(name), response);
  const auto raw = intel::raw_member(response, member);
  const std::size_t at = raw ? static_cast<std::size_t>(raw->data() - response.data()) : 0;
  root.add(field_claim(member, std::monostate{}, at, document.signed_bytes.size(), "what Intel signs, byte by byte"));
  root.add(value_claim("signature", to_buffer(document.signature), "ECDSA P-256 with SHA-256, r and s, big-endian"));
  root.add(value_claim("signed_sha256", hex(crypto::sha256(document.signed_bytes))));
  for (const std::string& pointer : document.unknown_members) root.add(value_claim("unknown_member", pointer, "signed, but not known to this version"));
  return root;
}

template <class T>
void add_dates(Claim& to, const T& document) {
  to.add(value_claim("version", std::uint64_t{document.version}));
  to.add(value_claim("issueDate", document.issue_date));
  to.add(value_claim("nextUpdate", document.next_update));
  to.add(value_claim("tcbEvaluationDataNumber", std::uint64_t{document.evaluation_number}));
}

Claim damaged(Bytes response, std::string name, const Error& error) {
  Claim root = json_claims(response, std::move(name));
  root.error = error.message();
  return root;
}

}  // namespace

Claim tcb_info_claims(Bytes response, std::string name) {
  const auto info = intel::parse_tcb_info(response);
  if (!info) return damaged(response, std::move(name), info.error());
  Claim root = root_of(response, std::move(name), "tcbInfo", *info);
  root.meaning = "Intel TCB info of " + info->id + " platforms " + info->fmspc;
  Claim& to = root.children.front();
  if (info->version != 2) to.add(value_claim("id", info->id));
  add_dates(to, *info);
  to.add(value_claim("fmspc", info->fmspc));
  to.add(value_claim("pceId", info->pce_id));
  to.add(value_claim("tcbType", std::uint64_t{info->tcb_type}));
  if (info->tdx_module) to.add(module_claim(*info->tdx_module, "tdxModule"));
  for (const auto& m : info->tdx_module_identities) to.add(module_claim(m, "tdxModuleIdentity"));
  for (const intel::TcbLevel& l : info->levels) {
    Claim& level = to.add(Claim("tcbLevel"));
    add_component_claims(level, "sgxtcbcomponents", l.sgx);
    level.add(value_claim("pcesvn", std::uint64_t{l.pce_svn}));
    if (l.tdx) add_component_claims(level, "tdxtcbcomponents", *l.tdx);
    add_status(level, l.tcb_date, l.status, l.advisories);
  }
  return root;
}

Claim qe_identity_claims(Bytes response, std::string name) {
  const auto id = intel::parse_qe_identity(response);
  if (!id) return damaged(response, std::move(name), id.error());
  Claim root = root_of(response, std::move(name), "enclaveIdentity", *id);
  root.meaning = "Intel identity of the enclave " + id->id;
  Claim& to = root.children.front();
  to.add(value_claim("id", id->id));
  add_dates(to, *id);
  to.add(value_claim("miscselect", to_buffer(id->misc_select)));
  to.add(value_claim("miscselectMask", to_buffer(id->misc_select_mask)));
  to.add(value_claim("attributes", to_buffer(id->attributes)));
  to.add(value_claim("attributesMask", to_buffer(id->attributes_mask)));
  to.add(value_claim("mrsigner", to_buffer(id->mr_signer)));
  to.add(value_claim("isvprodid", std::uint64_t{id->isv_prod_id}));
  add_isv_levels(to, id->levels);
  return root;
}

}  // namespace atls::evidence
