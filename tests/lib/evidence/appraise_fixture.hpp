// A simulated platform and what it takes to judge it; the tests change one thing at a time.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "evidence/verify.hpp"
#include "policy/policy.hpp"
#include "report/model.hpp"
#include "sim/anchors.hpp"
#include "sim/platform.hpp"

namespace atls::test {

inline Time at(int year, unsigned month = 6, unsigned day = 1) {
  return Time{std::chrono::sys_days{std::chrono::year{year} / month / day}};
}

struct Judge {
  policy::Policy policy;
  evidence::TrustStore trust = evidence::TrustStore::builtin();
  Collateral collateral;
  Time now = at(2026);

  Judge() {
    policy.any_measurement = true;
    trust.add(sim::trust_anchors());
    collateral.add(sim::anchors_provider());
  }
  Report operator()(const evidence::Presented& presented) const {
    Report report;
    report.time = now;
    const evidence::Appraisal appraisal = evidence::appraise(presented, {policy, trust, collateral, now}, report);
    REQUIRE(report.verdict);
    CHECK(appraisal.proof.has_value() == (report.verdict->code == ExitCode::verified));
    return report;
  }
};

inline std::unique_ptr<sim::SnpPlatform> platform(sim::SnpOptions options = {}) {
  auto made = sim::SnpPlatform::create(std::move(options));
  REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message()));
  return *std::move(made);
}

inline evidence::Evidence evidence_of(const sim::SnpPlatform& p, bool with_table = true) {
  evidence::Evidence e;
  e.format = "snp";
  e.container = with_table ? "extended" : "raw";
  std::array<std::uint8_t, 64> report_data{};
  report_data[0] = 1;
  e.data = p.report(report_data);
  if (with_table) e.aux = p.cert_table();
  return e;
}

inline evidence::Presented raw(evidence::Evidence e) {
  evidence::Presented presented;
  presented.raw = std::move(e);
  return presented;
}

inline std::string failures(const Report& report) {
  std::string out;
  for (const CheckResult& r : report.checks)
    if (r.outcome == Outcome::fail || r.outcome == Outcome::error) out += std::string(out.empty() ? "" : " ") + std::string(r.spec->id) + (r.outcome == Outcome::error ? "(error)" : "");
  return out;
}

}  // namespace atls::test
