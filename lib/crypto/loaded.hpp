// The OpenSSL that is loaded, not the one we were built with: which faults of its own a running program has.
#pragma once

#include <string>

namespace atls::crypto {

std::string loaded_openssl();   // "OpenSSL 3.0.17 1 Jul 2025"

}  // namespace atls::crypto
