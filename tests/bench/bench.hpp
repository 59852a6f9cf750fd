// What the parts of atls-bench share.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace bench {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start);
[[noreturn]] void die(const std::string& what);
std::array<std::uint8_t, 64> report_data_of(std::size_t i);   // distinct for every i

int quotes(std::size_t n, const std::string& folder);

}  // namespace bench
