// Digests of events that are defined by the data of the event. TCG PC Client platform firmware profile, event types.
#include <algorithm>
#include <iterator>

#include "base/cursor.hpp"
#include "crypto/digest.hpp"
#include "evidence/intel_event_log.hpp"

namespace atls::evidence {
namespace {

constexpr std::uint32_t kSeparator = 4, kEventAction = 5, kEventEfiAction = 0x80000007;
constexpr std::uint32_t kVariables[] = {0x80000001, 0x80000002, 0x8000000C, 0x800000E0};   // driver config, boot, boot 2, authority

Buffer digest_of(std::uint16_t algorithm, Bytes data) {
  switch (algorithm) {
    case eventlog::kSha256: return crypto::sha256(data);
    case eventlog::kSha384: return crypto::sha384(data);
    case eventlog::kSha512: return crypto::sha512(data);
    default: return {};
  }
}

// The value inside UEFI_VARIABLE_DATA: firmware measures it alone for boot variables, the whole structure for others.
Bytes variable_value(Bytes data) {
  Cursor in(data, "variable");
  in.bytes(16, "GUID");
  const std::uint64_t characters = in.u64le("NAME_LENGTH"), size = in.u64le("DATA_LENGTH");
  if (in.error() || characters > in.left() / 2) return {};
  in.bytes(static_cast<std::size_t>(characters) * 2, "NAME");
  return in.left() == size ? in.rest() : Bytes{};
}

}  // namespace

std::optional<bool> digest_is_of_data(const eventlog::Event& e, std::uint16_t algorithm) {
  const auto digest = e.digests.find(algorithm);
  if (digest == e.digests.end()) return std::nullopt;
  const bool variable = std::find(std::begin(kVariables), std::end(kVariables), e.type) != std::end(kVariables);
  if (!variable && e.type != kSeparator && e.type != kEventAction && e.type != kEventEfiAction) return std::nullopt;
  if (digest->second == digest_of(algorithm, e.data)) return true;
  return variable && digest->second == digest_of(algorithm, variable_value(e.data));
}

}  // namespace atls::evidence
