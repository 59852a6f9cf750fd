// TDX quotes: appraisals per second with the collateral in memory, against the signature verifications that they take. The calls of
// OpenSSL that verify a signature are counted where this program is linked (--wrap), so that the bound is measured, not assumed.
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/bytes.hpp"
#include "bench.hpp"
#include "collateral/providers.hpp"
#include "crypto/ecdsa.hpp"
#include "evidence/verify.hpp"
#include "intel/quote.hpp"
#include "policy/policy.hpp"
#include "sim/anchors.hpp"
#include "sim/intel_platform.hpp"

namespace {
std::atomic<std::size_t> verifications{0};
}

extern "C" {
int __real_EVP_DigestVerify(EVP_MD_CTX*, const unsigned char*, std::size_t, const unsigned char*, std::size_t);
int __real_X509_verify(X509*, EVP_PKEY*);
int __real_X509_CRL_verify(X509_CRL*, EVP_PKEY*);
int __wrap_EVP_DigestVerify(EVP_MD_CTX* ctx, const unsigned char* sig, std::size_t sig_size, const unsigned char* data, std::size_t size) {
  ++verifications;
  return __real_EVP_DigestVerify(ctx, sig, sig_size, data, size);
}
int __wrap_X509_verify(X509* certificate, EVP_PKEY* key) {
  ++verifications;
  return __real_X509_verify(certificate, key);
}
int __wrap_X509_CRL_verify(X509_CRL* crl, EVP_PKEY* key) {
  ++verifications;
  return __real_X509_CRL_verify(crl, key);
}
}

namespace bench {
namespace {

using namespace atls;
namespace fs = std::filesystem;

// For the peer: all quotes in one file, each behind its length.
void write_quotes(const fs::path& path, const std::vector<Buffer>& quotes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  for (const Buffer& quote : quotes) {
    for (int shift = 0; shift < 32; shift += 8) out.put(static_cast<char>(quote.size() >> shift));
    out.write(reinterpret_cast<const char*>(quote.data()), static_cast<std::streamsize>(quote.size()));
  }
  if (!out.flush()) die("cannot write " + path.string());
}

struct Batch {
  const evidence::Context& context;
  std::size_t done = 0, counted = 0;
  double seconds = 0;

  void run(const std::vector<Buffer>& quotes) {
    const std::size_t before = verifications;
    const auto start = Clock::now();
    for (const Buffer& bytes : quotes) {
      evidence::Presented presented;
      evidence::Evidence evidence;
      evidence.format = "tdx";
      evidence.container = "raw";
      evidence.data = bytes;
      presented.raw = std::move(evidence);
      Report report;
      if (!evidence::appraise(presented, context, report).proof)
        die("a simulated quote was not verified: " + (report.verdict ? report.verdict->reason : std::string("no verdict")));
      ++done;
    }
    seconds += seconds_since(start);
    counted += verifications - before;
  }
  double per_quote() const { return static_cast<double>(counted) / static_cast<double>(done); }
};

// Seconds for one raw verification of a quote's own signature, the key ready.
double raw_seconds(const std::vector<Buffer>& quotes) {
  const auto first = intel::parse_quote(quotes.front());
  if (!first) die(first.error().message());
  const auto key = crypto::p256_key_from_point(first->attestation_key);
  if (!key) die(key.error().message());
  std::vector<intel::Quote> parsed;
  for (const Buffer& bytes : quotes) parsed.push_back(*intel::parse_quote(bytes));
  const auto start = Clock::now();
  for (const intel::Quote& quote : parsed) {
    const auto good = crypto::verify_ecdsa_p256_sha256(**key, quote.signed_bytes(), quote.signature);
    if (!good || !*good) die("a simulated signature does not verify");
  }
  return seconds_since(start) / static_cast<double>(quotes.size());
}

}  // namespace

int quotes(std::size_t n, const std::string& folder) {
  auto made = sim::IntelPlatform::create({});
  if (!made) die(made.error().message());
  const std::shared_ptr<const sim::IntelPlatform> platform(std::move(*made));
  std::vector<Buffer> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(platform->quote(report_data_of(i)));
  write_quotes(fs::path(folder) / "quotes.bin", all);

  auto policy = policy::load_policy(as_bytes(platform->matching_policy()), "bench", ".");
  if (!policy) die(policy.error().message());
  policy->trust_simulated = true;
  evidence::TrustStore trust = evidence::TrustStore::builtin();
  trust.add(sim::trust_anchors());
  Collateral collateral;
  auto directory = directory_provider(fs::path(folder) / "attestation-app");
  if (!directory) die(directory.error().message());
  collateral.add(std::move(*directory));
  const evidence::Context context{*policy, trust, collateral, std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now())};

  // The first quote pays for certificates, lists and collateral of the platform; the others have them checked already.
  Batch alone{context}, batch{context};
  alone.run({all.front()});
  double raw = 0;
  for (int round = 0; round < 3; ++round) {   // interleaved, so that a change of the machine's speed hits both
    raw += raw_seconds(all) / 3;
    batch.run(all);
  }
  const double rate = static_cast<double>(batch.done) / batch.seconds;
  std::printf("raw_p256_verifications_per_second %.1f\ntdx_appraisals_per_second %.1f\n", 1 / raw, rate);
  std::printf("verifications_per_quote %.2f\nbatch_ratio %.3f\n", batch.per_quote(), batch.per_quote() * raw * rate);
  std::printf("verifications_of_one_quote %.0f\none_quote_ratio %.3f\n", alone.per_quote(), alone.per_quote() * raw / alone.seconds);
  return 0;
}

}  // namespace bench
