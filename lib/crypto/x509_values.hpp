// From OpenSSL's X.509 objects to plain values; only for lib/crypto.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/certificate.hpp"

namespace atls::crypto {

std::string oid_of(const ASN1_OBJECT* object);          // dotted; "(OID of n bytes)" when absurdly long
Buffer name_der(const X509_NAME* name);                 // as received
std::string name_text(const X509_NAME* name);           // RFC 4514
std::string name_cn(const X509_NAME* name);
std::string integer_hex(const ASN1_INTEGER* value);     // lower case, no leading zeros
std::optional<std::string> integer_decimal(const ASN1_INTEGER* value);
std::optional<Time> time_of(const ASN1_TIME* value);
std::vector<Extension> extensions_of(const STACK_OF(X509_EXTENSION)* stack);
std::string algorithm_oid(const X509_ALGOR* algorithm);
SignatureScheme scheme_of(const X509_ALGOR* algorithm);

}  // namespace atls::crypto
