// AMD's Key Distribution Service. AMD 57230 "VCEK Certificate and KDS Interface Specification".
#include <array>
#include <cstdio>

#include "base/hex.hpp"
#include "collateral/amd.hpp"
#include "collateral/http.hpp"
#include "collateral/providers.hpp"
#include "collateral/requests.hpp"
#include "crypto/certificate.hpp"

namespace atls {
namespace {

class KdsProvider : public CollateralProvider {
 public:
  KdsProvider(KdsOptions options, std::shared_ptr<const evidence::TrustStore> trust, Time now)
      : options_(std::move(options)), trust_(std::move(trust)), requests_(options_.total_timeout, now) {}

  CollateralSource source() const override { return CollateralSource::network; }

  CollateralAnswer find(const CollateralQuery& query) override {
    CollateralAnswer answer;
    if (is_intel(query.kind)) return answer;      // another service's
    const std::string path = kds_path(query);
    if (path.empty()) {
      answer.misses.push_back({source(), CollateralMiss::Why::absent, no_path(query)});
      return answer;
    }
    const Fetched fetched = get(path, query);
    if (fetched.why) answer.misses.push_back(*fetched.why);
    for (const CollateralObject& object : fetched.objects)
      if (object.kind == query.kind) answer.items.push_back(item_of(object, source(), options_.base_url + path));
    return answer;
  }

 private:
  static std::string no_path(const CollateralQuery& query) {
    if (query.kind == CollateralKind::amd_vlek) return "AMD's service gives VLEK certificates to cloud providers only; ask yours and use --collateral-dir";
    if (query.product == snp::ProductLine::unknown) return "the product line is unknown, so AMD's service was not asked";
    return "the chip id is masked or not that of a " + std::string(snp::product_name(query.product)) + " chip, so AMD's service was not asked";
  }

  Fetched get(const std::string& path, const CollateralQuery& query) {
    return requests_.get(options_.base_url + path, [&] { return fetch(path, query); });
  }

  Fetched fetch(const std::string& path, const CollateralQuery& query) {
    const std::string url = options_.base_url + path;
    const auto body = http_get(url, {options_.ca_file, options_.proxy, options_.connect_timeout, options_.attempt_timeout, options_.total_timeout, options_.waits, options_.max_body});
    if (!body) return fetch_failed(url, body.error());
    const auto invalid = [&](const std::string& why) { return fetch_failed(CollateralMiss::Why::invalid, url + ": the answer is not used: " + why); };
    CollateralObjects answer = identify_all(*body);
    if (!answer.rejected.empty()) return invalid(answer.rejected.front());
    const std::size_t expected = query.kind == CollateralKind::amd_vcek || query.kind == CollateralKind::amd_crl ? 1 : 2;
    if (answer.found.size() != expected)
      return invalid("expected " + std::to_string(expected) + (expected == 1 ? " object" : " certificates") + ", found " + std::to_string(answer.found.size()));
    bool has_asked = false;
    for (const CollateralObject& object : answer.found) {
      CollateralQuery as = query;                     // a chain holds the ARK beside the CA that was asked for
      if (expected == 2 && (object.kind == CollateralKind::amd_ark || object.kind == chain_ca(query))) as.kind = object.kind;
      if (fits(object, as) != Fit::exact) return invalid(describe_misfit(object, as));
      has_asked = has_asked || object.kind == query.kind;
      if (const Status good = trusted(object, query); !good) return invalid(good.error().detail);
    }
    if (!has_asked) return invalid("it has no " + std::string(collateral_kind_name(query.kind)));
    return {std::move(answer.found), {}, {}};
  }

  static CollateralKind chain_ca(const CollateralQuery& query) {
    if (query.kind == CollateralKind::amd_ark) return query.vlek ? CollateralKind::amd_asvk : CollateralKind::amd_ask;
    return query.kind;
  }

  // A trust set of roots alone knows no ASK: it is fetched and checked against the root first.
  Status trusted(const CollateralObject& object, const CollateralQuery& query) {
    if (object.kind != CollateralKind::amd_vcek || !trust_->find(evidence::CaRole::ask, object.product).empty()) return check_amd(object, *trust_);
    CollateralQuery ask = query;
    ask.kind = CollateralKind::amd_ask;
    ask.vlek = false;
    const Fetched chain = get(kds_path(ask), ask);
    if (chain.why) return Error{Errc::unavailable, "amd.certificate", "its ASK could not be had: " + chain.why->detail};
    std::vector<Buffer> keys;
    for (const CollateralObject& ca : chain.objects)
      if (ca.kind == CollateralKind::amd_ask)
        if (const auto cert = crypto::Certificate::from_der(ca.data)) keys.push_back(cert->spki());
    return check_amd(object, *trust_, keys);
  }

  KdsOptions options_;
  std::shared_ptr<const evidence::TrustStore> trust_;
  Requests requests_;
};

}  // namespace

std::string kds_path(const CollateralQuery& query) {
  using enum snp::TcbComponent;
  if (query.product == snp::ProductLine::unknown) return {};
  const std::string product(snp::product_name(query.product));
  const snp::TcbLayout layout = snp::tcb_layout(query.product);
  switch (query.kind) {
    case CollateralKind::amd_vlek: return {};
    case CollateralKind::amd_ask: return "/vcek/v1/" + product + "/cert_chain";
    case CollateralKind::amd_asvk: return "/vlek/v1/" + product + "/cert_chain";
    case CollateralKind::amd_ark: return (query.vlek ? "/vlek/v1/" : "/vcek/v1/") + product + "/cert_chain";
    case CollateralKind::amd_crl: return (query.vlek ? "/vlek/v1/" : "/vcek/v1/") + product + "/crl";
    case CollateralKind::amd_vcek: break;
    default: return {};
  }
  const bool turin = layout == snp::TcbLayout::turin;
  if (is_zero(query.chip_id)) return {};                                      // masked: names no chip
  if (turin && !is_zero(Bytes(query.chip_id).subspan(8))) return {};         // not a Turin chip id
  std::string path = "/vcek/v1/" + product + "/" + hex(Bytes(query.chip_id).first(turin ? 8 : 64)) + "?";
  struct Part { snp::TcbComponent component; const char* name; };
  for (const Part& part : {Part{fmc, "fmcSPL"}, Part{bootloader, "blSPL"}, Part{tee, "teeSPL"}, Part{snp, "snpSPL"}, Part{microcode, "ucodeSPL"}}) {
    const auto value = query.reported_tcb.component(part.component, layout);
    if (!value) continue;
    char text[32];
    std::snprintf(text, sizeof text, "%s%s=%02u", path.back() == '?' ? "" : "&", part.name, unsigned{*value});
    path += text;
  }
  return path;
}

Result<std::shared_ptr<CollateralProvider>> kds_provider(KdsOptions options, std::shared_ptr<const evidence::TrustStore> trust, Time now) {
  auto url = checked_base_url(options.base_url);
  if (!url) return url.error();
  if (!trust) return Error{Errc::bug, "kds", "no trust store given"};
  options.base_url = std::move(*url);
  return std::shared_ptr<CollateralProvider>(std::make_shared<KdsProvider>(std::move(options), std::move(trust), now));
}

}  // namespace atls
