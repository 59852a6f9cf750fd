#include "eventlog/tcg.hpp"

#include <doctest/doctest.h>

#include "support/intel_samples.hpp"

using namespace atls;
using namespace atls::eventlog;

namespace {

constexpr std::size_t kFirst = 32 + 33;   // the record that describes a log with one algorithm

void put32(Buffer& b, std::size_t at, std::uint32_t v) {
  for (std::size_t i = 0; i < 4; ++i) b[at + i] = static_cast<std::uint8_t>(v >> (8 * i));
}
Buffer encoded() { return encode_log(test::ccel_log()); }
Buffer ccel(std::uint32_t length = 56) {
  Buffer out(56);
  const std::string_view name = "CCEL";
  std::copy(name.begin(), name.end(), out.begin());
  put32(out, 4, length);
  out[8] = 1;
  out[36] = 2;
  put32(out, 40, 0x40000);
  put32(out, 48, 0xBEDBF000);
  std::uint8_t sum = 0;
  for (const std::uint8_t b : out) sum = static_cast<std::uint8_t>(sum + b);
  out[9] = static_cast<std::uint8_t>(0 - sum);
  return out;
}

}  // namespace

TEST_CASE("event log: events survive encoding, with their places") {
  const Buffer raw = encoded();
  const auto log = parse_log(raw);
  REQUIRE_MESSAGE(log, (log ? "" : log.error().message()));
  CHECK(log->crypto_agile);
  CHECK(log->algorithms == std::vector<std::pair<std::uint16_t, std::uint16_t>>{{kSha384, 48}});
  REQUIRE(log->events.size() == 6);
  CHECK(log->events[1].offset == kFirst);
  CHECK(log->events[2].index == 2);
  CHECK(log->events[2].type == 0x80000003);
  CHECK(as_text(log->events[2].data) == "image");
  CHECK(log->events[2].digests.at(kSha384) == test::pattern(48, 2));
  CHECK(log->end == raw.size());
  CHECK(encode_log(*log) == raw);
  CHECK(looks_like_log(raw));
}

TEST_CASE("event log: padding and short rests end it") {
  for (const std::uint8_t fill : {std::uint8_t{0}, std::uint8_t{0xFF}})
    for (const std::size_t n : {std::size_t{1}, std::size_t{11}, std::size_t{12}, std::size_t{4096}}) {
      Buffer raw = encoded();
      const std::size_t end = raw.size();
      raw.resize(end + n, fill);
      const auto log = parse_log(raw);
      REQUIRE(log);
      CHECK(log->end == end);
      CHECK(log->events.size() == 6);
    }
}

TEST_CASE("event log: a cut inside an event is named, and what stands before it is kept") {
  const Buffer raw = encoded();
  for (std::size_t n = 0; n < raw.size(); ++n) {
    const PartialLog part = read_log(Bytes(raw).first(n));
    const bool at_event = n >= kFirst && n - part.log.end < 12;   // what is left is too short for a record
    REQUIRE_MESSAGE(part.error.has_value() == !at_event, n);
    CHECK(part.log.end <= n);
    if (part.error && part.error->code != Errc::truncated) REQUIRE_MESSAGE(false, part.error->message());
  }
}

TEST_CASE("event log: sizes and algorithms that contradict the log are refused") {
  struct Case { const char* name; std::size_t at; std::uint32_t value; const char* where; };
  for (const Case& c : {Case{"no algorithm", 32 + 24, 0, "event_log.SPEC_ID_EVENT.NUMBER_OF_ALGORITHMS"}, Case{"a billion algorithms", 32 + 24, 1000000000, "event_log.SPEC_ID_EVENT.NUMBER_OF_ALGORITHMS"},
                        Case{"two where one stands", 32 + 24, 2, "event_log.SPEC_ID_EVENT.ALGORITHM_ID"}, Case{"SHA-384 of 32 bytes", 32 + 28, 0x0020000C, "event_log.SPEC_ID_EVENT.DIGEST_SIZE"},
                        Case{"unknown algorithm of 0 bytes", 32 + 28, 0x00000099, "event_log.SPEC_ID_EVENT.DIGEST_SIZE"}, Case{"digest count", kFirst + 8, 2, "event_log.DIGEST_COUNT"},
                        Case{"digest count huge", kFirst + 8, 0xFFFFFFFF, "event_log.DIGEST_COUNT"}, Case{"undeclared algorithm", kFirst + 12, 0x0000000B, "event_log.ALGORITHM_ID"},
                        Case{"event size", kFirst + 14 + 48, 0xFFFFFFFF, "event_log.EVENT_SIZE"}}) {
    CAPTURE(c.name);
    Buffer raw = encoded();
    put32(raw, c.at, c.value);
    const auto log = parse_log(raw);
    REQUIRE(!log);
    CHECK(log.error().where == c.where);
  }
  Log twice = test::ccel_log();
  twice.algorithms = {{kSha384, 48}, {kSha384, 48}};
  twice.events[0].data = spec_id_event(twice.algorithms);
  CHECK_FALSE(parse_log(encode_log(twice)));
}

TEST_CASE("event log: an algorithm without a name is carried by its declared size") {
  Log log;
  log.algorithms = {{0x99, 20}};
  Event first, event;
  first.type = 3;
  first.data = spec_id_event(log.algorithms);
  event.index = 1;
  event.type = 4;
  event.digests[0x99] = Buffer(20, 1);
  log.events = {first, event};
  REQUIRE(parse_log(encode_log(log)));
  CHECK(algorithm_name(0x99) == "algorithm_153");
}

TEST_CASE("event log: TPM 1.2 form") {
  Log log;
  log.crypto_agile = false;
  for (std::uint32_t i = 0; i < 3; ++i) {
    Event e;
    e.index = i;
    e.type = 8;
    e.digests[kSha1] = Buffer(20, static_cast<std::uint8_t>(i + 1));
    e.data = Buffer(i * 5, 7);
    log.events.push_back(e);
  }
  const Buffer raw = encode_log(log);
  const auto r = parse_log(raw);
  REQUIRE(r);
  CHECK_FALSE(r->crypto_agile);
  CHECK(r->events.size() == 3);
  CHECK(encode_log(*r) == raw);
  CHECK_FALSE(looks_like_log(raw));   // nothing in it says what it is
}

TEST_CASE("event log: more events than the limit are refused") {
  Buffer raw = encoded();
  Log one = test::ccel_log();
  one.events = {one.events[0], one.events[1]};
  const Buffer both = encode_log(one);
  const Bytes event = Bytes(both).subspan(kFirst);
  raw.reserve(raw.size() + event.size() * (kMaxEvents + 1));
  for (std::size_t i = 0; i < kMaxEvents; ++i) raw.insert(raw.end(), event.begin(), event.end());
  const auto log = parse_log(raw);
  REQUIRE(!log);
  CHECK(log.error().code == Errc::too_large);
}

TEST_CASE("event log: types have names") {
  CHECK(event_type_name(0xD) == "EV_IPL");
  CHECK(event_type_name(0x8000000A) == "EV_EFI_PLATFORM_FIRMWARE_BLOB2");
  CHECK(event_type_name(0x12345).empty());
}

TEST_CASE("CCEL table: fields, checksum, lengths") {
  Buffer raw = ccel();
  const auto t = parse_ccel_table(raw);
  REQUIRE(t);
  CHECK(t->length == 56);
  CHECK(t->revision == 1);
  CHECK(t->cc_type == 2);
  CHECK(t->log_length == 0x40000);
  CHECK(t->log_address == 0xBEDBF000);
  CHECK(t->checksum_ok);
  raw[20] ^= 1;
  CHECK_FALSE(parse_ccel_table(raw)->checksum_ok);
  raw.push_back(0);
  CHECK(parse_ccel_table(raw)->trailing == 1);
  for (std::size_t n = 0; n < 56; ++n) CHECK_FALSE(parse_ccel_table(Bytes(ccel()).first(n)));
  CHECK_FALSE(parse_ccel_table(ccel(55)));
  CHECK_FALSE(parse_ccel_table(ccel(57)));
  CHECK_FALSE(parse_ccel_table(ccel(0xFFFFFFFF)));
  raw[0] = 'c';
  CHECK_FALSE(parse_ccel_table(raw));
}
