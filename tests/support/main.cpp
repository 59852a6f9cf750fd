// doctest with a line that scripts/run_tests.py shows. A filter that matches nothing is a mistake in the build file.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

namespace {

int cases = 0;

struct Figures : doctest::IReporter {
  explicit Figures(const doctest::ContextOptions&) {}
  void test_run_end(const doctest::TestRunStats& stats) override {
    cases = static_cast<int>(stats.numTestCasesPassingFilters);
    std::printf("FIGURE: %d cases, %d assertions, %d failed\n", cases, stats.numAsserts, stats.numAssertsFailed);
    std::fflush(stdout);
  }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

}  // namespace

REGISTER_LISTENER("figures", 1, Figures);

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int status = context.run();
  if (context.shouldExit()) return status;   // --help, --list-test-cases
  if (status == 0 && cases == 0) {
    std::printf("error: no test case passes the filters\n");
    return 1;
  }
  return status;
}
