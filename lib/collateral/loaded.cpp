#include "collateral/loaded.hpp"

#include <curl/curl.h>
#include <openssl/crypto.h>

namespace atls {

std::string loaded_openssl() { return OpenSSL_version(OPENSSL_VERSION); }

std::string loaded_libcurl() {
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  return std::string("libcurl ") + (info != nullptr && info->version != nullptr ? info->version : "of unknown version");
}

}  // namespace atls
