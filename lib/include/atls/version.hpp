// libatls: which version is loaded. Link with `pkg-config --cflags --libs libatls`.
#pragma once

#include <string>

namespace atls::v1 {

std::string version();   // "0.1.0", of the library that is loaded

}  // namespace atls::v1
