#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "attester/attester.hpp"
#include "snp/report.hpp"
#include "support/intel_samples.hpp"
#include "support/paths.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;

namespace {

// tests/support/fake_tsm.py, from "ready" to the end of the test.
class StandIn {
 public:
  explicit StandIn(std::vector<std::string> arguments) {
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    arguments.insert(arguments.begin(), {"/usr/bin/python3", std::string(kTestsDir) + "/support/fake_tsm.py"});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    input_ = to[1];
    output_ = from[0];
    char letter = 0;
    while (letter != '\n') REQUIRE(::read(output_, &letter, 1) == 1);
  }
  ~StandIn() {
    ::close(input_);
    ::close(output_);
    ::waitpid(pid_, nullptr, 0);
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

 private:
  pid_t pid_ = -1;
  int input_ = -1, output_ = -1;
};

}  // namespace

TEST_CASE("tsm stand-in: real files, one after another and from several threads") {
  const TempDir dir;
  std::filesystem::create_directory(dir.path() / "report");
  Buffer report(snp::kReportSize, 0);
  report[0] = 5;
  const Buffer table(5000, 3);
  const StandIn stand_in({(dir.path() / "report").string(), "--report", dir.write("report.bin", report).string(), "--table", dir.write("table.bin", table).string()});
  const auto attester = tsm_attester({dir.path() / "report", 1});
  REQUIRE(attester);
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (std::uint8_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (std::uint8_t i = 0; i < 3; ++i) {
        std::array<std::uint8_t, 64> asked{};
        asked[0] = static_cast<std::uint8_t>(16 * t + i + 1);
        const auto evidence = (*attester)->attest(asked);
        if (evidence && evidence->data.size() == snp::kReportSize && evidence->data[0x50] == asked[0] && evidence->aux == table) ++good;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 9);
  CHECK(std::filesystem::is_empty(dir.path() / "report"));
}

TEST_CASE("tsm stand-in: quotes of a TDX guest") {
  const TempDir dir;
  std::filesystem::create_directory(dir.path() / "report");
  const StandIn stand_in({(dir.path() / "report").string(), "--provider", "tdx_guest", "--report", dir.write("quote.bin", intel::encode_quote(quote(4))).string()});
  const auto attester = tsm_attester({dir.path() / "report", {}});
  REQUIRE(attester);
  for (std::uint8_t i = 1; i < 4; ++i) {
    std::array<std::uint8_t, 64> asked{};
    asked[63] = i;
    const auto evidence = (*attester)->attest(asked);
    REQUIRE_MESSAGE(evidence, evidence.error().message());
    CHECK(evidence->format == "tdx");
    CHECK(evidence->data[48 + 520 + 63] == i);
    CHECK_FALSE(evidence->aux);
  }
  CHECK(std::filesystem::is_empty(dir.path() / "report"));
}

TEST_CASE("tsm stand-in: a generation that never fits ends after five attempts") {
  const TempDir dir;
  std::filesystem::create_directory(dir.path() / "report");
  const StandIn stand_in({(dir.path() / "report").string(), "--report", dir.write("report.bin", Buffer(snp::kReportSize, 0)).string(), "--wrong-generation"});
  const auto attester = tsm_attester({dir.path() / "report", {}});
  REQUIRE(attester);
  const auto evidence = (*attester)->attest({});
  REQUIRE_FALSE(evidence);
  CHECK(evidence.error().code == Errc::unavailable);
  CHECK(std::filesystem::is_empty(dir.path() / "report"));
}
