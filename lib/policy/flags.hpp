// Pins, minimums and demands as command line flags. A flag is its policy key with hyphens; minimums are --min-..., bits that must
// be set --require-..., bits that must be clear --forbid-.... Each flag is read by the reader of its policy key.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "policy/policy.hpp"

namespace atls::policy {

enum class FlagForm {
  values,       // repeatable: any of the given values
  numbers,      // repeatable: any of the given numbers
  minimum,      // a number
  components,   // "bootloader=3,snp=8"
  version,      // "1.55" or "1.55.29"; also a time
  abi,          // "1.55"
  equal_bits,   // a number, decimal or 0x...
  mask,         // a hexadecimal number
  masked,       // HEX or HEX/MASK
  min_bytes,    // HEX
  set_bit, clear_bit, demand, forbid,  // no value
  member,       // no value: a key of the rule that must be true
  entry,        // repeatable: GUID[=SHA256]
  indexed,      // repeatable: N=HEX, any of the given values for each N
  named,        // repeatable: NAME=HEX, any of the given values for each name
  no_key,       // no policy key: its tool declares and reads it, the row says only which evidence it can apply to
};

struct Flag {
  std::string_view name;      // "--min-tcb"
  std::string_view sections;  // "snp", "tdx sgx": it is about the section of the evidence at hand; "any": about no kind of evidence
  std::string_view path;      // of the key below its section: "tcb/reported"
  FlagForm form;
  std::string_view metavar;   // empty: the flag takes no value
  std::string_view help;
  std::string_view bit{};     // set_bit, clear_bit, member
};

// One table says which option is about which evidence. These are its rows that are policy keys.
std::span<const Flag> flags();
std::span<const Flag> options_without_key();
const Flag* find_flag(std::string_view name);
bool is_repeatable(FlagForm form);
std::vector<std::string_view> sections_of(const Flag& flag);
// Whether an option can say anything about evidence of this format (an id of the registry). An option without a row never can.
bool applies_to(std::string_view option, std::string_view format);

using GivenFlags = std::vector<std::pair<std::string, std::vector<std::string>>>;
// Ignores names that are not in the table. Errors carry the flag in `where`.
Result<Sections> read_flags(const GivenFlags& given);

}  // namespace atls::policy
