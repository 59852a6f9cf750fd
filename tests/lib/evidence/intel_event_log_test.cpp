#include "evidence/intel_event_log.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/hcl_claims.hpp"
#include "evidence/intel_case.hpp"
#include "report/checks_intel.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
using namespace atls::evidence;

namespace {

Buffer extended(Buffer reg, const Buffer& digest) {
  reg.insert(reg.end(), digest.begin(), digest.end());
  return crypto::sha384(reg);
}

struct Guest {
  Evidence evidence{.format = "tdx", .data = {}, .aux = {}, .hcl = {}, .provider = {}, .endorsements = {}, .event_log = {}, .td_hcl = {}, .decode_error = {}};
  std::array<Buffer, 4> rtmr{Buffer(48), Buffer(48), Buffer(48), Buffer(48)};
  Buffer report_data = Buffer(64);
  policy::Policy policy;
  bool enclave = false;

  Report judge() const {
    IntelCase c;
    c.evidence = &evidence;
    c.quote = test::quote(enclave ? 3 : 4);
    if (!enclave) {
      auto& td = std::get<intel::TdReport>(c.quote->body);
      for (std::size_t i = 0; i < 4; ++i) std::copy(rtmr[i].begin(), rtmr[i].end(), td.rtmr[i].begin());
      std::copy(report_data.begin(), report_data.end(), td.report_data.begin());
    }
    const auto trust = TrustStore::builtin();
    const Collateral collateral;
    Report report;
    check_event_log(c, {policy, trust, collateral, Time{}}, report);
    return report;
  }
};

std::string outcomes(const Report& report) {   // of parse, the four registers, digest
  std::string out;
  for (const char* id : {"event-log-parse", "rtmr-replay-0", "rtmr-replay-1", "rtmr-replay-2", "rtmr-replay-3", "event-log-digest"}) {
    const CheckResult* r = report.find(id);
    REQUIRE(r != nullptr);
    out += r->outcome == Outcome::pass ? 'p' : r->outcome == Outcome::fail ? 'F' : r->outcome == Outcome::warn ? 'w' : r->outcome == Outcome::skip ? 's' : 'e';
  }
  return out;
}

// A guest whose registers its log explains: two events in RTMR0, one in RTMR1 and RTMR2, none in RTMR3.
Guest measured() {
  Guest guest;
  const eventlog::Log log = test::ccel_log();
  guest.evidence.event_log = eventlog::encode_log(log);
  for (const eventlog::Event& e : log.events)
    if (e.type != 3) guest.rtmr[e.index - 1] = extended(guest.rtmr[e.index - 1], e.digests.at(eventlog::kSha384));
  return guest;
}

eventlog::Log without(std::uint32_t index) {
  eventlog::Log log = test::ccel_log();
  std::erase_if(log.events, [&](const eventlog::Event& e) { return e.index == index; });
  return log;
}

std::string runtime(const std::string& name, const std::string& payload, const std::string& more = "") {
  return R"({"imr":3,"event_type":134217729,"event":")" + name + R"(","event_payload":")" + payload + "\"" + more + "}";
}

Guest dstack(const std::string& events) {
  Guest guest;
  guest.evidence.event_log = to_buffer("[" + events + "]");
  return guest;
}

}  // namespace

TEST_CASE("a log that explains all registers passes, and a register without events is zero") {
  const Report report = measured().judge();
  CHECK(outcomes(report) == "pppppp");
  CHECK(report.find("rtmr-replay-3")->detail.find("zero") != std::string::npos);
}

TEST_CASE("each register is compared: an altered one fails alone") {
  for (std::size_t n = 0; n < 4; ++n) {
    Guest guest = measured();
    guest.rtmr[n][47] ^= 1;
    std::string want = "pppppp";
    want[n + 1] = 'F';
    CHECK(outcomes(guest.judge()) == want);
  }
}

TEST_CASE("a register that the log leaves out fails unless partial logs are accepted") {
  Guest guest = measured();
  eventlog::Log log = without(3);
  guest.evidence.event_log = eventlog::encode_log(log);
  CHECK(outcomes(guest.judge()) == "pppFpp");
  guest.policy.allow_rtmr_partial = true;
  CHECK(outcomes(guest.judge()) == "pppwpp");
  guest.rtmr[0][0] ^= 1;   // a register with events is compared all the same
  CHECK(outcomes(guest.judge()) == "pFpwpp");
}

TEST_CASE("events of index 0 and of no action extend nothing") {
  Guest guest = measured();
  eventlog::Log log = test::ccel_log();
  log.events.push_back(test::event(0, 4, 9, "mrtd"));
  log.events.push_back(test::event(4, 3, 9, "no action"));
  guest.evidence.event_log = eventlog::encode_log(log);
  CHECK(outcomes(guest.judge()) == "pppppp");
}

TEST_CASE("a log that cannot be replayed fails, and no register is judged") {
  Guest guest = measured();
  const Buffer good = *guest.evidence.event_log;
  eventlog::Log log = test::ccel_log();
  log.events.push_back(test::event(5, 4, 9, "no register"));
  const Buffer foreign = eventlog::encode_log(log);
  log = test::ccel_log();
  log.algorithms.emplace_back(eventlog::kSha256, 32);
  log.events[0].data = eventlog::spec_id_event(log.algorithms);
  log.events[2].digests.clear();
  log.events[2].digests[eventlog::kSha256] = Buffer(32);
  const Buffer no_sha384 = eventlog::encode_log(log);
  for (const Buffer& bad : {to_buffer(Bytes(good).first(good.size() - 1)), to_buffer("[{\"imr\":7}]"), to_buffer("nonsense"), Buffer{}, foreign, no_sha384}) {
    guest.evidence.event_log = bad;
    CHECK(outcomes(guest.judge()) == "Feeeee");
  }
}

TEST_CASE("without a log nothing is judged, unless the policy demands one") {
  Guest guest;
  guest.rtmr[0] = Buffer(48, 7);
  CHECK(outcomes(guest.judge()) == "ssssss");
  guest.policy.alternatives.resize(2);
  guest.policy.alternatives[0].tdx.ccel_replay = true;
  CHECK(outcomes(guest.judge()) == "ssssss");   // the other alternative does without
  guest.policy.alternatives[1].evidence = {"snp"};
  CHECK(outcomes(guest.judge()) == "eeeees");
  guest.enclave = true;
  CHECK(outcomes(guest.judge()) == "ssssss");
}

TEST_CASE("digests that are not those of their data are told, not refused") {
  eventlog::Log log = test::ccel_log();
  log.events[1].digests[eventlog::kSha384] = crypto::sha384(log.events[1].data);
  Guest guest = measured();
  guest.evidence.event_log = eventlog::encode_log(log);
  guest.rtmr[0] = extended(extended(Buffer(48), log.events[1].digests[eventlog::kSha384]), log.events[5].digests[eventlog::kSha384]);
  const Report report = guest.judge();
  CHECK(outcomes(report) == "pppppp");
  CHECK(report.find("event-log-digest")->detail.find("1 of 2") != std::string::npos);
  CHECK(digest_is_of_data(log.events[1], eventlog::kSha384) == true);
  CHECK(digest_is_of_data(log.events[5], eventlog::kSha384) == false);
  CHECK_FALSE(digest_is_of_data(log.events[2], eventlog::kSha384).has_value());
}

TEST_CASE("dstack: runtime events count by name and payload, whatever digest the log says") {
  for (const bool second : {false, true}) {
    CAPTURE(second);
    const std::string version = second ? ",\"version\":2" : "";
    Guest guest = dstack(runtime("app-id", "0102", version) + "," + runtime("system-ready", "", version) + "," + runtime("late", "03", version));
    const auto log = read_td_event_log(*guest.evidence.event_log);
    REQUIRE(log);
    REQUIRE(log->boot_events.size() == 1);   // what came after the boot the applications wrote
    CHECK(log->boot_events[0].name == "app-id");
    CHECK(log->boot_events[0].payload == Buffer{1, 2});
    const Buffer first = crypto::sha384(second ? to_buffer(R"({"name":"app-id","payload":"0102","type":134217729})") : *from_hex("010000083a6170702d69643a0102"));
    CHECK(log->extensions[0].digest == first);
    guest.rtmr[3] = replay_rtmrs(*log)[3];
    CHECK(outcomes(guest.judge()) == "pppppp");
    guest.evidence.event_log = to_buffer("[" + runtime("app-id", "0102", version + ",\"digest\":\"" + std::string(96, 'a') + "\"") + "," + runtime("system-ready", "", version) + "," + runtime("late", "03", version) + "]");
    const Report told = guest.judge();
    CHECK(outcomes(told) == "pppppp");
    CHECK(told.find("event-log-digest")->detail.find("app-id") != std::string::npos);
    guest.evidence.event_log = to_buffer("[" + runtime("app-id", "0103", version + ",\"digest\":\"" + hex(first) + "\"") + "," + runtime("system-ready", "", version) + "," + runtime("late", "03", version) + "]");
    CHECK(outcomes(guest.judge()) == "ppppFp");   // the digest alone does not make the payload true
  }
}

TEST_CASE("the HCL report must be the one that the quote names") {
  Guest guest;
  azure::HclReport hcl = test::tdx_hcl();
  const auto outcome = [&] { return guest.judge().find("hcl-binding")->outcome; };
  CHECK(outcome() == Outcome::skip);
  guest.evidence.td_hcl = azure::encode_hcl(hcl, 0);
  REQUIRE(azure::parse_hcl(*guest.evidence.td_hcl));
  CHECK(outcome() == Outcome::fail);
  guest.report_data = hcl_report_data(*azure::parse_hcl(*guest.evidence.td_hcl));
  CHECK(guest.report_data == [&] { Buffer b = crypto::sha256(hcl.claims); b.resize(64); return b; }());
  CHECK(outcome() == Outcome::pass);
  guest.report_data[63] = 1;   // the second half is part of it
  CHECK(outcome() == Outcome::fail);
  guest.report_data[63] = 0;
  guest.evidence.td_hcl->pop_back();
  CHECK(outcome() == Outcome::fail);
  hcl.report_type = 2;
  guest.evidence.td_hcl = azure::encode_hcl(hcl, 0);
  CHECK(outcome() == Outcome::fail);
  guest.evidence.td_hcl = to_buffer("HCLA");
  CHECK(outcome() == Outcome::fail);
}
