#include "crypto/loaded.hpp"

#include <openssl/crypto.h>

namespace atls::crypto {

std::string loaded_openssl() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace atls::crypto
