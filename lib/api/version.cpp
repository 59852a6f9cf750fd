#include "atls/version.hpp"

namespace atls::v1 {

std::string version() { return ATLS_VERSION; }

}  // namespace atls::v1
