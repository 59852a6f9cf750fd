// Endorsements and revocation data: where they come from and how they are asked for. Evidence never chooses a URL.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "report/model.hpp"
#include "snp/tcb.hpp"

namespace atls {

enum class CollateralKind {
  amd_vcek, amd_vlek, amd_ask, amd_asvk, amd_ark, amd_crl,
  intel_pck, intel_pck_ca, intel_root, intel_tcb_signer,      // certificates
  intel_root_crl, intel_pck_crl, intel_tcb_info, intel_qe_identity,
};
bool is_intel(CollateralKind kind);
std::string_view collateral_kind_name(CollateralKind kind);       // "amd-vcek", ...
std::optional<CollateralKind> collateral_kind_from(std::string_view name);
enum class CollateralSource { handshake, bundle, dir, cache, network, builtin };
std::string_view collateral_source_name(CollateralSource source);

struct CollateralItem {
  CollateralKind kind;
  Buffer data;                      // one DER certificate or CRL; TCB info and QE identity: the whole JSON response as received
  CollateralSource source = CollateralSource::handshake;
  std::string origin;               // path or URL for messages
  std::vector<Buffer> issuer_chain; // DER, signer first, of what was sent with its chain (PCS header, bundle); nothing is trusted for it.
                                    // Empty for loose files: the signer is another object then (intel_tcb_signer, intel_pck_ca)
  std::optional<Time> obtained;     // from the cache: when it was fetched
};

// What AMD's KDS and Intel's PCS are asked by; product and vlek select AMD chain and CRL.
struct CollateralQuery {
  CollateralKind kind;
  snp::ProductLine product = snp::ProductLine::unknown;
  std::array<std::uint8_t, 64> chip_id{};
  snp::TcbVersion reported_tcb;
  bool vlek = false;
  // Intel.
  std::string fmspc;                // 12 lower-case hex digits: intel_tcb_info
  bool tdx = false;                 // intel_tcb_info, intel_qe_identity: of TDX, else of SGX
  bool processor_ca = false;        // intel_pck_crl: of the Processor CA, else of the Platform CA
};

// Why a source gave nothing: "unavailable" (outage, offline, throttled beyond the limit) is told apart from "refused"
// (404 and other 4xx: the service has no such object) and "invalid" (answer failed the checks before storing).
struct CollateralMiss { CollateralSource source; enum class Why { absent, offline, unavailable, refused, invalid } why; std::string detail; };
std::string_view collateral_miss_name(CollateralMiss::Why why);   // "absent", "offline", ...
// Misses may stand beside items: a damaged cache entry that was ignored, an item that could not be stored.
struct CollateralAnswer { std::vector<CollateralItem> items; std::vector<CollateralMiss> misses; };

class CollateralProvider {          // one place to look: a directory, the cache, the KDS
 public:
  virtual ~CollateralProvider() = default;
  virtual CollateralSource source() const = 0;
  virtual CollateralAnswer find(const CollateralQuery& query) = 0;
  virtual Status store(const CollateralQuery&, const CollateralItem&) { return ok(); }   // caches only
};

// The ordered set of places. Local places are asked first and all their candidates returned; the caller asks the network when
// no candidate was usable. Thread-safe once all providers are added.
class Collateral {
 public:
  void add(std::shared_ptr<CollateralProvider> provider);
  CollateralAnswer find_local(const CollateralQuery& query) const;       // dir and cache, in order
  CollateralAnswer find_network(const CollateralQuery& query) const;     // network; stores what it got in the cache
  bool has_network() const;

 private:
  std::vector<std::shared_ptr<CollateralProvider>> providers_;
};

}  // namespace atls
