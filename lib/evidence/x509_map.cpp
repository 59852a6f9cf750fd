// Walks a certificate's DER without OpenSSL: for offsets, and for what OpenSSL refuses.
#include <algorithm>

#include "asn1/der.hpp"
#include "base/cursor.hpp"
#include "evidence/x509_claims.hpp"

namespace atls::evidence {
namespace {

constexpr std::uint8_t kOid = 0x06, kBoolean = 0x01, kSequence = 0x30, kVersion = 0xA0, kExtensions = 0xA3;
constexpr std::size_t kMaxExtensions = 128;   // real certificates have at most a dozen

struct Node { std::uint8_t tag = 0; std::size_t start = 0, content = 0, end = 0; Place whole() const { return {start, end - start}; } Place inside() const { return {content, end - content}; } };

// Reads TLVs one after the other inside a parent. The first one that is broken or reaches beyond its parent is the damage; it
// is cut to what is there.
class Walker {
 public:
  Walker(Bytes der, CertificateMap& map) : der_(der), map_(map) {}

  std::optional<Node> next(std::size_t& at, std::size_t end, const char* field, std::uint8_t tag = 0) {
    if (stopped_ || at >= end) {
      damage(Errc::truncated, field, "input ends here", at);
      return std::nullopt;
    }
    Node node;
    node.start = at;
    const auto whole = asn1::read(der_.first(end), at);
    if (whole) {
      node.tag = whole->tag;
      node.content = at + whole->header;
      node.end = node.content + whole->content.size();
    } else if (!cut_node(at, end, node, field, whole.error())) {
      return std::nullopt;
    }
    if (tag != 0 && node.tag != tag) {
      damage(Errc::bad_value, field, "expected tag " + std::to_string(tag) + ", found " + std::to_string(node.tag), at);
      stopped_ = true;
      return std::nullopt;
    }
    at = node.end;
    return node;
  }

 private:
  void damage(Errc code, const char* field, std::string detail, std::size_t at) {
    if (!map_.damage) map_.damage = Error{code, std::string("certificate.") + field, std::move(detail), at};
  }
  // A definite length that is larger than what is left: take what is left. Anything else cannot be walked.
  bool cut_node(std::size_t at, std::size_t end, Node& node, const char* field, const Error& why) {
    damage(why.code, field, why.code == Errc::truncated ? "input ends inside this value" : why.detail, at);
    const std::size_t available = end - at;
    if (why.code != Errc::truncated || available < 2) {
      stopped_ = true;
      return false;
    }
    const std::size_t header = 2 + (der_[at + 1] >= 0x80 ? std::size_t{der_[at + 1]} & 0x7F : 0);
    if (header > available) {
      stopped_ = true;
      return false;
    }
    node.tag = der_[at];
    node.content = at + header;
    node.end = end;
    return true;
  }

  Bytes der_;
  CertificateMap& map_;
  bool stopped_ = false;
};

void walk_extensions(Walker& walker, Bytes der, const Node& list, CertificateMap& map) {
  std::size_t at = list.content;
  while (at < list.end && map.extensions.size() < kMaxExtensions) {
    const auto extension = walker.next(at, list.end, "extensions", kSequence);
    if (!extension) return;
    std::size_t in = extension->content;
    const auto oid = walker.next(in, extension->end, "extensions.extnID", kOid);
    if (!oid) return;
    auto value = walker.next(in, extension->end, "extensions.extnValue");
    if (value && value->tag == kBoolean) value = walker.next(in, extension->end, "extensions.extnValue");
    if (!value) return;
    const auto text = asn1::oid_text(der.subspan(oid->content, oid->end - oid->content));
    map.extensions.push_back({text ? *text : std::string("(unreadable OID)"), value->inside()});
  }
}

}  // namespace

CertificateMap map_certificate(Bytes der) {
  CertificateMap map;
  Walker walker(der, map);
  std::size_t at = 0;
  const auto certificate = walker.next(at, der.size(), "Certificate", kSequence);
  if (!certificate) return map;
  if (certificate->end != der.size()) map.damage = Error{Errc::bad_value, "certificate", "bytes after the certificate", certificate->end};
  at = certificate->content;
  const auto tbs = walker.next(at, certificate->end, "tbsCertificate", kSequence);
  if (!tbs) return map;
  at = tbs->content;
  auto node = walker.next(at, tbs->end, "version");
  if (node && node->tag == kVersion) node = walker.next(at, tbs->end, "serialNumber");
  if (!node) return map;
  map.serial = node->inside();
  if (!walker.next(at, tbs->end, "signature", kSequence)) return map;
  if (!(node = walker.next(at, tbs->end, "issuer", kSequence))) return map;
  map.issuer = node->whole();
  const auto validity = walker.next(at, tbs->end, "validity", kSequence);
  if (!validity) return map;
  std::size_t in = validity->content;
  if (!(node = walker.next(in, validity->end, "validity.notBefore"))) return map;
  map.not_before = node->inside();
  if (!(node = walker.next(in, validity->end, "validity.notAfter"))) return map;
  map.not_after = node->inside();
  if (!(node = walker.next(at, tbs->end, "subject", kSequence))) return map;
  map.subject = node->whole();
  if (!(node = walker.next(at, tbs->end, "subjectPublicKeyInfo", kSequence))) return map;
  map.spki = node->whole();
  while (at < tbs->end) {
    node = walker.next(at, tbs->end, "extensions");
    if (!node) return map;
    if (node->tag != kExtensions) continue;
    std::size_t list_at = node->content;
    const auto list = walker.next(list_at, node->end, "extensions", kSequence);
    if (!list) return map;
    walk_extensions(walker, der, *list, map);
  }
  return map;
}

}  // namespace atls::evidence
