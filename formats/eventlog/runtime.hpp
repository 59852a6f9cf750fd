// JSON event log of dstack guests: an array of {"imr": 0..3, "event_type", "digest": hex, "event": name, "event_payload": hex},
// with "version" and "preimage" in newer ones. `imr` is the number of the RTMR, unlike the index of a CCEL log. Dstack, cc-eventlog.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::eventlog {

inline constexpr std::uint32_t kDstackRuntime = 0x08000001;

struct JsonEvent {
  unsigned imr = 0;
  std::uint32_t type = 0;
  Buffer digest;             // 48 bytes; empty: left out, which only a runtime event may
  std::string name;
  Buffer payload;
  std::uint64_t version = 1;
  bool is_runtime() const { return imr == 3 && type == kDstackRuntime; }
};
Result<std::vector<JsonEvent>> parse_json_log(Bytes text);
bool looks_like_json_log(Bytes text);   // an array of objects with "imr"

// What SHA-384 is computed over to get the digest of a runtime event. Version 1: type (u32, little-endian) ":" name ":" payload; the
// parts are not length-prefixed, so names count exactly as they are. Version 2: {"name","payload","type"} as RFC 8785 writes it.
Buffer runtime_digest_input(const JsonEvent& event);

}  // namespace atls::eventlog
