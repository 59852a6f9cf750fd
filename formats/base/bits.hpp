// Names of the bits of a field.
#pragma once

#include <string_view>

namespace atls {

struct NamedBit { unsigned bit; std::string_view name, meaning; };

}  // namespace atls
