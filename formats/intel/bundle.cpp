#include "intel/bundle.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/cursor.hpp"
#include "base/hex.hpp"
#include "intel/bundle_parts.hpp"
#include "intel/quote.hpp"

namespace atls::intel {
namespace {

using nlohmann::json;
using bundles::Import;
using bundles::text_of;
using Kind = BundleItem::Kind;

struct FormName { BundleForm form; std::string_view name; };
constexpr FormName kForms[] = {{BundleForm::dcap_qvl, "dcap-qvl"},     {BundleForm::qvl_dump, "qvl-dump"},     {BundleForm::go_getter, "go-getter"},
                               {BundleForm::pcs_client, "pcs-client"}, {BundleForm::pcs_answer, "pcs-answer"}, {BundleForm::pck_answer, "pck-answer"}};

// QuoteCollateralV3; the last one is optional.
constexpr std::string_view kMembers[] = {"pck_crl_issuer_chain", "root_ca_crl",        "pck_crl",     "tcb_info_issuer_chain", "tcb_info",
                                         "tcb_info_signature",   "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature", "pck_certificate_chain"};
constexpr std::size_t kRequired = 9;

// "tcb_info_json", ... of one PCS answer kept with its chain.
constexpr const char* kAnswerMembers[] = {"tcb_info_json", "enclave_identity_json", "tcb_evaluation_data_numbers_json", "fmspcs_json", "crl_data"};

constexpr std::size_t kDumpParts = 7, kDumpHeader = 8 + kDumpParts * 16;

char first_letter(Bytes content) {
  for (const char c : as_text(content.first(std::min<std::size_t>(content.size(), 4096))))
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return c;
  return 0;
}

// A member of bytes as hexadecimal text: as it is, or from an array of numbers.
std::string byte_text(const json& value, const std::string& name, Import& import) {
  if (const auto* text = value.get_ptr<const std::string*>()) return *text;
  Buffer out;
  if (value.is_array())
    for (const json& item : value) {
      const auto* n = item.get_ptr<const json::number_unsigned_t*>();
      if (n == nullptr || *n > 255) return import.fail(name, "expected numbers from 0 to 255"), std::string();
      out.push_back(static_cast<std::uint8_t>(*n));
    }
  else
    import.fail(name, "expected hexadecimal text or an array of bytes");
  return hex(out);
}

Result<CollateralBundle> read_dcap_qvl(const json& document) {
  Import import(BundleForm::dcap_qvl);
  std::map<std::string, std::string> members;
  for (const auto& [name, value] : document.items()) {
    const bool bytes = name == "root_ca_crl" || name == "pck_crl" || name == "tcb_info_signature" || name == "qe_identity_signature";
    if (!is_dcap_qvl_member(name)) continue;
    if (name == "pck_certificate_chain" && value.is_null()) continue;
    members[name] = bytes ? byte_text(value, name, import) : text_of(document, name, name, import);
  }
  if (!import.ok()) return import.finish();
  auto out = bundle_from_members(members);
  if (!out) return out;
  for (const auto& [name, value] : document.items())
    if (!is_dcap_qvl_member(name)) out->ignored.push_back(name.substr(0, 128) + ": not a member that is known");
  return out;
}

Result<CollateralBundle> read_pcs_answer(const json& document) {
  Import import(BundleForm::pcs_answer);
  const std::string chain = document.contains("issuer_chain") ? text_of(document, "issuer_chain", "issuer_chain", import) : "";
  for (const auto& [name, value] : document.items()) {
    if (name == "issuer_chain") continue;
    if (name == "crl_data") {
      const std::string text = value.is_string() ? value.get<std::string>() : byte_text(value, name, import);
      import.add_crl(name, as_bytes(text), chain);
    } else if (std::find(std::begin(kAnswerMembers), std::end(kAnswerMembers), name) != std::end(kAnswerMembers)) {
      import.add_response(name, as_bytes(text_of(document, name, name, import)), chain);
    } else {
      import.ignore(name, "not a member that is known");
    }
  }
  if (!chain.empty()) import.add(Kind::certificates, "issuer_chain", to_buffer(chain));
  return import.finish();
}

Result<CollateralBundle> read_pck_answer(const json& document) {
  Import import(BundleForm::pck_answer);
  import.add(Kind::certificates, "cert", to_buffer(text_of(document, "cert", "cert", import)));
  const json& chain = document["ca_chain"];
  if (!chain.is_array() || chain.size() > 4) import.fail("ca_chain", "expected an array of at most 4 certificates");
  else
    for (const json& item : chain) {
      const auto* text = item.get_ptr<const std::string*>();
      if (text == nullptr) import.fail("ca_chain", "expected texts");
      else import.add(Kind::certificates, "ca_chain", to_buffer(*text));
    }
  return import.finish();
}

// version, TEE type, then seven times pointer (of the process that wrote it; unused) and size, then the seven texts in order.
std::optional<std::array<Bytes, kDumpParts>> dump_parts(Bytes content) {
  if (content.size() < kDumpHeader) return {};
  Cursor in(content, "collateral");
  const std::uint32_t version = in.u32le("version"), tee = in.u32le("tee_type");
  if ((version & 0xFFFF) < 1 || (version & 0xFFFF) > 16 || (tee != kTeeSgx && tee != kTeeTdx)) return {};
  std::array<std::uint64_t, kDumpParts> sizes{};
  for (std::uint64_t& size : sizes) {
    in.u64le("pointer");
    size = in.u64le("size");
  }
  std::array<Bytes, kDumpParts> out;
  for (std::size_t i = 0; i < kDumpParts; ++i) {
    if (sizes[i] > in.left()) return {};
    out[i] = in.bytes(static_cast<std::size_t>(sizes[i]), "data");
  }
  if (in.error() || in.left() != 0) return {};
  return out;
}

std::string without_nul(Bytes text) {
  if (!text.empty() && text.back() == 0) text = text.first(text.size() - 1);   // the sizes count it
  return std::string(as_text(text));
}

Result<CollateralBundle> read_qvl_dump(Bytes content) {
  Import import(BundleForm::qvl_dump);
  const auto parts = dump_parts(content);
  if (!parts) return Error{Errc::bad_value, "collateral", "sizes do not add up to those of a sgx_ql_qve_collateral_t"};
  const auto& [pck_chain, root_crl, pck_crl, tcb_chain, tcb_info, qe_chain, qe_identity] = *parts;
  import.add_crl("root_ca_crl", root_crl, "");
  import.add_crl("pck_crl", pck_crl, without_nul(pck_chain));
  import.add_response("tcb_info", as_bytes(without_nul(tcb_info)), without_nul(tcb_chain));
  import.add_response("qe_identity", as_bytes(without_nul(qe_identity)), without_nul(qe_chain));
  return import.finish();
}

std::optional<BundleForm> form_of(const json& document) {
  if (!document.is_object() || document.empty()) return {};
  if (document.contains("collaterals")) return BundleForm::pcs_client;
  if (document.contains("tcb_info") && document.contains("tcb_info_signature")) return BundleForm::dcap_qvl;
  if (document.contains("pck_crl") && document.contains("root_ca_crl")) return BundleForm::dcap_qvl;
  if (document.contains("cert") && document.contains("ca_chain")) return BundleForm::pck_answer;
  for (const char* name : kAnswerMembers)
    if (document.contains(name)) return BundleForm::pcs_answer;
  for (const auto& [name, value] : document.items())
    if (!(name.starts_with("https://") || name.starts_with("http://")) || !value.is_object() || !value.contains("body_base64")) return {};
  return BundleForm::go_getter;
}

}  // namespace

std::string_view bundle_form_name(BundleForm form) {
  for (const FormName& row : kForms)
    if (row.form == form) return row.name;
  return "unknown";
}

bool is_dcap_qvl_member(std::string_view name) { return std::find(std::begin(kMembers), std::end(kMembers), name) != std::end(kMembers); }

bool is_collateral_dump(Bytes content) { return content.size() <= kMaxCollateralBundle && dump_parts(content); }

std::optional<BundleForm> sniff_collateral_bundle(Bytes content) {
  if (content.size() > kMaxCollateralBundle) return {};
  if (first_letter(content) != '{') return dump_parts(content) ? std::optional(BundleForm::qvl_dump) : std::nullopt;
  const auto document = parse_json(content, "collateral", bundles::kLimits);
  return document ? form_of(*document) : std::nullopt;
}

Result<CollateralBundle> parse_collateral_bundle(Bytes content) {
  if (content.size() > kMaxCollateralBundle) return Error{Errc::too_large, "collateral", std::to_string(content.size()) + " bytes, the limit is " + std::to_string(kMaxCollateralBundle)};
  if (first_letter(content) != '{') return read_qvl_dump(content);
  const auto document = parse_json(content, "collateral", bundles::kLimits);
  if (!document) return document.error();
  const auto form = form_of(*document);
  if (!form) return Error{Errc::unsupported, "collateral", "JSON, but the members are not those of a known collateral bundle"};
  switch (*form) {
    case BundleForm::dcap_qvl: return read_dcap_qvl(*document);
    case BundleForm::go_getter: return bundles::read_go_getter(*document);
    case BundleForm::pcs_client: return bundles::read_pcs_client(content, *document);
    case BundleForm::pcs_answer: return read_pcs_answer(*document);
    case BundleForm::pck_answer: return read_pck_answer(*document);
    case BundleForm::qvl_dump: break;
  }
  return Error{Errc::bug, "collateral", "form without a reader"};
}

Result<CollateralBundle> bundle_from_members(const std::map<std::string, std::string>& members) {
  Import import(BundleForm::dcap_qvl);
  const auto text = [&](std::size_t i) {
    const std::string name(kMembers[i]);
    const auto found = members.find(name);
    if (found != members.end()) return found->second;
    if (i < kRequired) import.fail(name, "missing");
    return std::string();
  };
  const auto signature = [&](std::size_t i) {
    auto bytes = from_hex_of_size(text(i), 64, kMembers[i]);
    if (!bytes && import.ok()) import.fail(std::string(kMembers[i]), "expected 128 hexadecimal digits");
    return bytes ? *std::move(bytes) : Buffer();
  };
  const std::string pck_crl_chain = text(0), root_crl = text(1), pck_crl = text(2), tcb_chain = text(3), tcb_info = text(4), qe_chain = text(6), qe_identity = text(7), pck_chain = text(9);
  const Buffer tcb_signature = signature(5), qe_signature = signature(8);
  import.add_crl("root_ca_crl", as_bytes(root_crl), "");
  import.add_crl("pck_crl", as_bytes(pck_crl), pck_crl_chain);
  import.add_parts(Kind::tcb_info, "tcb_info", as_bytes(tcb_info), tcb_signature, tcb_chain);
  import.add_parts(Kind::qe_identity, "qe_identity", as_bytes(qe_identity), qe_signature, qe_chain);
  if (!pck_chain.empty()) import.add(Kind::certificates, "pck_certificate_chain", to_buffer(pck_chain));
  return import.finish();
}

}  // namespace atls::intel
