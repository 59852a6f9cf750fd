// TCG2 crypto-agile event logs (TCG PC Client Platform Firmware Profile) and the CCEL log of confidential guests (UEFI CC
// measurement), little-endian.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::eventlog {

inline constexpr std::uint16_t kSha1 = 0x0004, kSha256 = 0x000B, kSha384 = 0x000C, kSha512 = 0x000D, kSm3 = 0x0012;
inline constexpr std::size_t kMaxEvents = 65536;

struct Event {
  std::uint32_t index = 0;                     // mrIndex (CCEL: 1..4 = RTMR0..3) or PCR
  std::uint32_t type = 0;
  std::map<std::uint16_t, Buffer> digests;
  Buffer data;
  std::size_t offset = 0, size = 0;
};
struct Log {
  std::vector<std::pair<std::uint16_t, std::uint16_t>> algorithms;   // and their digest sizes
  std::vector<Event> events;                   // the first one describes a crypto-agile log
  bool crypto_agile = true;                    // otherwise TPM 1.2: SHA-1 only
  std::size_t end = 0;                         // bytes that the events take
};
Result<Log> parse_log(Bytes input);            // padding of 0xFF or zeros ends it, and so do fewer bytes than a record needs
struct PartialLog { Log log; std::optional<Error> error; };
PartialLog read_log(Bytes input);              // what stands before the damage too
Buffer encode_log(const Log& log);             // the first event must be the Spec ID event of a crypto-agile log
Buffer spec_id_event(std::span<const std::pair<std::uint16_t, std::uint16_t>> algorithms);   // its data
bool looks_like_log(Bytes input);
std::string event_type_name(std::uint32_t type);      // empty when unknown
std::string algorithm_name(std::uint16_t algorithm);  // "sha384", or "algorithm_27"
// ACPI CCEL table (56 bytes): signature, length, cc type.
struct CcelTable { std::uint32_t length = 0; std::uint8_t revision = 0, cc_type = 0, cc_subtype = 0; std::uint64_t log_length = 0, log_address = 0; bool checksum_ok = false; std::size_t trailing = 0; };
Result<CcelTable> parse_ccel_table(Bytes input);

}  // namespace atls::eventlog
