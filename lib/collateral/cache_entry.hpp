// How the cache keeps one object of Intel: with its issuer chain, and with where it was fetched and when, so that its age can be told.
#pragma once

#include "collateral/collateral.hpp"

namespace atls {

inline constexpr std::string_view kCacheSchema = "atls-cache/1";

Buffer encode_cache_entry(const CollateralItem& item, Time fetched);   // item.origin is the URL
// Strict. Source cache; `obtained` is when it was fetched, `origin` the URL.
Result<CollateralItem> decode_cache_entry(Bytes content);

}  // namespace atls
