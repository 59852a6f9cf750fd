#include "atls-verify/judge.hpp"

#include <chrono>

#include "collateral/recorder.hpp"
#include "constellation/document.hpp"
#include "evidence/present.hpp"
#include "profile/registry.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_snp.hpp"

namespace atls::verify {
namespace {

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

Report no_evidence(Report report, const CheckSpec& check, const std::string& why) {
  report.fail(check, why);
  report.finish({}, false);
  return report;
}

Report wrong_usage(Report report, const std::string& sentence) {
  report.finish_error(ExitCode::usage, sentence);
  return report;
}

}  // namespace

Report judge(const Job& job, const Options& options, const std::optional<Buffer>& event_log, const tools::Setup& setup, Used* used) {
  Report report = tools::new_report(kTool.name, setup);
  report.subject = {.kind = "file", .name = job.name, .sha256 = {}};
  if (job.problem) return no_evidence(std::move(report), job.undecodable ? checks::kSnpContainerDecode : checks::kEvidencePresent, job.problem->where + ": " + job.problem->detail);

  const std::optional<Buffer>& nonce = job.path.empty() && job.nonce ? job.nonce : options.nonce;
  if (nonce && nonce->size() != constellation::kNonceSize)   // whatever the input is: no profile binds such a one
    return wrong_usage(std::move(report), "the nonce given has " + std::to_string(nonce->size()) + " bytes; that of profile constellation has " + std::to_string(constellation::kNonceSize));

  const auto start = std::chrono::steady_clock::now();
  auto loaded = job.path.empty() ? Result<evidence::Loaded>(evidence::load_bytes(job.data, job.name, job.kind)) : evidence::load_path(job.path, job.kind);
  if (!loaded) return no_evidence(std::move(report), checks::kEvidencePresent, loaded.error().detail);
  report.subject.sha256 = loaded->sha256;
  if (loaded->kind == evidence::InputKind::bundle) report.subject.kind = "bundle";
  loaded->claims = {};                       // the report has the verifier's own tree

  auto presented = evidence::present(*loaded, nonce);
  if (!presented) return wrong_usage(std::move(report), presented.error().detail);
  if (options.profile != "auto") {
    const std::string profile(profile::find_profile(options.profile)->id);
    if (presented->chain.empty()) return wrong_usage(std::move(report), "--profile " + profile + " is about certificates, and this input is none that carries evidence");
    if (presented->profile != profile) return wrong_usage(std::move(report), "--profile is " + profile + ", and the bundle was recorded with " + presented->profile);
  }
  presented->event_log = event_log;
  report.profile = presented->profile;
  report.timing_ms.emplace_back("decode", milliseconds_since(start));
  const auto judged = std::chrono::steady_clock::now();
  const CollateralRecorder recorder(*setup.collateral);
  if (used == nullptr) {
    evidence::appraise(*presented, setup.context(), report);
  } else {
    evidence::appraise(*presented, {setup.policy, setup.trust, recorder.collateral(), setup.now}, report);
    used->collateral = presented->with_it;
    for (const CollateralItem& item : recorder.items()) used->collateral.push_back(item);
    if (presented->raw) used->evidence = presented->raw->data;
    else if (!presented->copies.empty()) used->evidence = presented->copies.front().data;
  }
  report.timing_ms.emplace_back("verify", milliseconds_since(judged));
  return report;
}

}  // namespace atls::verify
