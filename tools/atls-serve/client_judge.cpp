#include "atls-serve/client_judge.hpp"

#include <algorithm>
#include <chrono>

#include "collateral/requests.hpp"

namespace atls::serve {
namespace {

constexpr std::chrono::minutes kReload{10};

Result<std::shared_ptr<const tools::Setup>> load(const Options& options) {
  auto setup = tools::make_setup(options.policy, options.trust, options.collateral, {});
  if (!setup) return setup.error();
  return std::shared_ptr<const tools::Setup>(std::make_shared<tools::Setup>(std::move(*setup)));
}

Time wall_clock() { return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()); }

}  // namespace

Result<std::shared_ptr<ClientJudge>> ClientJudge::create(const Options& options) {
  auto setup = load(options);
  if (!setup) return setup.error();
  std::shared_ptr<ClientJudge> judge(new ClientJudge(options));
  judge->setup_ = std::move(*setup);
  judge->loaded_ = std::chrono::steady_clock::now();
  return judge;
}

bool ClientJudge::can_accept() const {
  const policy::Policy& policy = setup_->policy;
  const auto pins = [](const policy::Alternative& alternative) {
    return std::any_of(evidence::formats().begin(), evidence::formats().end(), [&](const evidence::Format& format) { return policy::pins_identity(alternative, format.id); });
  };
  return policy.any_measurement || std::any_of(policy.alternatives.begin(), policy.alternatives.end(), pins);
}

std::shared_ptr<const tools::Setup> ClientJudge::current() {
  const std::lock_guard lock(mutex_);
  if (std::chrono::steady_clock::now() - loaded_ > kReload) {
    // A policy that has become unreadable does not stop the server: the one that was valid stays in force.
    if (auto fresh = load(options_)) setup_ = std::move(*fresh);
    loaded_ = std::chrono::steady_clock::now();
  }
  return setup_;
}

Report ClientJudge::new_report() {
  Report report = tools::new_report(kTool.name, *current());
  report.time = wall_clock();
  return report;
}

evidence::Appraisal ClientJudge::judge(const evidence::Presented& presented, Report& report) {
  const auto setup = current();
  const OnBehalfOf client(presented.peer);
  return evidence::appraise(presented, {setup->policy, setup->trust, *setup->collateral, wall_clock()}, report);
}

}  // namespace atls::serve
