#include "crypto/openssl.hpp"

#include <array>

namespace atls::crypto {

Error openssl_error(std::string where, Errc code) {
  const unsigned long newest = ERR_peek_last_error();
  std::string detail = "operation failed without a reason from OpenSSL";
  if (newest != 0) {
    std::array<char, 256> text{};
    ERR_error_string_n(newest, text.data(), text.size());
    detail = text.data();
  }
  ERR_clear_error();
  return Error{code, std::move(where), std::move(detail), 0};
}

}  // namespace atls::crypto
