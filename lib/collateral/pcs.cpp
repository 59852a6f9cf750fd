// Intel's Provisioning Certification Service and caches of it (PCCS). Intel PCS API v4.
#include <algorithm>

#include "base/hex.hpp"
#include "base/percent.hpp"
#include "collateral/http.hpp"
#include "collateral/intel.hpp"
#include "collateral/providers.hpp"
#include "collateral/requests.hpp"
#include "intel/bundle.hpp"
#include "pem/pem.hpp"

namespace atls {
namespace {

constexpr std::string_view kIntelBase = "https://api.trustedservices.intel.com";
constexpr std::size_t kChainSize = 2;

// How a kind is asked for: path below the base, and the header that has the issuer chain of the body (empty: none).
struct Request { std::string path, chain_header; CollateralKind body; };

std::optional<Request> request_for(const CollateralQuery& query, const std::string& update) {
  const std::string tee = query.tdx ? "/tdx" : "/sgx";
  switch (query.kind) {
    case CollateralKind::intel_tcb_info: {
      const auto fmspc = from_hex_of_size(query.fmspc, 6, "FMSPC");
      if (!fmspc) return {};
      return Request{tee + "/certification/v4/tcb?fmspc=" + hex(*fmspc) + (update.empty() ? "" : "&update=" + update), "tcb-info-issuer-chain", CollateralKind::intel_tcb_info};
    }
    case CollateralKind::intel_qe_identity:
    case CollateralKind::intel_tcb_signer:
      return Request{tee + "/certification/v4/qe/identity" + (update.empty() ? "" : "?update=" + update), "sgx-enclave-identity-issuer-chain", CollateralKind::intel_qe_identity};
    case CollateralKind::intel_pck_crl:
    case CollateralKind::intel_pck_ca:
    case CollateralKind::intel_root:
      return Request{std::string("/sgx/certification/v4/pckcrl?ca=") + (query.processor_ca ? "processor" : "platform") + "&encoding=der", "sgx-pck-crl-issuer-chain", CollateralKind::intel_pck_crl};
    case CollateralKind::intel_root_crl: return Request{"/sgx/certification/v4/rootcacrl", "", CollateralKind::intel_root_crl};
    default: return {};
  }
}

// The header's certificates. Intel sends PEM of the signer and the root, percent-encoded, once.
Result<std::vector<Buffer>> chain_of(const HttpAnswer& answer, const std::string& header) {
  const auto bad = [&](std::string why) { return Error{Errc::bad_value, header, "header " + header + ": " + std::move(why)}; };
  const std::string* value = nullptr;
  for (const auto& [name, text] : answer.headers) {
    if (name != header) continue;
    if (value != nullptr) return bad("sent more than once");
    value = &text;
  }
  if (value == nullptr) return bad("missing");
  if (value->find('%') == std::string::npos || value->find_first_of(" \t,") != std::string::npos) return bad("not percent-encoded");
  const auto text = percent_decode(*value);
  if (!text) return bad(text.error().message());
  const auto blocks = pem::parse(as_bytes(*text));
  if (!blocks) return bad(blocks.error().message());
  if (blocks->size() != kChainSize) return bad("expected 2 certificates, found " + std::to_string(blocks->size()));
  std::string again;                            // nothing may stand before, between or after them
  std::vector<Buffer> out;
  for (const pem::Block& block : *blocks) {
    if (block.label != "CERTIFICATE") return bad("PEM block \"" + block.label + "\" is not a certificate");
    again += pem::encode(block.label, block.data);
    out.push_back(block.data);
  }
  const auto squeezed = [](std::string s) {
    std::erase_if(s, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    return s;
  };
  if (squeezed(again) != squeezed(*text)) return bad("holds more than the 2 certificates");
  return out;
}

class PcsProvider : public CollateralProvider {
 public:
  PcsProvider(PcsOptions options, std::shared_ptr<const evidence::TrustStore> trust, Time now)
      : options_(std::move(options)), trust_(std::move(trust)), requests_(options_.total_timeout, now) {}

  CollateralSource source() const override { return CollateralSource::network; }

  CollateralAnswer find(const CollateralQuery& query) override {
    CollateralAnswer answer;
    if (!is_intel(query.kind)) return answer;      // another service's
    const auto request = request_for(query, options_.update);
    if (!request) {
      answer.misses.push_back({source(), CollateralMiss::Why::absent, query.kind == CollateralKind::intel_pck ? "the PCK certificate comes with the quote; Intel's service gives it to the platform's owner only"
                                                                                                               : "the FMSPC of the platform is not known, so Intel's service was not asked"});
      return answer;
    }
    const std::string url = url_of(*request);
    const Fetched fetched = requests_.get(url, [&] { return fetch(url, *request, query); });
    if (fetched.why) answer.misses.push_back(*fetched.why);
    for (const CollateralObject& object : fetched.objects)
      if (object.kind == query.kind) answer.items.push_back(item_of(object, source(), url));
    return answer;
  }

 private:
  // Intel's own service has no root CRL; it is at a fixed address of Intel's. Addresses inside certificates are never followed.
  std::string url_of(const Request& request) const {
    if (request.body == CollateralKind::intel_root_crl && options_.base_url == kIntelBase) return options_.root_crl_url;
    return options_.base_url + request.path;
  }

  Fetched fetch(const std::string& url, const Request& request, const CollateralQuery& query) const {
    const auto answer = http_request(url, {options_.ca_file, options_.proxy, options_.connect_timeout, options_.attempt_timeout, options_.total_timeout, options_.waits, options_.max_body, options_.max_retry_after});
    if (!answer) return fetch_failed(url, answer.error());
    const auto invalid = [&](const std::string& why) { return fetch_failed(CollateralMiss::Why::invalid, url + ": the answer is not used: " + why); };
    Fetched out;
    std::vector<Buffer> chain;
    if (!request.chain_header.empty()) {
      auto certificates = chain_of(*answer, request.chain_header);
      if (!certificates) return invalid(certificates.error().detail);
      chain = *std::move(certificates);
    }
    auto body = identify_body(answer->body, request.body);
    if (!body) return invalid(body.error().message());
    body->issuer_chain = chain;
    CollateralQuery as = query;
    as.kind = request.body;
    if (fits(*body, as) != Fit::exact) return invalid(describe_misfit(*body, as));
    if (const Status good = check_trusted(*body, *trust_); !good) return invalid(good.error().detail);
    out.objects.push_back(std::move(*body));
    for (std::size_t i = 0; i < chain.size(); ++i) {
      auto object = identify(chain[i]);
      if (!object) return invalid("issuer chain: " + object.error().message());
      if (i == 1 && object->kind != CollateralKind::intel_root) return invalid("issuer chain: the second certificate is not a root");
      if (const Status good = check_trusted(*object, *trust_); !good) return invalid("issuer chain: " + good.error().detail);
      out.objects.push_back(std::move(*object));
    }
    return out;
  }

  static Result<CollateralObject> identify_body(Bytes body, CollateralKind expected) {
    if (expected == CollateralKind::intel_tcb_info || expected == CollateralKind::intel_qe_identity) return identify_intel_document(body);
    const auto der = intel::crl_der(body, "CRL");   // PCCS sends hexadecimal text where PCS sends DER or PEM
    return der ? identify_intel(*der) : Result<CollateralObject>(der.error());
  }

  const PcsOptions options_;
  const std::shared_ptr<const evidence::TrustStore> trust_;
  Requests requests_;
};

}  // namespace

std::string pcs_path(const CollateralQuery& query, const std::string& update) {
  const auto request = request_for(query, update);
  return request ? request->path : "";
}

Result<std::shared_ptr<CollateralProvider>> pcs_provider(PcsOptions options, std::shared_ptr<const evidence::TrustStore> trust, Time now) {
  for (std::string* url : {&options.base_url, &options.root_crl_url}) {
    auto checked = checked_base_url(*url);
    if (!checked) return checked.error();
    *url = std::move(*checked);
  }
  if (!options.update.empty() && options.update != "early" && options.update != "standard") return Error{Errc::bad_value, "pcs", "update is \"" + options.update + "\", expected early or standard"};
  if (!trust) return Error{Errc::bug, "pcs", "no trust store given"};
  return std::shared_ptr<CollateralProvider>(std::make_shared<PcsProvider>(std::move(options), std::move(trust), now));
}

}  // namespace atls
