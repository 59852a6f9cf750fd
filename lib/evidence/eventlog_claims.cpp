#include "evidence/eventlog_claims.hpp"

#include <algorithm>

#include "base/cursor.hpp"
#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/intel_event_log.hpp"

namespace atls::evidence {
namespace {

constexpr std::uint32_t kNoAction = 3, kIpl = 0xD, kEfiVariableFirst = 0x80000001, kEfiVariableBoot = 0x80000002, kEfiVariableBoot2 = 0x8000000C, kEfiAuthority = 0x800000E0;
constexpr std::uint32_t kAction = 5, kEfiAction = 0x80000007, kDstack = 0x08000001;
constexpr std::size_t kMaxShown = 80;
constexpr std::string_view kLocality = "StartupLocality";

Buffer digest(std::uint16_t algorithm, Bytes a, Bytes b) {
  Buffer both = to_buffer(a);
  both.insert(both.end(), b.begin(), b.end());
  switch (algorithm) {
    case eventlog::kSha1: return crypto::sha1(both);
    case eventlog::kSha256: return crypto::sha256(both);
    case eventlog::kSha384: return crypto::sha384(both);
    case eventlog::kSha512: return crypto::sha512(both);
    case eventlog::kSm3: return crypto::sm3(both);
    default: return {};
  }
}

std::optional<std::uint8_t> startup_locality(const eventlog::Log& log) {
  for (const eventlog::Event& e : log.events)
    if (e.type == kNoAction && e.data.size() >= kLocality.size() + 2 && as_text(e.data).starts_with(kLocality)) return e.data[kLocality.size() + 1];
  return std::nullopt;
}

// Printable text up to a NUL, nothing when it is something else.
std::string text_in(Bytes data) {
  std::string out;
  for (const std::uint8_t b : data.first(std::min<std::size_t>(data.size(), kMaxShown))) {
    if (b == 0) break;
    if (b < 0x20 || b > 0x7E) return {};
    out += static_cast<char>(b);
  }
  return out;
}

// UEFI_VARIABLE_DATA: GUID, name length in characters, data length, name in UTF-16LE.
std::string variable_name(Bytes data) {
  Cursor in(data, "variable");
  in.bytes(16, "GUID");
  const std::uint64_t length = in.u64le("NAME_LENGTH");
  in.u64le("DATA_LENGTH");
  std::string out;
  for (std::uint64_t i = 0; i < length && i < kMaxShown && !in.error(); ++i) {
    const std::uint16_t c = in.u16le("NAME");
    if (c == 0) break;
    out += c >= 0x20 && c < 0x7F ? static_cast<char>(c) : '?';
  }
  return in.error() ? std::string() : out;
}

std::string meaning_of(const eventlog::Event& e) {
  switch (e.type) {
    case kEfiVariableFirst:
    case kEfiVariableBoot:
    case kEfiVariableBoot2:
    case kEfiAuthority: return variable_name(e.data);
    case kNoAction:
    case kIpl:
    case kAction:
    case kEfiAction:
    case kDstack: return text_in(e.data);
    default: return {};
  }
}

Claim event_claim(const eventlog::Event& e, const eventlog::Log& log, bool first) {
  const std::string name = eventlog::event_type_name(e.type), more = meaning_of(e);
  Claim c = field_claim(first && log.crypto_agile ? "spec_id_event" : "event", std::monostate{}, e.offset, e.size, (name.empty() ? hex_number(e.type) : name) + (more.empty() ? "" : ": " + more));
  c.add(field_claim("index", std::uint64_t{e.index}, e.offset, 4));
  c.add(field_claim("type", std::uint64_t{e.type}, e.offset + 4, 4, hex_number(e.type) + (name.empty() ? "" : ", " + name)));
  std::size_t at = e.offset + (first || !log.crypto_agile ? 8 : 14);
  for (const auto& [id, value] : e.digests) {
    Claim d = value_claim(eventlog::algorithm_name(id), value);
    if (e.digests.size() == 1) d.offset = at, d.size = value.size();   // several stand in any order
    c.add(std::move(d));
  }
  c.add(field_claim("data", e.data, e.offset + e.size - e.data.size(), e.data.size()));
  return c;
}

void add_replay(Claim& root, const eventlog::Log& log) {
  Claim all("replay");
  all.meaning = "registers after these events, if they begin at zero";
  for (const auto& [id, size] : log.algorithms) {
    Claim bank(eventlog::algorithm_name(id));
    for (const auto& [index, value] : replay(log, id)) bank.add(value_claim(std::to_string(index), value));
    if (bank.children.empty()) bank.meaning = "no event, or the algorithm is not known here";
    all.add(std::move(bank));
  }
  root.add(std::move(all));
  const bool sha384 = std::any_of(log.algorithms.begin(), log.algorithms.end(), [](const auto& a) { return a.first == eventlog::kSha384; });
  const bool small = std::all_of(log.events.begin(), log.events.end(), [](const eventlog::Event& e) { return e.index <= 4; });
  if (!sha384 || !small) return;   // index 1 to 4 of a CCEL log is RTMR0 to RTMR3
  const auto registers = replay(log, eventlog::kSha384);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto found = registers.find(i + 1);
    const bool some = found != registers.end();
    root.add(value_claim("rtmr" + std::to_string(i), some ? found->second : Buffer(48), some ? "of a TDX guest with this log" : "no event: zero"));
  }
}

void add_json_log(Claim& root, Bytes text) {
  root.meaning = "JSON event log of a dstack guest";
  const auto log = eventlog::parse_json_log(text);
  if (!log) {
    root.error = log.error().message();
    return;
  }
  root.meaning += ", " + std::to_string(log->size()) + (log->size() == 1 ? " event" : " events");
  root.add(value_claim("events", std::uint64_t{log->size()}));
  for (const eventlog::JsonEvent& e : *log) {
    const std::string type = eventlog::event_type_name(e.type);
    Claim c("event");
    c.meaning = (type.empty() ? hex_number(e.type) : type) + (e.name.empty() ? "" : ": " + e.name);
    c.add(value_claim("imr", std::uint64_t{e.imr}, "RTMR" + std::to_string(e.imr)));
    c.add(value_claim("type", std::uint64_t{e.type}, hex_number(e.type)));
    if (!e.name.empty()) c.add(value_claim("name", e.name));
    c.add(value_claim("payload", e.payload, text_in(e.payload)));
    if (!e.digest.empty()) c.add(value_claim("sha384", e.digest));
    if (e.is_runtime()) c.add(value_claim("version", e.version));
    root.add(std::move(c));
  }
  const auto read = read_td_event_log(text);
  if (!read) return;
  const auto registers = replay_rtmrs(*read);
  for (std::size_t i = 0; i < registers.size(); ++i) root.add(value_claim("rtmr" + std::to_string(i), registers[i], "of a TDX guest with this log"));
}

}  // namespace

std::map<std::uint32_t, Buffer> replay(const eventlog::Log& log, std::uint16_t algorithm) {
  std::map<std::uint32_t, Buffer> out;
  const auto locality = startup_locality(log);
  for (const eventlog::Event& e : log.events) {
    const auto value = e.digests.find(algorithm);
    if (e.type == kNoAction || value == e.digests.end()) continue;
    auto& reg = out.try_emplace(e.index, Buffer(value->second.size())).first->second;
    if (e.index == 0 && locality && is_zero(reg)) reg.back() = *locality;   // a TPM that was started from another locality
    reg = digest(algorithm, reg, value->second);
    if (reg.empty()) return {};
  }
  return out;
}

Claim event_log_claims(Bytes in, std::string name) {
  Claim root = space_claim(std::move(name), in);
  if (eventlog::looks_like_json_log(in)) {
    add_json_log(root, in);
    return root;
  }
  const eventlog::PartialLog read = eventlog::read_log(in);
  const eventlog::Log& log = read.log;
  if (read.error) root.error = read.error->message();
  const std::size_t count = log.events.size() - (log.crypto_agile && !log.events.empty() ? 1 : 0);
  root.meaning = std::string(log.crypto_agile ? "TCG crypto-agile" : "TPM 1.2") + " event log, " + std::to_string(count) + (count == 1 ? " event" : " events");
  Claim algorithms("algorithms");
  for (const auto& [id, size] : log.algorithms) algorithms.add(value_claim(eventlog::algorithm_name(id), std::uint64_t{size}, "digest size"));
  root.add(std::move(algorithms));
  root.add(value_claim("events", std::uint64_t{count}, log.crypto_agile ? "after the one that describes the log" : ""));
  root.add(value_claim("end_offset", std::uint64_t{log.end}));
  if (const auto locality = startup_locality(log)) root.add(value_claim("startup_locality", std::uint64_t{*locality}));
  for (std::size_t i = 0; i < log.events.size(); ++i) root.add(event_claim(log.events[i], log, i == 0));
  if (read.error) return root;
  const Bytes rest = in.subspan(log.end);
  if (!rest.empty()) {
    const bool padding = is_all(rest, 0xFF) || is_zero(rest);
    root.add(value_claim("trailing_bytes", std::uint64_t{rest.size()}, padding ? "padding" : "not padding"));
  }
  add_replay(root, log);
  return root;
}

Claim ccel_table_claims(Bytes in, std::string name) {
  Claim root = space_claim(std::move(name), in);
  root.meaning = "ACPI CCEL table";
  const auto table = eventlog::parse_ccel_table(in);
  if (!table) {
    root.value = to_buffer(in);
    root.error = table.error().message();
    return root;
  }
  root.add(field_claim("signature", std::string("CCEL"), 0, 4));
  root.add(field_claim("length", std::uint64_t{table->length}, 4, 4));
  root.add(field_claim("revision", std::uint64_t{table->revision}, 8, 1));
  root.add(value_claim("checksum_ok", table->checksum_ok, table->checksum_ok ? "" : "the bytes of the table do not add up to zero"));
  root.add(field_claim("cc_type", std::uint64_t{table->cc_type}, 36, 1, table->cc_type == 1 ? "SEV" : table->cc_type == 2 ? "TDX" : "unknown"));
  root.add(field_claim("cc_subtype", std::uint64_t{table->cc_subtype}, 37, 1));
  root.add(field_claim("laml", table->log_length, 40, 8, "least length of the log area"));
  root.add(field_claim("lasa", table->log_address, 48, 8, hex_number(table->log_address) + ", physical address of the log area"));
  if (table->trailing != 0) root.add(value_claim("trailing_bytes", std::uint64_t{table->trailing}));
  return root;
}

}  // namespace atls::evidence
