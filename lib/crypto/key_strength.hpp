// What can be broken by computing: keys, and what a TLS handshake chose. NIST SP 800-131A Rev. 2 and RFC 9325 section 4.
#pragma once

#include <string>
#include <string_view>

#include "crypto/certificate.hpp"

namespace atls::crypto {

// Why the key of a certificate is too weak to be the end of a channel, as a sentence; empty: it is not.
std::string key_weakness(const Certificate& certificate);
// The same of a cipher, by the name that OpenSSL has for it, and of a group for the key exchange. Empty names: nothing to say.
std::string version_weakness(std::string_view version);   // older than TLS 1.2
std::string cipher_weakness(std::string_view name);
std::string group_weakness(std::string_view name);

}  // namespace atls::crypto
