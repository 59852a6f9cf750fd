// The collateral sources of SEV-SNP: directories, the cache, AMD's KDS.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "collateral/collateral.hpp"
#include "evidence/trust.hpp"

namespace atls {

// A directory or a single file. Reads: loose .der/.pem/.crt/.crl files anywhere below (at most 4 levels, 4096 files, each at most 1 MiB),
// the snpguest layout (ark, ask|asvk, vcek|vlek .pem|.der, crl), trustee's store (vcek/{hwid}/bl.._tee.._snp.._ucode..[_fmc..]_vcek.der).
// Everything found is classified by content (subject CN), never by file name alone.
Result<std::shared_ptr<CollateralProvider>> directory_provider(const std::filesystem::path& path);

// $XDG_CACHE_HOME/atls (or ~/.cache/atls): VEKs and CA certificates for ever, CRLs until nextUpdate. Atomic stores (temporary name, rename).
std::shared_ptr<CollateralProvider> cache_provider(std::filesystem::path root);
std::filesystem::path default_cache_dir();

struct KdsOptions {
  std::string base_url = "https://kdsintf.amd.com";
  std::string ca_file;                                   // --collateral-cafile
  std::string proxy;                                     // empty: environment as libcurl reads it
  std::chrono::milliseconds connect_timeout{10'000}, attempt_timeout{30'000}, total_timeout{60'000};
  std::vector<std::chrono::milliseconds> waits{std::chrono::seconds{10}, std::chrono::seconds{20}};   // one per retry; tests shorten them
  std::size_t max_body = 1024 * 1024;
};
// Errc::bad_value when the URL is neither https nor http to a loopback address.
// `trust` and `now`: an answer is stored or returned only when it parses and is signed by a trusted CA key.
Result<std::shared_ptr<CollateralProvider>> kds_provider(KdsOptions options, std::shared_ptr<const evidence::TrustStore> trust, Time now);
std::string kds_path(const CollateralQuery& query);      // "/vcek/v1/Milan/<hwid>?blSPL=04&..." of sev-snp.md 4.1

}  // namespace atls
