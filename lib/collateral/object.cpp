#include "collateral/object.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "base/percent.hpp"
#include "collateral/amd.hpp"
#include "collateral/bundle_yaml.hpp"
#include "collateral/cache_entry.hpp"
#include "collateral/intel.hpp"
#include "crypto/certificate.hpp"
#include "intel/bundle.hpp"
#include "pem/pem.hpp"

namespace atls {
namespace {

constexpr std::size_t kMaxChain = 16;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

char first_letter(Bytes content) {
  for (const char c : as_text(content))
    if (!is_space(c)) return c;
  return 0;
}

void add(CollateralObjects& out, Bytes content, std::vector<Buffer> chain = {}) {
  auto object = identify(content);
  if (!object) return out.rejected.push_back(object.error().message());
  object->issuer_chain = std::move(chain);
  out.found.push_back(std::move(*object));
}

void add_pem(CollateralObjects& out, Bytes content) {
  const auto blocks = pem::parse(content);
  if (!blocks) return out.rejected.push_back(blocks.error().message());
  for (const pem::Block& block : *blocks) {
    if (block.label == "CERTIFICATE" || block.label == "TRUSTED CERTIFICATE" || block.label == "X509 CRL") add(out, block.data);
    else out.rejected.push_back("PEM block \"" + block.label + "\" is neither a certificate nor a CRL");
  }
}

void add_bundle(CollateralObjects& out, const Result<intel::CollateralBundle>& bundle) {
  if (!bundle) return out.rejected.push_back(bundle.error().message());
  out.form = intel::bundle_form_name(bundle->form);
  const auto has = [&](const Buffer& der) { return std::any_of(out.found.begin(), out.found.end(), [&](const CollateralObject& o) { return o.data == der; }); };
  for (const intel::BundleItem& item : bundle->items) {
    std::string problem;
    std::vector<Buffer> chain = item.chain.empty() ? std::vector<Buffer>() : chain_from_pem(as_bytes(item.chain), item.place, problem);
    if (!problem.empty()) {
      out.rejected.push_back(problem);
      continue;
    }
    // The certificates of the chains are objects of their own, too: another item's chain may be short of one.
    for (const Buffer& der : chain)
      if (!has(der)) add(out, der);
    if (item.kind == intel::BundleItem::Kind::certificates) add_pem(out, item.data);
    else add(out, item.data, std::move(chain));
  }
  for (const std::string& line : bundle->ignored) out.rejected.push_back(line);
}

// "-----BEGIN%20CERTIFICATE-----%0A...": a header line of Intel's service, kept as it was sent.
std::optional<std::string> percent_encoded_pem(std::string_view text) {
  if (text.find("-----BEGIN%20") == std::string_view::npos) return {};
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  auto decoded = percent_decode(text);
  return decoded ? std::optional(*std::move(decoded)) : std::nullopt;
}

}  // namespace

bool is_dated(CollateralKind kind) {
  switch (kind) {
    case CollateralKind::amd_crl: case CollateralKind::intel_root_crl: case CollateralKind::intel_pck_crl: case CollateralKind::intel_tcb_info: case CollateralKind::intel_qe_identity: return true;
    default: return false;
  }
}

std::vector<Buffer> chain_from_pem(Bytes pem, std::string_view where, std::string& problem) {
  std::string decoded;
  if (auto text = percent_encoded_pem(as_text(pem))) {
    decoded = std::move(*text);
    pem = as_bytes(decoded);
  }
  const auto blocks = pem::parse(pem);
  std::vector<Buffer> out;
  if (!blocks) problem = std::string(where) + ": " + blocks.error().message();
  else if (blocks->empty() || blocks->size() > kMaxChain) problem = std::string(where) + ": expected 1 to " + std::to_string(kMaxChain) + " certificates, found " + std::to_string(blocks->size());
  else
    for (const pem::Block& block : *blocks) {
      if (block.label != "CERTIFICATE") problem = std::string(where) + ": PEM block \"" + block.label + "\" is not a certificate";
      out.push_back(block.data);
    }
  if (!problem.empty()) out.clear();
  return out;
}

Result<CollateralObject> identify(Bytes content) {
  if (first_letter(content.first(std::min<std::size_t>(content.size(), 256))) == '{') return identify_intel_document(content);
  auto amd = identify_amd(content);
  if (amd || amd.error().code != Errc::unsupported) return amd;
  auto intel = identify_intel(content);
  if (!intel && intel.error().code == Errc::unsupported)
    return Error{Errc::unsupported, "collateral", amd.error().detail + ", nor is it one of Intel's"};
  return intel;
}

Result<CollateralObject> identify(const CollateralItem& item) {
  auto object = identify(item.data);
  if (object) object->issuer_chain = item.issuer_chain;
  return object;
}

CollateralObjects identify_all(Bytes content) {
  CollateralObjects out;
  const bool json = first_letter(content.first(std::min<std::size_t>(content.size(), 256))) == '{';
  if (json && as_text(content).find(kCacheSchema) != std::string_view::npos) {
    const auto entry = decode_cache_entry(content);
    if (!entry) out.rejected.push_back(entry.error().message());
    else add(out, entry->data, entry->issuer_chain);
    return out;
  }
  if (intel::sniff_collateral_bundle(content)) add_bundle(out, intel::parse_collateral_bundle(content));
  else if (json) add(out, content);
  else if (looks_like_bundle_yaml(content)) add_bundle(out, parse_bundle_yaml(content));
  else if (pem::looks_like_pem(content)) add_pem(out, content);
  else if (const auto text = percent_encoded_pem(as_text(content))) add_pem(out, as_bytes(*text));
  else if (const auto der = intel::crl_der(content, "collateral")) add(out, *der);   // as it is, or from hexadecimal text
  else add(out, content);
  return out;
}

Fit fits(const CollateralObject& object, const CollateralQuery& query) { return is_intel(object.kind) ? fits_intel(object, query) : fits_amd(object, query); }

std::string describe_misfit(const CollateralObject& object, const CollateralQuery& query) {
  return is_intel(object.kind) ? describe_misfit_intel(object, query) : describe_misfit_amd(object, query);
}

CollateralItem item_of(const CollateralObject& object, CollateralSource source, std::string origin) {
  return {object.kind, object.data, source, std::move(origin), object.issuer_chain, {}};
}

}  // namespace atls
