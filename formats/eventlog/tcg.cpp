#include "eventlog/tcg.hpp"

#include <algorithm>

#include "base/cursor.hpp"
#include "base/writer.hpp"

namespace atls::eventlog {
namespace {

constexpr std::size_t kMaxAlgorithms = 16, kLeastRecord = 12, kSha1Size = 20, kCcelSize = 56;
constexpr std::uint32_t kNoAction = 3, kPadding = 0xFFFFFFFF;
constexpr std::string_view kSpecId = "Spec ID Event03";   // with its NUL: 16 bytes

struct TypeName { std::uint32_t type; std::string_view name; };
constexpr TypeName kTypes[] = {   // TCG PC Client Platform Firmware Profile, section 10.4
    {0x0, "EV_PREBOOT_CERT"}, {0x1, "EV_POST_CODE"}, {0x2, "EV_UNUSED"}, {0x3, "EV_NO_ACTION"}, {0x4, "EV_SEPARATOR"}, {0x5, "EV_ACTION"}, {0x6, "EV_EVENT_TAG"},
    {0x7, "EV_S_CRTM_CONTENTS"}, {0x8, "EV_S_CRTM_VERSION"}, {0x9, "EV_CPU_MICROCODE"}, {0xA, "EV_PLATFORM_CONFIG_FLAGS"}, {0xB, "EV_TABLE_OF_DEVICES"},
    {0xC, "EV_COMPACT_HASH"}, {0xD, "EV_IPL"}, {0xE, "EV_IPL_PARTITION_DATA"}, {0xF, "EV_NONHOST_CODE"}, {0x10, "EV_NONHOST_CONFIG"}, {0x11, "EV_NONHOST_INFO"},
    {0x12, "EV_OMIT_BOOT_DEVICE_EVENTS"}, {0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG"}, {0x80000002, "EV_EFI_VARIABLE_BOOT"},
    {0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION"}, {0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER"}, {0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {0x80000006, "EV_EFI_GPT_EVENT"}, {0x80000007, "EV_EFI_ACTION"}, {0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB"}, {0x80000009, "EV_EFI_HANDOFF_TABLES"},
    {0x8000000A, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"}, {0x8000000B, "EV_EFI_HANDOFF_TABLES2"}, {0x8000000C, "EV_EFI_VARIABLE_BOOT2"}, {0x8000000D, "EV_EFI_GPT_EVENT2"},
    {0x80000010, "EV_EFI_HCRTM_EVENT"}, {0x800000E0, "EV_EFI_VARIABLE_AUTHORITY"}, {0x800000E1, "EV_EFI_SPDM_FIRMWARE_BLOB"},
    {0x800000E2, "EV_EFI_SPDM_FIRMWARE_CONFIG"}, {0x08000001, "dstack runtime event"},
};

Error bad_log(const char* field, std::string detail, std::size_t offset, Errc code = Errc::bad_value) {
  return {code, std::string("event_log.") + field, std::move(detail), offset};
}

// TCG_PCR_EVENT: index, type, SHA-1 digest, size, data.
Event read_old_event(Cursor& in) {
  Event e;
  e.offset = in.pos();
  e.index = in.u32le("PCR_INDEX");
  e.type = in.u32le("EVENT_TYPE");
  e.digests[kSha1] = to_buffer(in.bytes(kSha1Size, "DIGEST"));
  const std::uint32_t size = in.u32le("EVENT_SIZE");
  e.data = to_buffer(in.bytes(size, "EVENT"));
  e.size = in.pos() - e.offset;
  return e;
}

bool is_spec_id(const Event& e) {
  return e.type == kNoAction && e.data.size() >= 16 && as_text(Bytes(e.data).first(kSpecId.size())) == kSpecId && e.data[15] == 0;
}

std::optional<Error> read_spec_id(const Event& e, Log& log) {
  const std::size_t base = e.offset + 32;
  Cursor in(e.data, "event_log.SPEC_ID_EVENT");
  in.bytes(16, "SIGNATURE");
  in.bytes(8, "PLATFORM");
  const std::uint32_t count = in.u32le("NUMBER_OF_ALGORITHMS");
  if (!in.error() && (count == 0 || count > kMaxAlgorithms))
    return bad_log("SPEC_ID_EVENT.NUMBER_OF_ALGORITHMS", "expected 1 to " + std::to_string(kMaxAlgorithms) + ", found " + std::to_string(count), base + 24);
  for (std::uint32_t i = 0; i < count && !in.error(); ++i) {
    const std::uint16_t id = in.u16le("ALGORITHM_ID"), size = in.u16le("DIGEST_SIZE");
    if (in.error()) break;
    const std::size_t known = id == kSha1 ? 20 : id == kSha256 || id == kSm3 ? 32 : id == kSha384 ? 48 : id == kSha512 ? 64 : 0;
    const bool twice = std::any_of(log.algorithms.begin(), log.algorithms.end(), [&](const auto& a) { return a.first == id; });
    if (size == 0 || size > 64 || (known != 0 && size != known) || twice)
      return bad_log("SPEC_ID_EVENT.DIGEST_SIZE", "algorithm " + std::to_string(id) + (twice ? " occurs twice" : " with digests of " + std::to_string(size) + " bytes"), base + in.pos() - 4);
    log.algorithms.emplace_back(id, size);
  }
  if (!in.error()) return std::nullopt;
  Error error = *in.error();
  error.offset += base;
  return error;
}

// TCG_PCR_EVENT2.
std::optional<Error> read_event(Cursor& in, const Log& log, Event& e) {
  e.offset = in.pos();
  e.index = in.u32le("INDEX");
  e.type = in.u32le("EVENT_TYPE");
  const std::size_t count_at = in.pos();
  const std::uint32_t count = in.u32le("DIGEST_COUNT");
  if (!in.error() && count > log.algorithms.size())
    return bad_log("DIGEST_COUNT", "expected at most " + std::to_string(log.algorithms.size()) + " as the log declares, found " + std::to_string(count), count_at);
  for (std::uint32_t i = 0; i < count && !in.error(); ++i) {
    const std::size_t at = in.pos();
    const std::uint16_t id = in.u16le("ALGORITHM_ID");
    const auto row = std::find_if(log.algorithms.begin(), log.algorithms.end(), [&](const auto& a) { return a.first == id; });
    if (in.error()) break;
    if (row == log.algorithms.end()) return bad_log("ALGORITHM_ID", "algorithm " + std::to_string(id) + " is not one that the log declares", at);
    if (!e.digests.emplace(id, to_buffer(in.bytes(row->second, "DIGEST"))).second) return bad_log("ALGORITHM_ID", "two digests of algorithm " + std::to_string(id), at);
  }
  const std::size_t size_at = in.pos();
  const std::uint32_t size = in.u32le("EVENT_SIZE");
  if (!in.error() && size > in.left())
    return bad_log("EVENT_SIZE", std::to_string(size) + " bytes declared, " + std::to_string(in.left()) + " are left", size_at, Errc::truncated);
  e.data = to_buffer(in.bytes(size, "EVENT"));
  e.size = in.pos() - e.offset;
  return in.error();
}

// No further record: too few bytes for one, padding of ones, or of zeros (index, type and digest count or digest).
bool is_end(Bytes rest) {
  return rest.size() < kLeastRecord || Cursor(rest, "event_log").u32le("INDEX") == kPadding || is_zero(rest.first(std::min<std::size_t>(rest.size(), kLeastRecord)));
}

}  // namespace

std::string event_type_name(std::uint32_t type) {
  for (const TypeName& row : kTypes)
    if (row.type == type) return std::string(row.name);
  return {};
}

std::string algorithm_name(std::uint16_t algorithm) {
  switch (algorithm) {
    case kSha1: return "sha1";
    case kSha256: return "sha256";
    case kSha384: return "sha384";
    case kSha512: return "sha512";
    case kSm3: return "sm3";
    default: return "algorithm_" + std::to_string(algorithm);
  }
}

Result<Log> parse_log(Bytes input) {
  auto partial = read_log(input);
  if (partial.error) return *std::move(partial.error);
  return std::move(partial.log);
}

PartialLog read_log(Bytes input) {
  PartialLog out;
  Log& log = out.log;
  Cursor in(input, "event_log");
  Event first = read_old_event(in);
  if (in.error()) {
    out.error = in.error();
    return out;
  }
  log.crypto_agile = is_spec_id(first);
  if (log.crypto_agile) out.error = read_spec_id(first, log);
  else log.algorithms.emplace_back(kSha1, kSha1Size);
  log.end = in.pos();
  log.events.push_back(std::move(first));
  while (!out.error && !is_end(input.subspan(in.pos()))) {
    if (log.events.size() == kMaxEvents) {
      out.error = bad_log("EVENTS", "more than " + std::to_string(kMaxEvents), in.pos(), Errc::too_large);
      break;
    }
    Event e;
    if (log.crypto_agile) out.error = read_event(in, log, e);
    else e = read_old_event(in), out.error = in.error();
    if (out.error) break;
    log.end = in.pos();
    log.events.push_back(std::move(e));
  }
  return out;
}

Buffer encode_log(const Log& log) {
  Writer out;
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    const Event& e = log.events[i];
    out.u32le(e.index).u32le(e.type);
    if (i == 0 || !log.crypto_agile) {
      const auto digest = e.digests.find(kSha1);
      if (digest == e.digests.end()) out.zeros(kSha1Size);
      else out.bytes(digest->second);
    } else {
      out.u32le(static_cast<std::uint32_t>(e.digests.size()));
      for (const auto& [id, digest] : e.digests) out.u16le(id).bytes(digest);
    }
    out.u32le(static_cast<std::uint32_t>(e.data.size())).bytes(e.data);
  }
  return out.take();
}

Buffer spec_id_event(std::span<const std::pair<std::uint16_t, std::uint16_t>> algorithms) {
  Writer out;
  out.bytes(as_bytes(kSpecId)).u8(0).u32le(0).u8(0).u8(2).u8(0).u8(2).u32le(static_cast<std::uint32_t>(algorithms.size()));
  for (const auto& [id, size] : algorithms) out.u16le(id).u16le(size);
  return out.u8(0).take();
}

bool looks_like_log(Bytes input) {
  if (input.size() < 32) return false;
  Cursor in(input, "event_log");
  const std::uint32_t index = in.u32le("INDEX"), type = in.u32le("TYPE");
  const Bytes digest = in.bytes(kSha1Size, "DIGEST");
  const std::uint32_t size = in.u32le("SIZE");
  if (index > 23 || type != kNoAction || !is_zero(digest) || size > 4096 || size < 16) return false;
  const std::string_view data = as_text(in.rest());
  return data.starts_with("Spec ID Event") || data.starts_with("StartupLocality");
}

Result<CcelTable> parse_ccel_table(Bytes input) {
  Cursor in(input, "ccel");
  const Bytes signature = in.at(0).bytes(4, "SIGNATURE");
  if (!in.error() && as_text(signature) != "CCEL") return Error{Errc::bad_value, "ccel.SIGNATURE", "expected \"CCEL\"", 0};
  CcelTable t;
  t.length = in.at(4).u32le("LENGTH");
  t.revision = in.at(8).u8("REVISION");
  in.at(9).bytes(27, "CHECKSUM");
  t.cc_type = in.at(36).u8("CC_TYPE");
  t.cc_subtype = in.at(37).u8("CC_SUBTYPE");
  in.at(38).u16le("RESERVED");
  t.log_length = in.at(40).u64le("LAML");
  t.log_address = in.at(48).u64le("LASA");
  if (in.error()) return *in.error();
  if (t.length < kCcelSize || t.length > input.size())
    return Error{t.length < kCcelSize ? Errc::bad_value : Errc::truncated, "ccel.LENGTH", "expected 56 to " + std::to_string(input.size()) + ", found " + std::to_string(t.length), 4};
  std::uint8_t sum = 0;
  for (const std::uint8_t b : input.first(t.length)) sum = static_cast<std::uint8_t>(sum + b);
  t.checksum_ok = sum == 0;
  t.trailing = input.size() - t.length;
  return t;
}

}  // namespace atls::eventlog
