// PEM blocks, RFC 7468, any label. White space inside the body is allowed, everything else is strict.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::pem {

struct Block { std::string label; Buffer data; std::size_t offset = 0; };
inline constexpr std::size_t kMaxBlocks = 64;
bool looks_like_pem(Bytes input);                       // contains "-----BEGIN "
Result<std::vector<Block>> parse(Bytes input);          // text before, between and after blocks is ignored
std::string encode(std::string_view label, Bytes data); // 64 columns

}  // namespace atls::pem
