// --list-profiles, the same in every tool.
#pragma once

#include <string>

namespace atls::tools {

std::string profiles_text();
std::string profiles_json();

}  // namespace atls::tools
