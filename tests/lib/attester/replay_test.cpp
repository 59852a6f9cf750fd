#include <doctest/doctest.h>

#include "attester/attester.hpp"
#include "snp/report.hpp"
#include "support/intel_samples.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;

namespace {

Buffer some_report() {
  Buffer out(snp::kReportSize, 7);
  out[0] = 5;
  return out;
}

intel::Quote quote_of(std::uint16_t version, std::uint16_t body) { return test::quote(version, body); }

Buffer join(Buffer a, Bytes b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("file attester: raw, extended and configfs pairs are replayed byte for byte") {
  const TempDir dir;
  const Buffer table(48, 0xAA);
  dir.write("pair/outblob", some_report());
  dir.write("pair/auxblob", table);
  dir.write("bare/outblob", some_report());
  dir.write("hollow/outblob", some_report());
  dir.write("hollow/auxblob", {});
  struct Row { std::filesystem::path path; const char* container; bool table; };
  for (const Row& row : {Row{dir.write("raw.bin", some_report()), "raw", false}, Row{dir.write("extended.bin", join(some_report(), table)), "extended", true},
                         Row{dir.path() / "pair", "tsm", true}, Row{dir.path() / "bare", "tsm", false}, Row{dir.path() / "hollow", "tsm", false}}) {
    CAPTURE(row.path);
    const auto attester = file_attester(row.path);
    REQUIRE_MESSAGE(attester, attester.error().message());
    CHECK((*attester)->name() == "file");
    CHECK((*attester)->has_hardware_evidence());
    for (const std::uint8_t asked : {std::uint8_t{1}, std::uint8_t{2}}) {
      std::array<std::uint8_t, 64> data{};
      data[0] = asked;
      const auto evidence = (*attester)->attest(data);
      REQUIRE(evidence);
      CHECK(evidence->format == "snp");
      CHECK(evidence->container == row.container);
      CHECK(evidence->data == some_report());
      CHECK(evidence->aux.has_value() == row.table);
      if (evidence->aux) CHECK(*evidence->aux == table);
    }
  }
}

TEST_CASE("file attester: what is not a binary report is refused at start-up") {
  const TempDir dir;
  std::filesystem::create_directories(dir.path() / "empty");
  Buffer cut = some_report();
  cut.pop_back();
  dir.write("cut/outblob", cut);
  dir.write("big/outblob", some_report());
  dir.write("big/auxblob", Buffer(64 * 1024 + 1, 1));
  for (const auto& path : {dir.write("short.bin", cut), dir.write("nothing.bin", {}), dir.write("hex.txt", Buffer(2 * snp::kReportSize, 'a')),
                           dir.write("huge.bin", Buffer(1024 * 1024, 1)), dir.path() / "empty", dir.path() / "cut", dir.path() / "big", dir.path() / "missing",
                           std::filesystem::path("/dev/zero")}) {
    CAPTURE(path);
    CHECK_FALSE(file_attester(path));
  }
  const auto text = file_attester(dir.path() / "hex.txt");
  REQUIRE_FALSE(text);
  CHECK(text.error().detail.find("atls-dump") != std::string::npos);
}

TEST_CASE("file attester: a TDX quote is replayed with what follows it, other quotes are refused") {
  const TempDir dir;
  Buffer quote = intel::encode_quote(quote_of(4, 2));
  quote.resize(quote.size() + 70, 0);
  dir.write("tsm/outblob", quote);
  dir.write("tsm/provider", to_buffer("tdx_guest\n"));
  struct Row { std::filesystem::path path; const char* container; };
  for (const Row& row : {Row{dir.write("quote.bin", quote), "raw"}, Row{dir.path() / "tsm", "tsm"}}) {
    CAPTURE(row.path);
    const auto attester = file_attester(row.path);
    REQUIRE_MESSAGE(attester, attester.error().message());
    const auto evidence = (*attester)->attest({});
    REQUIRE(evidence);
    CHECK(evidence->format == "tdx");
    CHECK(evidence->container == row.container);
    CHECK(evidence->data == quote);
    CHECK_FALSE(evidence->aux);
  }
  for (const auto& [version, body] : {std::pair<std::uint16_t, std::uint16_t>{3, 1}, {4, 1}, {5, 1}}) {
    const auto refused = file_attester(dir.write("sgx.bin", intel::encode_quote(quote_of(version, body))));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail.find("SGX") != std::string::npos);
  }
  quote.resize(1100);   // not a whole quote, and too short for a report
  CHECK_FALSE(file_attester(dir.write("cut.bin", quote)));
}

TEST_CASE("fake attester: admits that it has no hardware") {
  const auto attester = fake_attester();
  CHECK_FALSE(attester->has_hardware_evidence());
  std::array<std::uint8_t, 64> data{};
  data[3] = 9;
  const auto evidence = attester->attest(data);
  REQUIRE(evidence);
  CHECK(evidence->format == "dummy");
  CHECK(equal(evidence->data, data));
}
