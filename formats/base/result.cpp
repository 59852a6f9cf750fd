#include "base/result.hpp"

namespace atls {

std::string Error::message() const {
  if (where.empty()) return detail;
  std::string out = where;
  if (offset != 0 || code == Errc::truncated) out += " at offset " + std::to_string(offset);
  return out + ": " + detail;
}

}  // namespace atls
