#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include "base/hex.hpp"
#include "collateral/cache_entry.hpp"
#include "collateral/files.hpp"
#include "collateral/object.hpp"
#include "collateral/providers.hpp"
#include "crypto/digest.hpp"

namespace atls {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxEntryBytes = 8 * 1024 * 1024;
constexpr std::size_t kMaxVariants = 16;       // services whose objects of one name are kept side by side
constexpr std::string_view kVendorHosts[] = {"https://kdsintf.amd.com/", "https://api.trustedservices.intel.com/", "https://certificates.trustedservices.intel.com/"};

// "" for a vendor's own service, "-<16 hex>" for any other: a private or simulated service has other CAs under the same names, and
// its CRL must not replace the genuine one. The port does not count: test servers change it at every start.
std::string service_tag(std::string_view origin) {
  for (const std::string_view host : kVendorHosts)
    if (origin.starts_with(host)) return "";
  const std::size_t scheme = origin.find("://");
  std::string_view host = scheme == std::string_view::npos ? origin : origin.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  if (const std::size_t port = host.rfind(':'); port != std::string_view::npos && port > host.rfind(']') + 1) host = host.substr(0, port);
  return "-" + hex(Bytes(crypto::sha256(as_bytes(host))).first(8));
}

// Where an object lives, without extension. `per_service`: the stem is extended by the service tag. `extension`: ".der" as it is,
// ".json" with issuer chain, URL and time.
struct Place { fs::path directory; std::string stem; bool per_service; const char* extension; };

std::optional<Place> amd_place(const CollateralQuery& query, CollateralKind kind, snp::ProductLine product) {
  if (product == snp::ProductLine::unknown) return {};
  const std::string name(snp::product_name(product));
  const fs::path vcek = fs::path("amd") / "vcek" / name, vlek = fs::path("amd") / "vlek" / name;
  switch (kind) {
    case CollateralKind::amd_vcek: {
      const Bytes chip = Bytes(query.chip_id).first(product == snp::ProductLine::turin ? 8 : 64);
      return Place{vcek, "vcek-" + hex(chip) + "-" + hex(query.reported_tcb.raw), false, ".der"};
    }
    case CollateralKind::amd_ask: return Place{vcek, "ask", true, ".der"};
    case CollateralKind::amd_asvk: return Place{vlek, "asvk", true, ".der"};
    case CollateralKind::amd_ark: return Place{query.vlek ? vlek : vcek, "ark", true, ".der"};
    case CollateralKind::amd_crl: return Place{query.vlek ? vlek : vcek, "crl", true, ".der"};
    default: return {};
  }
}

std::optional<Place> intel_place(const CollateralQuery& query, const std::string& pcs_update) {
  const fs::path intel("intel");
  const std::string tee = query.tdx ? "tdx" : "sgx", ca = query.processor_ca ? "pck-processor" : "pck-platform", update = pcs_update == "early" ? "-early" : "";
  const auto fmspc = from_hex_of_size(query.fmspc, 6, "FMSPC");
  switch (query.kind) {
    case CollateralKind::intel_tcb_info: return fmspc ? std::optional(Place{intel / "tcb", tee + "-" + hex(*fmspc) + update, true, ".json"}) : std::nullopt;
    case CollateralKind::intel_qe_identity: return Place{intel / "qe", tee + update, true, ".json"};
    case CollateralKind::intel_pck_crl: return Place{intel / "crl", ca, true, ".json"};
    case CollateralKind::intel_root_crl: return Place{intel / "crl", "root", true, ".json"};
    case CollateralKind::intel_pck_ca: return Place{intel / "ca", ca, true, ".json"};
    case CollateralKind::intel_root: return Place{intel / "ca", "root", true, ".json"};
    case CollateralKind::intel_tcb_signer: return Place{intel / "ca", "tcb-signer", true, ".json"};
    default: return {};
  }
}

bool is_variant(std::string_view name, const Place& place) {   // "crl.der", "crl-<16 hex>.der"
  const std::string_view stem = place.stem, extension = place.extension;
  if (name.size() < stem.size() + extension.size() || !name.starts_with(stem) || !name.ends_with(extension)) return false;
  const std::string_view tag = name.substr(stem.size(), name.size() - stem.size() - extension.size());
  return tag.empty() || (tag.size() == 17 && tag[0] == '-' && from_hex(tag.substr(1)));
}

class CacheProvider : public CollateralProvider {
 public:
  CacheProvider(fs::path root, std::string pcs_update, std::shared_ptr<const evidence::TrustStore> trust)
      : root_(std::move(root)), pcs_update_(std::move(pcs_update)), trust_(std::move(trust)) {}

  CollateralSource source() const override { return CollateralSource::cache; }

  CollateralAnswer find(const CollateralQuery& query) override {
    CollateralAnswer answer;
    if (root_.empty()) return answer;
    using enum snp::ProductLine;
    std::vector<CollateralQuery> exact{query};
    if (!is_intel(query.kind) && query.product == unknown) {
      exact.clear();
      for (const snp::ProductLine line : {milan, genoa, turin}) exact.emplace_back(query).product = line;
    }
    for (const CollateralQuery& one : exact)
      if (const auto place = place_of(one, one.product)) read_place(one, *place, answer);
    if (answer.items.empty())
      answer.misses.push_back({source(), CollateralMiss::Why::absent, "the cache " + root_.string() + " has no fitting " + std::string(collateral_kind_name(query.kind))});
    return answer;
  }

  Status store(const CollateralQuery& query, const CollateralItem& item) override {
    if (root_.empty()) return ok();
    const auto object = identify(item);
    if (!object) return object.error();
    if (object->kind != item.kind) return Error{Errc::bad_value, "cache", "the object is not what it is called"};
    if (item.kind == query.kind && fits(*object, query) != Fit::exact) return Error{Errc::bad_value, "cache", describe_misfit(*object, query)};
    if (item.kind != query.kind && (item.kind == CollateralKind::amd_vcek || is_intel(item.kind))) return ok();   // a name is made of what was asked
    CollateralQuery as = query;
    as.kind = item.kind;
    const auto place = place_of(as, object->product);
    if (!place) return ok();
    const fs::path relative = place->directory / (place->stem + (place->per_service ? service_tag(item.origin) : "") + place->extension);
    const std::lock_guard lock(mutex_);
    const Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (is_dated(item.kind) && keeps_its_place(relative, *place, item.kind, as, *object, now)) return ok();
    return write_private_file(root_, relative, place->extension == std::string_view(".json") ? encode_cache_entry(item, now) : item.data);
  }

 private:
  std::optional<Place> place_of(const CollateralQuery& query, snp::ProductLine product) const {
    return is_intel(query.kind) ? intel_place(query, pcs_update_) : amd_place(query, query.kind, product);
  }

  // What is dated never goes back: an older object of the same service does not replace a newer one. Only what the vendor signed and what
  // is of today or before can be newer: anything else in its place would keep the genuine object out for good.
  bool keeps_its_place(const fs::path& relative, const Place& place, CollateralKind kind, const CollateralQuery& as, const CollateralObject& fresh, Time now) const {
    const auto content = read_regular_file(root_ / relative, kMaxEntryBytes);
    const auto known = content ? decode(*content, place, kind) : Result<CollateralItem>(content.error());
    const auto before = known ? identify(*known) : Result<CollateralObject>(known.error());
    if (!before || !before->this_update || !fresh.this_update || *before->this_update > now || fits(*before, as) != Fit::exact) return false;
    if (trust_ == nullptr || !check_trusted(*before, *trust_)) return false;
    return std::pair(before->evaluation, *before->this_update) > std::pair(fresh.evaluation, *fresh.this_update);
  }

  Result<CollateralItem> decode(Bytes content, const Place& place, CollateralKind kind) const {
    if (place.extension == std::string_view(".json")) return decode_cache_entry(content);
    return CollateralItem{kind, to_buffer(content), source(), {}, {}, {}};
  }

  void read_place(const CollateralQuery& exact, const Place& place, CollateralAnswer& answer) {
    std::vector<fs::path> paths{root_ / place.directory / (place.stem + place.extension)};
    if (place.per_service) {
      std::error_code ec;
      std::vector<fs::path> variants;
      for (fs::directory_iterator it(root_ / place.directory, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        if (name != place.stem + place.extension && is_variant(name, place)) variants.push_back(it->path());
      }
      std::sort(variants.begin(), variants.end());
      if (variants.size() > kMaxVariants) variants.resize(kMaxVariants);
      paths.insert(paths.end(), variants.begin(), variants.end());
    }
    for (const fs::path& path : paths) {
      const auto content = read_regular_file(path, kMaxEntryBytes);
      if (!content && content.error().code == Errc::not_found) continue;
      const auto ignore = [&](const std::string& why) {
        answer.misses.push_back({source(), CollateralMiss::Why::invalid, path.string() + " is ignored: " + why});
      };
      if (!content) {
        ignore(content.error().detail);
        continue;
      }
      auto item = decode(*content, place, exact.kind);
      if (!item) {
        ignore(item.error().message());
        continue;
      }
      const auto object = identify(*item);
      if (!object) ignore(object.error().message());
      else if (object->kind != item->kind || fits(*object, exact) != Fit::exact) ignore(describe_misfit(*object, exact));
      else {
        item->origin = path.string() + (item->obtained ? ", fetched " + rfc3339(*item->obtained) + " from " + item->origin : "");
        answer.items.push_back(*std::move(item));
      }
    }
  }

  const fs::path root_;
  const std::string pcs_update_;
  const std::shared_ptr<const evidence::TrustStore> trust_;
  std::mutex mutex_;     // compare-and-store of dated objects within this process; between processes the rename keeps files whole
};

}  // namespace

std::shared_ptr<CollateralProvider> cache_provider(fs::path root, std::string pcs_update, std::shared_ptr<const evidence::TrustStore> trust) {
  return std::make_shared<CacheProvider>(std::move(root), std::move(pcs_update), std::move(trust));
}

fs::path default_cache_dir() {
  const auto absolute = [](const char* name) -> fs::path {
    const char* value = std::getenv(name);
    return value && value[0] == '/' ? fs::path(value) : fs::path();      // the XDG specification ignores relative paths
  };
  if (const fs::path xdg = absolute("XDG_CACHE_HOME"); !xdg.empty()) return xdg / "atls";
  if (const fs::path home = absolute("HOME"); !home.empty()) return home / ".cache" / "atls";
  return {};
}

}  // namespace atls
