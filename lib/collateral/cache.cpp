#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include "base/hex.hpp"
#include "collateral/amd.hpp"
#include "collateral/files.hpp"
#include "collateral/providers.hpp"
#include "crypto/digest.hpp"

namespace atls {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 1024 * 1024;
constexpr std::size_t kMaxVariants = 16;       // services whose CA objects of one product are kept side by side
constexpr std::string_view kAmdHost = "https://kdsintf.amd.com/";

// "" for AMD's own service, "-<16 hex>" for any other: a private or simulated service has other CAs under the same names, and
// its CRL must not replace the genuine one. The port does not count: test servers change it at every start.
std::string service_tag(std::string_view origin) {
  if (origin.starts_with(kAmdHost)) return "";
  const std::size_t scheme = origin.find("://");
  std::string_view host = scheme == std::string_view::npos ? origin : origin.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  if (const std::size_t port = host.rfind(':'); port != std::string_view::npos && port > host.rfind(']') + 1) host = host.substr(0, port);
  return "-" + hex(Bytes(crypto::sha256(as_bytes(host))).first(8));
}

struct Place { fs::path directory; std::string stem; };

// Where an object lives; the stem is extended by the service tag for objects of a CA.
std::optional<Place> place_of(const CollateralQuery& query, CollateralKind kind, snp::ProductLine product) {
  if (product == snp::ProductLine::unknown) return {};
  const std::string name(snp::product_name(product));
  const fs::path vcek = fs::path("amd") / "vcek" / name, vlek = fs::path("amd") / "vlek" / name;
  switch (kind) {
    case CollateralKind::amd_vcek: {
      const Bytes chip = Bytes(query.chip_id).first(product == snp::ProductLine::turin ? 8 : 64);
      return Place{vcek, "vcek-" + hex(chip) + "-" + hex(query.reported_tcb.raw)};
    }
    case CollateralKind::amd_vlek: return {};
    case CollateralKind::amd_ask: return Place{vcek, "ask"};
    case CollateralKind::amd_asvk: return Place{vlek, "asvk"};
    case CollateralKind::amd_ark: return Place{query.vlek ? vlek : vcek, "ark"};
    case CollateralKind::amd_crl: return Place{query.vlek ? vlek : vcek, "crl"};
    default: return {};
  }
  return {};
}

bool is_variant(std::string_view name, std::string_view stem) {   // "crl.der", "crl-<16 hex>.der"
  if (!name.starts_with(stem) || !name.ends_with(".der")) return false;
  const std::string_view tag = name.substr(stem.size(), name.size() - stem.size() - 4);
  return tag.empty() || (tag.size() == 17 && tag[0] == '-' && from_hex(tag.substr(1)));
}

class CacheProvider : public CollateralProvider {
 public:
  explicit CacheProvider(fs::path root) : root_(std::move(root)) {}

  CollateralSource source() const override { return CollateralSource::cache; }

  CollateralAnswer find(const CollateralQuery& query) override {
    CollateralAnswer answer;
    if (root_.empty()) return answer;
    using enum snp::ProductLine;
    const std::vector<snp::ProductLine> lines = query.product == unknown ? std::vector{milan, genoa, turin} : std::vector{query.product};
    for (const snp::ProductLine line : lines)
      if (const auto place = place_of(query, query.kind, line)) read_place(query, line, *place, answer);
    if (answer.items.empty())
      answer.misses.push_back({source(), CollateralMiss::Why::absent, "the cache " + root_.string() + " has no fitting " + std::string(collateral_kind_name(query.kind))});
    return answer;
  }

  Status store(const CollateralQuery& query, const CollateralItem& item) override {
    if (root_.empty()) return ok();
    const auto object = identify_amd(item.data);
    if (!object) return object.error();
    if (object->kind != item.kind) return Error{Errc::bad_value, "cache", "the object is not what it is called"};
    if (item.kind == query.kind && fits(*object, query) != Fit::exact) return Error{Errc::bad_value, "cache", describe_misfit(*object, query)};
    const auto place = place_of(query, item.kind, object->product);
    if (!place || (item.kind == CollateralKind::amd_vcek && query.kind != item.kind)) return ok();
    const bool of_ca = item.kind != CollateralKind::amd_vcek;
    const fs::path relative = place->directory / (place->stem + (of_ca ? service_tag(item.origin) : "") + ".der");
    const std::lock_guard lock(mutex_);
    // Revocation never goes back: an older list of the same service does not replace a newer one.
    if (item.kind == CollateralKind::amd_crl && object->this_update)
      if (const auto old = read_regular_file(root_ / relative, kMaxFileBytes))
        if (const auto known = identify_amd(*old); known && known->this_update && *known->this_update > *object->this_update && known->product == object->product)
          return ok();
    return write_private_file(root_, relative, item.data);
  }

 private:
  void read_place(const CollateralQuery& query, snp::ProductLine line, const Place& place, CollateralAnswer& answer) {
    std::vector<fs::path> paths{root_ / place.directory / (place.stem + ".der")};
    if (query.kind != CollateralKind::amd_vcek) {
      std::error_code ec;
      std::vector<fs::path> variants;
      for (fs::directory_iterator it(root_ / place.directory, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        if (name != place.stem + ".der" && is_variant(name, place.stem)) variants.push_back(it->path());
      }
      std::sort(variants.begin(), variants.end());
      if (variants.size() > kMaxVariants) variants.resize(kMaxVariants);
      paths.insert(paths.end(), variants.begin(), variants.end());
    }
    CollateralQuery exact = query;
    exact.product = line;
    for (const fs::path& path : paths) {
      const auto content = read_regular_file(path, kMaxFileBytes);
      if (!content && content.error().code == Errc::not_found) continue;
      const auto ignore = [&](const std::string& why) {
        answer.misses.push_back({source(), CollateralMiss::Why::invalid, path.string() + " is ignored: " + why});
      };
      if (!content) {
        ignore(content.error().detail);
        continue;
      }
      const auto object = identify_amd(*content);
      if (!object) ignore(object.error().message());
      else if (fits(*object, exact) != Fit::exact) ignore(describe_misfit(*object, exact));
      else answer.items.push_back({object->kind, *content, source(), path.string()});
    }
  }

  fs::path root_;
  std::mutex mutex_;     // compare-and-store of CRLs within this process; between processes the rename keeps files whole
};

}  // namespace

std::shared_ptr<CollateralProvider> cache_provider(fs::path root) { return std::make_shared<CacheProvider>(std::move(root)); }

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
