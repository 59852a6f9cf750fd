// TCG2 crypto-agile event logs (TCG PC Client Platform Firmware Profile) and the CCEL log of confidential guests (UEFI CC
// measurement), little-endian.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::eventlog {

inline constexpr std::uint16_t kSha1 = 0x0004, kSha256 = 0x000B, kSha384 = 0x000C, kSha512 = 0x000D;
inline constexpr std::size_t kMaxEvents = 65536;

struct Event {
  std::uint32_t index = 0;                     // mrIndex (CCEL: 1..4 = RTMR0..3) or PCR
  std::uint32_t type = 0;
  std::map<std::uint16_t, Buffer> digests;
  Buffer data;
  std::size_t offset = 0, size = 0;
};
struct Log { std::vector<std::pair<std::uint16_t, std::uint16_t>> algorithms; std::vector<Event> events; bool crypto_agile = true; std::size_t end = 0; };
Result<Log> parse_log(Bytes input);            // Errc with offset; padding of 0xFF or zeros ends it
std::string event_type_name(std::uint32_t type);
// ACPI CCEL table (56 bytes): signature, length, cc type.
struct CcelTable { std::uint8_t cc_type = 0, cc_subtype = 0; std::uint64_t log_length = 0, log_address = 0; bool checksum_ok = false; };
Result<CcelTable> parse_ccel_table(Bytes input);

}  // namespace atls::eventlog
