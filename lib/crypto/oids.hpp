// Object identifiers of X.509 extensions and key purposes that several verifiers look for (RFC 5280 4.2, 5.2).
#pragma once

#include <string_view>

namespace atls::crypto::oid {

inline constexpr std::string_view kSubjectKeyId = "2.5.29.14", kKeyUsage = "2.5.29.15", kBasicConstraints = "2.5.29.19", kCrlNumber = "2.5.29.20",
                                  kCrlDistribution = "2.5.29.31", kAuthorityKeyId = "2.5.29.35", kExtendedKeyUsage = "2.5.29.37";
inline constexpr std::string_view kAnyExtendedKeyUsage = "2.5.29.37.0", kServerAuth = "1.3.6.1.5.5.7.3.1", kClientAuth = "1.3.6.1.5.5.7.3.2";

}  // namespace atls::crypto::oid
