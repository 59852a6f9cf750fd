#include "sim/intel_platform.hpp"

#include <stdexcept>

#include "sim/faults.hpp"
#include "sim/intel_collateral.hpp"
#include "sim/intel_endorsements.hpp"
#include "sim/intel_event_log.hpp"
#include "sim/intel_export.hpp"
#include "sim/intel_quote.hpp"
#include "sim/intel_quote_faults.hpp"
#include "sim/pcs_answer.hpp"
#include "sim/policy_json.hpp"

namespace atls::sim {
namespace {

class SimulatedIntelPlatform final : public IntelPlatform {
 public:
  SimulatedIntelPlatform(IntelOptions options, IntelIdentity identity)
      : options_(std::move(options)), identity_(std::move(identity)), endorsements_(make_intel_endorsements(options_, identity_)),
        event_log_(encode_ccel(make_event_log(options_))) {}

  const IntelOptions& options() const override { return options_; }
  std::string_view format() const override { return options_.sgx ? "sgx" : "tdx"; }
  const std::string& seed() const override { return options_.seed; }
  const std::vector<std::string>& faults() const override { return options_.faults; }
  std::string matching_policy() const override {
    if (!has_fault(options_, "other-chip")) return matching_policy_json(options_, identity_);
    IntelOptions own = options_;   // the machine that the guest was meant for
    std::erase(own.faults, "other-chip");
    return (*create(own))->matching_policy();
  }
  std::vector<ExportFile> export_files() const override { return intel_export_files(*this); }
  std::string export_title() const override {
    return options_.sgx ? "Intel SGX, quote version 3" : "Intel TDX, quote version " + std::to_string(options_.quote_version);
  }
  std::vector<std::string> export_examples() const override {
    return {"atls-verify --policy policy.json --trust-simulated --offline quote.bin",
            "atls-verify --policy policy.json --trust-anchor trust-anchor.pem --collateral-dir . --offline quote.bin", "atls-dump quote.bin"};
  }
  HttpAnswer answer(std::string_view target) const override { return pcs_answer(*this, target); }
  HttpAnswer answer_of_other_machine(std::string_view target) const override { return pcs_answer(*with_faults({"fmspc-mismatch"}), target); }
  HttpAnswer answer_with_expired_lists(std::string_view target) const override {
    return pcs_answer(*with_faults({"root-crl-expired", "pck-crl-expired", "tcb-info-expired"}), target);
  }

  Buffer quote(const std::array<std::uint8_t, 64>& report_data) const override {
    return make_quote(options_, identity_, endorsements_.quote_chain, report_data);
  }
  Buffer event_log() const override { return options_.sgx ? Buffer{} : event_log_; }
  Buffer pck_der() const override { return endorsements_.pck; }
  Buffer pck_ca_der() const override { return endorsements_.pck_ca; }
  Buffer root_der() const override { return endorsements_.root; }
  Buffer tcb_signer_der() const override { return endorsements_.tcb_signer; }
  bool processor_ca() const override { return endorsements_.processor_ca; }
  Buffer root_crl_der() const override { return endorsements_.root_crl; }
  Buffer pck_crl_der() const override { return endorsements_.pck_crl; }
  Buffer tcb_info() const override { return endorsements_.tcb_info; }
  Buffer qe_identity() const override { return endorsements_.qe_identity; }

 private:
  std::unique_ptr<IntelPlatform> with_faults(const std::vector<std::string>& more) const {
    IntelOptions options = options_;
    options.faults.insert(options.faults.end(), more.begin(), more.end());
    auto out = create(options);
    if (!out) throw std::logic_error("simulated platform: " + out.error().message());   // options were accepted before
    return *std::move(out);
  }

  IntelOptions options_;
  IntelIdentity identity_;
  IntelEndorsements endorsements_;
  Buffer event_log_;
};

class SimulatedIntelAttester final : public Attester {
 public:
  explicit SimulatedIntelAttester(std::shared_ptr<const IntelPlatform> platform) : platform_(std::move(platform)) {}
  std::string_view name() const override { return platform_->options().sgx ? "sim-sgx" : "sim-tdx"; }
  Result<evidence::Evidence> attest(const std::array<std::uint8_t, 64>& report_data) override {
    evidence::Evidence out;
    out.format = platform_->format();
    out.data = platform_->quote(report_data);
    if (!platform_->options().sgx) out.event_log = platform_->event_log();
    return out;
  }

 private:
  std::shared_ptr<const IntelPlatform> platform_;
};

Status check_intel_options(const IntelOptions& options) {
  if (!options.sgx && options.quote_version != 4 && options.quote_version != 5)
    return Error{Errc::bad_value, "quote version", "expected 4 or 5 for TDX, found " + std::to_string(options.quote_version)};
  if (options.sgx && (options.mr_td || options.mr_config_id)) return Error{Errc::bad_value, "MRTD", "an SGX enclave has none"};
  if (!options.sgx && options.mr_enclave) return Error{Errc::bad_value, "MRENCLAVE", "a TDX guest has none"};
  const char* tee = options.sgx ? "SGX" : "TDX";
  const unsigned version = options.sgx ? 3 : options.quote_version;
  for (const std::string& name : options.faults) {
    const Fault* fault = find_fault(name);
    if (fault == nullptr) return Error{Errc::bad_value, "fault", "\"" + name + "\" is unknown; --list-faults prints the names"};
    if (!applies_to(*fault, options.sgx ? "sgx" : "tdx")) return Error{Errc::bad_value, "fault", "\"" + name + "\" does not exist for " + tee};
    if ((fault->needs == "quote-version-5" && version < 5) || (fault->needs == "quote-version-4" && version < 4))
      return Error{Errc::bad_value, "fault", "\"" + name + "\" needs a quote of version " + std::string(fault->needs.substr(fault->needs.size() - 1)) + ", found version " + std::to_string(version)};
  }
  return ok();
}

}  // namespace

Result<std::unique_ptr<IntelPlatform>> IntelPlatform::create(IntelOptions options) {
  if (const Status s = check_intel_options(options); !s) return s.error();
  Result<IntelIdentity> identity = derive_intel_identity(options);
  if (!identity) return identity.error();
  return std::unique_ptr<IntelPlatform>(std::make_unique<SimulatedIntelPlatform>(std::move(options), *std::move(identity)));
}

std::unique_ptr<Attester> sim_intel_attester(std::shared_ptr<const IntelPlatform> platform) {
  return std::make_unique<SimulatedIntelAttester>(std::move(platform));
}

}  // namespace atls::sim
