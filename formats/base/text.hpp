// Small things about text that many files need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace atls {

std::string lower(std::string_view text);   // A to Z only, whatever the locale
std::string joined(const std::vector<std::string>& parts, std::string_view separator = "; ");

}  // namespace atls
