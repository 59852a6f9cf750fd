#include "sim/handshake_faults.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>

#include "constellation/document.hpp"
#include "crypto/digest.hpp"
#include "profile/constellation.hpp"

namespace atls::sim {
namespace {

namespace cons = profile::constellation;
using namespace std::chrono_literals;

constexpr std::string_view kHandshakeFaultRows[] = {
    "no-evidence",     "stale-nonce",       "empty-nonce",       "foreign-key",        "zero-report-data",   "nonce-only-report-data",
    "user-data-foreign", "two-evidence",    "wrong-oid",         "document-truncated", "document-trailing",  "leaf-expired",
    "leaf-future",     "leaf-bad-signature", "leaf-critical",    "no-nonce-request",   "two-nonce-requests", "tickets",
    "large-certificate", "rsa-1024-key",    "ec-224-key",        "static-rsa",         "p224-exchange"};

// 120 KiB of evidence: above the 100 KiB that OpenSSL and others accept by default, below every limit of the protocol.
constexpr std::size_t kLargeDocument = 120 * 1024;

Result<crypto::PkeyPtr> rsa_key(std::size_t bits) {
  crypto::PkeyPtr key(EVP_RSA_gen(bits));
  if (!key) return crypto::openssl_error("leaf.key");
  return key;
}
Result<crypto::PkeyPtr> ec_224_key() {
  crypto::PkeyPtr key(EVP_EC_gen("P-224"));
  if (!key) return crypto::openssl_error("leaf.key");
  return key;
}

class FaultyLeaf {
 public:
  FaultyLeaf(std::shared_ptr<Attester> attester, std::vector<std::string> faults)
      : attester_(std::move(attester)), faults_(std::move(faults)), last_nonce_(crypto::random_bytes(constellation::kNonceSize)) {}

  Result<crypto::X509Ptr> make(EVP_PKEY& key, Bytes nonce) {
    cons::LeafSpec spec = dates();
    spec.corrupt_signature = has("leaf-bad-signature");
    if (attester_ && !has("no-evidence")) {
      auto document = evidence_document(key, used_nonce(nonce));
      if (!document) return document.error();
      if (has("wrong-oid")) document->oid = other_oid(document->oid);
      spec.extensions.push_back({document->oid, damaged(std::move(document->json)), has("leaf-critical")});
      if (has("two-evidence")) {
        auto second = foreign_document(nonce);
        if (!second) return second.error();
        spec.extensions.push_back({std::move(second->oid), std::move(second->json), false});
      }
    }
    return cons::make_leaf(key, spec);
  }

 private:
  bool has(std::string_view name) const { return std::find(faults_.begin(), faults_.end(), name) != faults_.end(); }

  cons::LeafSpec dates() const {
    const Time now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
    cons::LeafSpec spec;
    spec.not_before = now - 2h;
    spec.not_after = now + 2h;
    if (has("leaf-expired")) spec.not_before = now - 26h, spec.not_after = now - 22h;
    if (has("leaf-future")) spec.not_before = now + 22h, spec.not_after = now + 26h;
    return spec;
  }

  // The nonce that goes into the evidence instead of the peer's.
  Buffer used_nonce(Bytes nonce) {
    if (has("empty-nonce")) return {};
    if (!has("stale-nonce")) return to_buffer(nonce);
    const std::lock_guard lock(mutex_);
    Buffer previous = std::move(last_nonce_);
    last_nonce_ = to_buffer(nonce);
    return previous;
  }

  Result<cons::Document> evidence_document(EVP_PKEY& key, const Buffer& nonce) {
    const Buffer own_spki = cons::spki_of(key);
    Buffer signed_spki = own_spki, named_spki = own_spki;
    if (has("foreign-key") || has("user-data-foreign")) {
      const auto other = cons::make_leaf_key();
      if (!other) return other.error();
      signed_spki = cons::spki_of(**other);
      if (has("user-data-foreign")) named_spki = signed_spki;   // complete evidence of another party, relayed as it is
    }
    Buffer data = cons::report_data(signed_spki, nonce);
    if (has("zero-report-data")) data.assign(64, 0);
    if (has("nonce-only-report-data")) {
      data = nonce;
      data.resize(64, 0);
    }
    return document_for(data, named_spki, nonce);
  }

  Result<cons::Document> foreign_document(Bytes nonce) {
    const auto other = cons::make_leaf_key();
    if (!other) return other.error();
    const Buffer spki = cons::spki_of(**other);
    return document_for(cons::report_data(spki, nonce), spki, nonce);
  }

  Result<cons::Document> document_for(const Buffer& data, const Buffer& named_spki, Bytes nonce) {
    std::array<std::uint8_t, 64> report_data{};
    std::copy_n(data.begin(), std::min(data.size(), report_data.size()), report_data.begin());
    const auto evidence = attester_->attest(report_data);
    if (!evidence) return evidence.error();
    return cons::make_document(*evidence, cons::user_data(named_spki), nonce);
  }

  Buffer damaged(Buffer json) const {
    if (has("document-truncated") && !json.empty()) json.pop_back();
    if (has("document-trailing")) json.push_back('x');
    // White space before the closing brace is part of the JSON value, so a strict reader accepts it.
    if (has("large-certificate") && !json.empty() && json.size() < kLargeDocument) json.insert(json.end() - 1, kLargeDocument - json.size(), ' ');
    return json;
  }

  // A variant whose document is of another kind: an SNP document under the OID of the TDX quote, the others under that of SNP.
  static std::string other_oid(std::string_view oid) {
    return std::string(oid == constellation::kOidGcpSevSnp ? constellation::kOidQemuTdx : constellation::kOidGcpSevSnp);
  }

  const std::shared_ptr<Attester> attester_;
  const std::vector<std::string> faults_;
  std::mutex mutex_;
  Buffer last_nonce_;   // stale-nonce only: a random one before the first connection
};

}  // namespace

std::span<const std::string_view> handshake_faults() { return kHandshakeFaultRows; }

channel::LeafMaker faulty_leaf_maker(std::shared_ptr<Attester> attester, const std::vector<std::string>& faults) {
  return [maker = std::make_shared<FaultyLeaf>(std::move(attester), faults)](EVP_PKEY& key, Bytes nonce) { return maker->make(key, nonce); };
}

HandshakeBehaviour handshake_behaviour(const std::vector<std::string>& faults) {
  HandshakeBehaviour behaviour;
  for (const std::string& name : faults) {
    if (name == "no-nonce-request") behaviour.nonce_requests = 0;
    if (name == "two-nonce-requests") behaviour.nonce_requests = 2;
    if (name == "tickets") behaviour.tickets = true;
    if (name == "rsa-1024-key") behaviour.weak = channel::WeakTls{[] { return rsa_key(1024); }, {}, {}, false};
    if (name == "ec-224-key") behaviour.weak = channel::WeakTls{ec_224_key, {}, {}, true};
    if (name == "static-rsa") behaviour.weak = channel::WeakTls{[] { return rsa_key(2048); }, "AES128-GCM-SHA256:AES256-GCM-SHA384", {}, true};
    if (name == "p224-exchange") behaviour.weak = channel::WeakTls{cons::make_leaf_key, {}, "P-224", true};
  }
  return behaviour;
}

}  // namespace atls::sim
