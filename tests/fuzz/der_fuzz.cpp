// Values are inside the input; numbers and identifiers are read or refused; certificates are walked without losing the bounds.
#include "asn1/der.hpp"
#include "evidence/x509_claims.hpp"
#include "fuzz.hpp"

using namespace atls;

FUZZ(input) {
  std::size_t at = 0;
  while (at < input.size()) {
    const auto tlv = asn1::read(input, at);
    if (!tlv) break;
    fuzz::require(tlv->header >= 2 && at + tlv->header + tlv->content.size() <= input.size(), "a value is inside the input");
    at += tlv->header + tlv->content.size();
  }
  (void)asn1::unsigned_integer(input);
  (void)asn1::ia5_or_utf8_text(input);
  (void)asn1::oid_text(input);
  const auto map = evidence::map_certificate(input);
  const auto inside = [&](const std::optional<evidence::Place>& p) { return !p || (p->offset <= input.size() && p->size <= input.size() - p->offset); };
  for (const auto* place : {&map.serial, &map.issuer, &map.not_before, &map.not_after, &map.subject, &map.spki})
    fuzz::require(inside(*place), "parts of a certificate are inside");
  for (const auto& extension : map.extensions) fuzz::require(inside(extension.value), "extension values are inside");
}
