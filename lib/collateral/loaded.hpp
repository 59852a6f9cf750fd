// The libraries that are loaded, not those we were built with: which faults of theirs a running program has.
#pragma once

#include <string>

namespace atls {

std::string loaded_openssl();   // "OpenSSL 3.0.17 1 Jul 2025"
std::string loaded_libcurl();   // "libcurl 7.88.1"

}  // namespace atls
