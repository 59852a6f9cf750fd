// Verification of clients for a server that runs for months: policy, trust and collateral are loaded anew now and then, so that
// dates are judged by today's clock and new files are seen.
#pragma once

#include <memory>
#include <mutex>

#include "atls-serve/options.hpp"
#include "evidence/verify.hpp"

namespace atls::serve {

class ClientJudge {
 public:
  // Errors are usage errors.
  static Result<std::shared_ptr<ClientJudge>> create(const Options& options);

  evidence::Appraisal judge(const evidence::Presented& presented, Report& report);   // thread-safe
  Report new_report();
  bool can_accept() const;   // false: nothing is pinned and --any-measurement is not given, so every client will be refused

 private:
  explicit ClientJudge(const Options& options) : options_(options) {}
  std::shared_ptr<const tools::Setup> current();

  const Options options_;
  std::mutex mutex_;
  std::shared_ptr<const tools::Setup> setup_;
  std::chrono::steady_clock::time_point loaded_;
};

}  // namespace atls::serve
