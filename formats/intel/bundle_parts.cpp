#include "intel/bundle_parts.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/percent.hpp"
#include "intel/collateral.hpp"
#include "pem/pem.hpp"

namespace atls::intel {

Result<Buffer> crl_der(Bytes content, std::string_view where) {
  const auto bad = [&](std::string detail) { return Error{Errc::bad_value, std::string(where), std::move(detail)}; };
  if (content.empty()) return bad("empty, expected a CRL");
  if (content.front() == 0x30 && content.size() > 1 && content[1] >= 0x80) return to_buffer(content);   // a CRL is longer than 127 bytes; in hex "30" is followed by a digit
  if (pem::looks_like_pem(content)) {
    const auto blocks = pem::parse(content);
    if (!blocks) return bad(blocks.error().message());
    if (blocks->size() != 1 || blocks->front().label != "X509 CRL") return bad("expected one PEM block X509 CRL, found " + std::to_string(blocks->size()) + (blocks->empty() ? "" : ", the first is " + blocks->front().label));
    return blocks->front().data;
  }
  std::string_view text = as_text(content);
  while (!text.empty() && (text.back() == 0 || text.back() == '\n' || text.back() == '\r' || text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == '\n' || text.front() == '\r' || text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  auto bytes = from_hex(text);
  if (!bytes || bytes->empty()) return bad("neither DER nor PEM nor hexadecimal text of a CRL");
  return *std::move(bytes);
}

Result<Buffer> response_around(std::string_view member, Bytes signed_text, Bytes signature, std::string_view where) {
  const std::string text = "{\"" + std::string(member) + "\":" + std::string(as_text(signed_text)) + ",\"signature\":\"" + hex(signature) + "\"}";
  // The text must be one object and nothing else: what it says and what is signed would be two things otherwise.
  const auto document = parse_json(as_bytes(text), where, bundles::kLimits);
  if (!document) return document.error();
  const auto raw = raw_member(as_bytes(text), member);
  if (document->size() != 2 || !raw || !equal(*raw, signed_text) || !(*document)[std::string(member)].is_object())
    return Error{Errc::bad_value, std::string(where), "expected the text of one JSON object without white space around it"};
  return to_buffer(text);
}

namespace bundles {

void Import::fail(const std::string& place, std::string detail, Errc code) {
  if (!error_) error_ = Error{code, "collateral." + place, std::move(detail)};
}

void Import::add(BundleItem::Kind kind, std::string place, Buffer data, std::string chain) {
  if (error_) return;
  if (out_.items.size() == kMaxBundleEntries) return fail(place, "more than " + std::to_string(kMaxBundleEntries) + " objects", Errc::too_large);
  out_.items.push_back({kind, std::move(place), std::move(data), std::move(chain)});
}

void Import::add_crl(std::string place, Bytes content, std::string chain) {
  if (error_) return;
  auto der = crl_der(content, place);
  if (!der) return fail(place, der.error().detail);
  add(BundleItem::Kind::crl, std::move(place), *std::move(der), std::move(chain));
}

void Import::add_response(std::string place, Bytes response, std::string chain) {
  if (error_) return;
  const auto document = parse_json(response, place, kLimits);
  if (!document) return fail(place, document.error().detail, document.error().code);
  const bool object = document->is_object() && document->contains("signature");
  if (object && document->contains("tcbInfo")) return add(BundleItem::Kind::tcb_info, std::move(place), to_buffer(response), std::move(chain));
  if (object && document->contains("enclaveIdentity")) return add(BundleItem::Kind::qe_identity, std::move(place), to_buffer(response), std::move(chain));
  ignore(place, "neither TCB info nor a QE identity");
}

void Import::add_parts(BundleItem::Kind kind, std::string place, Bytes signed_text, Bytes signature, std::string chain) {
  if (error_) return;
  auto response = response_around(kind == BundleItem::Kind::tcb_info ? "tcbInfo" : "enclaveIdentity", signed_text, signature, place);
  if (!response) return fail(place, response.error().detail, response.error().code);
  add(kind, std::move(place), *std::move(response), std::move(chain));
}

void Import::ignore(const std::string& place, const std::string& why) {
  if (error_) return;
  if (out_.ignored.size() == kMaxBundleEntries) return fail(place, "more than " + std::to_string(kMaxBundleEntries) + " members that are not used", Errc::too_large);
  out_.ignored.push_back(place.substr(0, 128) + ": " + why);
}

Result<CollateralBundle> Import::finish() {
  if (error_) return *std::move(error_);
  return std::move(out_);
}

std::string text_of(const nlohmann::json& object, const std::string& name, const std::string& place, Import& import) {
  const auto member = object.find(name);
  if (member == object.end()) return import.fail(place, "missing"), std::string();
  const auto* text = member->get_ptr<const std::string*>();
  if (text == nullptr) return import.fail(place, "expected text"), std::string();
  return *text;
}

std::string decoded_chain(const std::string& header_value, const std::string& place, Import& import) {
  auto text = percent_decode(header_value);
  if (!text) return import.fail(place, text.error().detail), std::string();
  return *std::move(text);
}

}  // namespace bundles
}  // namespace atls::intel
