// The collateral sources: directories, the cache, AMD's KDS, Intel's PCS.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "collateral/collateral.hpp"
#include "evidence/trust.hpp"

namespace atls {

// A directory or a single file. Reads: loose .der/.pem/.crt/.cer/.crl files below it, and .json/.yaml/.yml/.txt/.hex files and files
// without an extension when they hold collateral (at most 6 levels and 4096 files of at most 4 MiB each, 64 MiB of objects in all):
// the snpguest layout (ark, ask|asvk, vcek|vlek .pem|.der, crl), Intel's directory (tcbInfo.json, tcbSignChain.pem, rootCaCrl.der ...),
// bundles of other programs (intel/bundle.hpp), files named as the paths of a PCS or PCCS; and Trustee's store
// (vcek/{hwid}/bl.._tee.._snp.._ucode..[_fmc..]_vcek.der, also beyond these limits).
// Everything found is classified by content (object.hpp), never by file name. An object that fits no query exactly is still
// offered when nothing fits, so that the verifier can say what is different.
Result<std::shared_ptr<CollateralProvider>> directory_provider(const std::filesystem::path& path);

// $XDG_CACHE_HOME/atls (or ~/.cache/atls): VCEKs and CA certificates for ever, CRLs, TCB info and QE identities until a newer one
// comes; their dates are the caller's to judge. Atomic stores (temporary name, rename); directories 0700, files 0600. Names are made of
// product, chip id and TCB, of FMSPC, TEE and CA, never of text that a peer wrote. Intel's objects are kept with their issuer chain, the
// URL and the time of fetching. VLEKs and PCK certificates are not cached. `pcs_update`: as PcsOptions::update; what was fetched
// as "early" is kept apart. What is dated never goes back, neither in evaluation number nor in date, while the older object is signed
// under `trust` and not from the future; without `trust` the new one always replaces it. Folders of other users are not written to.
std::shared_ptr<CollateralProvider> cache_provider(std::filesystem::path root, std::string pcs_update = {}, std::shared_ptr<const evidence::TrustStore> trust = {});
std::filesystem::path default_cache_dir();               // empty when neither XDG_CACHE_HOME nor HOME is usable

struct KdsOptions {
  std::string base_url = "https://kdsintf.amd.com";
  std::string ca_file;                                   // --collateral-cafile
  std::string proxy;                                     // empty: environment as libcurl reads it (never for a loopback URL)
  std::chrono::milliseconds connect_timeout{10'000}, attempt_timeout{30'000}, total_timeout{60'000};
  std::vector<std::chrono::milliseconds> waits{std::chrono::seconds{10}, std::chrono::seconds{20}};   // one per retry; tests shorten them
  std::size_t max_body = 1024 * 1024;
};
// Errc::bad_value when the URL is neither https nor http to a loopback address. Loopback means a literal, 127.0.0.0/8 or [::1];
// "localhost" is a name that a resolver answers for and is refused.
// An answer is returned only when it parses, is what was asked for and is signed by a CA key of `trust`. Its dates are judged by
// the verifier; `now` only decides how long an answer is remembered within the process.
Result<std::shared_ptr<CollateralProvider>> kds_provider(KdsOptions options, std::shared_ptr<const evidence::TrustStore> trust, Time now);
std::string kds_path(const CollateralQuery& query);      // AMD 57230: "/vcek/v1/Milan/<hwid>?blSPL=04&..."; empty: no such object at the KDS

struct PcsOptions {
  std::string base_url = "https://api.trustedservices.intel.com";
  std::string root_crl_url = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";   // with Intel's own base; a PCCS has its own
  std::string update;                                    // "", "early", "standard": which TCB evaluation data
  std::string ca_file, proxy;
  std::chrono::milliseconds connect_timeout{10'000}, attempt_timeout{30'000}, total_timeout{60'000}, max_retry_after{30'000};
  std::vector<std::chrono::milliseconds> waits{std::chrono::seconds{4}};
  std::size_t max_body = 5 * 1024 * 1024;
};
// As kds_provider. An answer must have its issuer chain in exactly one header, percent-encoded, of exactly two certificates.
Result<std::shared_ptr<CollateralProvider>> pcs_provider(PcsOptions options, std::shared_ptr<const evidence::TrustStore> trust, Time now);
std::string pcs_path(const CollateralQuery& query, const std::string& update);   // "/tdx/certification/v4/tcb?fmspc=..."; empty: not asked for

}  // namespace atls
