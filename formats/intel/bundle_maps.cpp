// Bundles that are maps of answers: go getter files and the PCS client tool's JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "intel/bundle_parts.hpp"
#include "intel/collateral.hpp"

namespace atls::intel::bundles {
namespace {

using nlohmann::json;
using Kind = BundleItem::Kind;

// The one issuer chain among the headers, decoded; empty when there is none.
std::string header_chain(const json& answer, const std::string& url, Import& import) {
  const auto headers = answer.find("headers");
  if (headers == answer.end() || headers->is_null()) return {};
  if (!headers->is_object()) return import.fail(url, "headers: expected an object"), std::string();
  const json* values = nullptr;
  for (const auto& [name, value] : headers->items()) {
    if (!lower(name).ends_with("issuer-chain")) continue;
    if (values != nullptr) return import.fail(url, "more than one issuer chain header"), std::string();
    values = &value;
  }
  if (values == nullptr) return {};
  if (!values->is_array() || values->size() != 1 || !(*values)[0].is_string()) return import.fail(url, "issuer chain header: expected an array of exactly one text"), std::string();
  return decoded_chain((*values)[0].get<std::string>(), url, import);
}

// One answer inside the file as it is written there: the text is what is signed.
void add_embedded(Bytes object, const char* name, const std::string& place, const std::string& chain, Import& import) {
  const auto raw = raw_member(object, name);
  if (!raw || as_text(*raw) == "null" || as_text(*raw) == "\"\"") return;
  if (raw->empty() || raw->front() != '{') return import.fail(place, "expected an object");
  import.add_response(place, *raw, chain);
}

std::string chain_member(const json& certificates, const std::string& name, Import& import) {
  if (!certificates.is_object() || !certificates.contains(name)) return {};
  const auto* text = certificates[name].get_ptr<const std::string*>();
  if (text == nullptr) return import.fail("certificates." + name, "expected text"), std::string();
  return decoded_chain(*text, "certificates." + name, import);
}

void add_crl_member(const json& object, const char* name, const std::string& place, const std::string& chain, Import& import) {
  if (!object.is_object() || !object.contains(name) || object[name].is_null()) return;
  const auto* text = object[name].get_ptr<const std::string*>();
  if (text == nullptr) return import.fail(place, "expected hexadecimal text");
  if (!text->empty()) import.add_crl(place, as_bytes(*text), chain);
}

}  // namespace

Result<CollateralBundle> read_go_getter(const json& document) {
  Import import(BundleForm::go_getter);
  for (const auto& [url, answer] : document.items()) {
    if (!import.ok()) break;
    const std::string chain = header_chain(answer, url, import);
    const auto body = from_base64(text_of(answer, "body_base64", url, import));
    if (!body) import.fail(url, "body_base64: " + body.error().detail);
    if (!import.ok()) break;
    const std::string_view text = as_text(*body);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && text[first] == '{') import.add_response(url, *body, chain);
    else if (text.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos) import.add(Kind::certificates, url, *body, chain);
    else import.add_crl(url, *body, chain);
  }
  return import.finish();
}

Result<CollateralBundle> read_pcs_client(Bytes content, const json& document) {
  Import import(BundleForm::pcs_client);
  const json& collaterals = document["collaterals"];
  const auto raw = raw_member(content, "collaterals");
  if (!raw || !collaterals.is_object()) {
    import.fail("collaterals", "expected an object");
    return import.finish();
  }
  static const json kNone = json::object();
  const json& certificates = collaterals.contains("certificates") ? collaterals["certificates"] : kNone;
  const std::string tcb_chain = chain_member(certificates, "TCB-Info-Issuer-Chain", import);
  const std::string qe_chain = chain_member(certificates, "SGX-Enclave-Identity-Issuer-Chain", import);
  const json& pck = certificates.is_object() && certificates.contains("SGX-PCK-Certificate-Issuer-Chain") ? certificates["SGX-PCK-Certificate-Issuer-Chain"] : kNone;
  const std::string processor = chain_member(pck, "PROCESSOR", import), platform = chain_member(pck, "PLATFORM", import);
  if (!processor.empty()) import.add(Kind::certificates, "certificates.PROCESSOR", to_buffer(processor));
  if (!platform.empty()) import.add(Kind::certificates, "certificates.PLATFORM", to_buffer(platform));

  if (const auto infos = raw_member(*raw, "tcbinfos")) {
    const auto elements = raw_elements(*infos, kMaxBundleEntries);
    if (!elements) import.fail("tcbinfos", elements.error().detail, elements.error().code);
    for (std::size_t i = 0; elements && i < elements->size(); ++i) {
      const std::string place = "tcbinfos[" + std::to_string(i) + "].";
      for (const char* name : {"sgx_tcbinfo", "sgx_tcbinfo_early", "tdx_tcbinfo", "tdx_tcbinfo_early"}) add_embedded((*elements)[i], name, place + name, tcb_chain, import);
    }
  }
  for (const char* name : {"qeidentity", "qeidentity_early", "tdqeidentity", "tdqeidentity_early"}) add_embedded(*raw, name, name, qe_chain, import);
  const json& lists = collaterals.contains("pckcacrl") ? collaterals["pckcacrl"] : kNone;
  add_crl_member(lists, "processorCrl", "pckcacrl.processorCrl", processor, import);
  add_crl_member(lists, "platformCrl", "pckcacrl.platformCrl", platform, import);
  add_crl_member(collaterals, "rootcacrl", "rootcacrl", "", import);
  return import.finish();
}

}  // namespace atls::intel::bundles
