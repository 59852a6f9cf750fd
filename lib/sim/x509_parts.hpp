// What certificates and CRLs of every simulated authority are put together from. Failures are bugs or lack of memory: they throw.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/openssl.hpp"
#include "report/model.hpp"

namespace atls::sim {

struct Validity { Time not_before, not_after; };

// All simulated CA certificates, CRLs and collateral, and the endorsement keys under them: the same on every machine, so that a
// demonstration never expires.
inline constexpr Validity kCaValidity{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1},
                                      std::chrono::sys_days{std::chrono::year{2049} / 1 / 1} - std::chrono::seconds{1}};

using NamePtr = crypto::Handle<X509_NAME, X509_NAME_free>;
using ExtensionPtr = crypto::Handle<X509_EXTENSION, X509_EXTENSION_free>;

void must(bool done, const char* what);

// One attribute per RDN; peers compare issuer and subject as bytes, so the string types matter: PrintableString for the country,
// UTF8String for the others.
struct NamePart { const char* field; std::string_view text; };
NamePtr make_name(std::span<const NamePart> parts);

crypto::X509Ptr unsigned_certificate(Bytes serial, const X509_NAME* issuer, const X509_NAME* subject, EVP_PKEY* key, const Validity& validity);
// In OpenSSL's configuration syntax; `issuer` nullptr: self-signed.
void add_standard(X509* certificate, X509* issuer, int nid, const std::string& value);
void add_raw(X509* certificate, const std::string& oid, Bytes value);

// What a list says, before anybody signs it: version 2, authority key identifier of `issuer`, CRL number.
crypto::X509CrlPtr unsigned_crl(X509* issuer, const Validity& updates, std::span<const Buffer> revoked, long number);

Buffer serial_bytes(long number);                 // big-endian
Buffer der_of(X509* certificate);
Buffer der_of(X509_CRL* crl);
crypto::X509Ptr parse_certificate(Bytes der);

}  // namespace atls::sim
