#include "evidence/memo.hpp"

#include <mutex>
#include <optional>
#include <unordered_map>

#include "crypto/digest.hpp"

namespace atls::evidence {
namespace {

// Keyed by SHA-256, so that nobody can make two inputs share an entry. Full: start over; the working set of a batch is a few.
template <class Value, std::size_t kLimit = 1024>   // a few MiB of certificates at most, whatever a batch contains
class Memo {
 public:
  std::optional<Value> find(const Buffer& key) const {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(std::string(as_text(key)));
    return found == entries_.end() ? std::nullopt : std::optional<Value>(found->second);
  }
  void keep(const Buffer& key, Value value) {
    const std::scoped_lock lock(mutex_);
    if (entries_.size() >= kLimit) entries_.clear();
    entries_.insert_or_assign(std::string(as_text(key)), std::move(value));
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Value> entries_;
};

template <class Object>
Result<Object> decode(Bytes der) {
  static Memo<Object> memo;
  constexpr std::size_t kMaxKept = 16 * 1024;  // AMD's are below 2 KiB; larger ones are decoded each time
  if (der.size() > kMaxKept) return Object::from_der(der);
  const Buffer key = crypto::sha256(der);
  if (auto known = memo.find(key)) return *std::move(known);
  auto fresh = Object::from_der(der);
  if (fresh) memo.keep(key, *fresh);
  return fresh;
}

constexpr std::size_t kMaxDocument = 64 * 1024;  // Intel's are below 20 KiB
template <class Document>
Result<std::shared_ptr<const Document>> decode_document(Bytes response, Result<Document> (*parse)(Bytes)) {
  static Memo<std::shared_ptr<const Document>, 64> memo;
  const Buffer key = crypto::sha256(response);
  if (auto known = memo.find(key)) return *std::move(known);
  auto fresh = parse(response);
  if (!fresh) return fresh.error();
  auto shared = std::make_shared<const Document>(*std::move(fresh));
  if (response.size() <= kMaxDocument) memo.keep(key, shared);
  return shared;
}

template <class Object>
bool verify(const Object& object, Bytes issuer_spki) {
  static Memo<bool> memo;
  const Buffer key = crypto::sha256_of({crypto::sha256(issuer_spki), object.der()});
  if (const auto known = memo.find(key)) return *known;
  const auto issuer = crypto::public_key_from_spki(issuer_spki);
  if (!issuer) return false;
  const auto answer = object.signed_by(**issuer);
  const bool good = answer && *answer;
  memo.keep(key, good);
  return good;
}

}  // namespace

Result<crypto::Certificate> decode_certificate(Bytes der) {
  return decode<crypto::Certificate>(der);
}
Result<crypto::Crl> decode_crl(Bytes der) {
  return decode<crypto::Crl>(der);
}
bool is_signed_by(const crypto::Certificate& certificate, Bytes issuer_spki) {
  return verify(certificate, issuer_spki);
}
bool is_signed_by(const crypto::Crl& crl, Bytes issuer_spki) {
  return verify(crl, issuer_spki);
}

Result<std::shared_ptr<const intel::TcbInfo>> decode_tcb_info(Bytes response) { return decode_document(response, intel::parse_tcb_info); }
Result<std::shared_ptr<const intel::QeIdentity>> decode_qe_identity(Bytes response) { return decode_document(response, intel::parse_qe_identity); }

bool is_p256_signature(Bytes message, Bytes signature, Bytes signer_spki) {
  static Memo<bool> memo;
  const Buffer key = crypto::sha256_of({crypto::sha256(signer_spki), crypto::sha256(signature), message});
  if (const auto known = memo.find(key)) return *known;
  const auto signer = crypto::public_key_from_spki(signer_spki);
  if (!signer) return false;
  const auto answer = crypto::verify_ecdsa_p256_sha256(**signer, message, signature);
  const bool good = answer && *answer;
  memo.keep(key, good);
  return good;
}

}  // namespace atls::evidence
