#include <doctest/doctest.h>

#include "attester/attester.hpp"
#include "snp/report.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;

namespace {

Buffer some_report() {
  Buffer out(snp::kReportSize, 7);
  out[0] = 5;
  return out;
}

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
