#include "atls/verify.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "collateral/providers.hpp"
#include "evidence/load.hpp"
#include "evidence/policy_trust.hpp"
#include "evidence/present.hpp"
#include "evidence/verify.hpp"
#include "policy/policy.hpp"
#include "report/render.hpp"

namespace atls::v1 {
namespace {

// Everything that the verifier takes, made from the options.
struct Prepared {
  policy::Policy policy;
  evidence::TrustStore trust;
  Collateral collateral;
  std::optional<Buffer> nonce;
  Time now{};
};

Error usage(std::string option, std::string detail) { return {Errc::bad_value, std::move(option), std::move(detail)}; }

Status prepare_policy(const Options& options, Prepared& out) {
  if (!options.policy_json.empty()) {
    auto policy = policy::load_policy(as_bytes(options.policy_json), "policy", options.policy_directory.string());
    if (!policy) return policy.error();
    out.policy = std::move(*policy);
  }
  policy::add_flags(out.policy, {});                    // at least one alternative
  if (out.policy.not_before && out.now < *out.policy.not_before) return usage("policy", "valid from " + rfc3339(*out.policy.not_before) + " only");
  if (out.policy.not_after && out.now > *out.policy.not_after) return usage("policy", "expired at " + rfc3339(*out.policy.not_after));
  if (options.any_measurement) {
    out.policy.any_measurement = true;
    out.policy.loosened.push_back("a guest that is not identified is accepted (any_measurement)");
  }
  if (options.crl == "off" || options.crl == "if-available") {
    out.policy.crl = options.crl == "off" ? policy::CrlMode::off : policy::CrlMode::if_available;
    out.policy.loosened.push_back("revocation is not required (crl " + options.crl + ")");
  } else if (options.crl != "require") {
    return usage("crl", "\"" + options.crl + "\" is not known; expected require, if-available or off");
  }
  out.policy.offline |= options.offline;
  return ok();
}

Status prepare_trust(const Options& options, Prepared& out) {
  if (!options.trust_anchors_pem.empty() && !out.policy.roots.empty())
    return usage("trust_anchors_pem", "the policy names trust anchors, too (trust.roots); keep one of the two");
  for (const std::string& pem : options.trust_anchors_pem) {
    out.policy.trust_anchor_files.push_back(to_buffer(pem));
    out.policy.loosened.push_back("the built-in trust anchors are replaced (trust_anchors_pem)");
  }
  auto store = evidence::trust_of(out.policy);
  if (!store) return usage(options.trust_anchors_pem.empty() ? "policy, " + store.error().where : "trust_anchors_pem", store.error().detail);
  out.trust = std::move(*store);
  return ok();
}

Status prepare_collateral(const Options& options, Prepared& out) {
  for (const auto& path : options.collateral_dirs) {
    auto directory = directory_provider(path);
    if (!directory) return usage("collateral_dirs", directory.error().message());
    out.collateral.add(std::move(*directory));
  }
  if (!options.cache_dir.empty()) out.collateral.add(cache_provider(options.cache_dir, {}, std::make_shared<const evidence::TrustStore>(out.trust)));
  if (out.policy.offline) {
    if (!options.kds_url.empty()) return usage("kds_url", "excludes offline");
    return ok();
  }
  KdsOptions kds;
  if (!options.kds_url.empty()) kds.base_url = options.kds_url;
  kds.ca_file = options.kds_ca_file;
  kds.proxy = options.kds_proxy;
  auto network = kds_provider(std::move(kds), std::make_shared<const evidence::TrustStore>(out.trust), out.now);
  if (!network) return usage("kds_url", network.error().message());
  out.collateral.add(std::move(*network));
  return ok();
}

Status prepare(const Options& options, Prepared& out) {
  out.now = options.at ? *options.at : std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (!options.nonce_hex.empty()) {
    auto nonce = from_hex(options.nonce_hex);
    if (!nonce) return usage("nonce_hex", nonce.error().message());
    out.nonce = std::move(*nonce);
  }
  if (const Status done = prepare_policy(options, out); !done) return done;
  if (const Status done = prepare_trust(options, out); !done) return done;
  return prepare_collateral(options, out);
}

Verdict verdict_of(const Report& report, std::string error = {}) {
  Verdict out;
  if (report.verdict) {
    out.exit_code = static_cast<int>(report.verdict->code);
    out.result = report.verdict->result;
    out.reason = report.verdict->reason;
  }
  out.error = std::move(error);
  out.report_json = report_json(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  return out;
}

template <class Load>
Verdict judge(const Options& options, const std::string& name, const Load& load) {
  Report report;
  report.tool = "libatls";
  report.version = ATLS_VERSION;
  report.subject = {"file", name, {}};
  report.time = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto stop = [&](ExitCode code, const std::string& sentence) {
    report.finish_error(code, sentence);
    return verdict_of(report, sentence);
  };
  try {
    Prepared prepared;
    const Status ready = prepare(options, prepared);
    report.time = prepared.now;
    report.time_source = options.at ? "option" : "clock";
    if (!ready) return stop(ExitCode::usage, ready.error().message());
    const Result<evidence::Loaded> loaded = load();
    if (!loaded) return stop(ExitCode::no_evidence, loaded.error().message());
    report.subject.sha256 = loaded->sha256;
    const auto presented = evidence::present(*loaded, prepared.nonce);
    if (!presented) return stop(ExitCode::usage, presented.error().message());
    const evidence::Context context{prepared.policy, prepared.trust, prepared.collateral, prepared.now};
    const evidence::Appraisal appraisal = evidence::appraise(*presented, context, report);
    Verdict verdict = verdict_of(report);
    if (verdict.verified() && !appraisal.proof) return stop(ExitCode::internal, "the verdict has no proof");
    return verdict;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    return stop(ExitCode::internal, std::string("internal error: ") + e.what());
  }
}

}  // namespace

Verdict verify(std::span<const std::uint8_t> input, const Options& options, const std::string& name) {
  return judge(options, name, [&] { return Result<evidence::Loaded>(evidence::load_bytes(input, name)); });
}

Verdict verify_file(const std::filesystem::path& path, const Options& options) {
  return judge(options, path.string(), [&] { return evidence::load_path(path); });
}

}  // namespace atls::v1
