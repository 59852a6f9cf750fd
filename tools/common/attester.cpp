#include "common/attester.hpp"

#include <algorithm>
#include <cctype>

#include "base/hex.hpp"
#include "sim/faults.hpp"
#include "sim/intel_platform.hpp"

namespace atls::tools {
namespace {

constexpr std::string_view kDefaultSeed = "atls";

struct Simulated { std::string_view name, format; Result<AttesterSetup> (*make)(const AttesterOptions&); };

// What can be said about a simulated platform, after the colon or as a flag. A value without text ("vlek") has no '='.
struct Parameter { std::string_view attester, key, flag; std::string AttesterOptions::* value; bool bare = false; };
constexpr Parameter kParameters[] = {
    {"sim-snp", "seed", "--seed", &AttesterOptions::seed},
    {"sim-snp", "product", "--product", &AttesterOptions::product},
    {"sim-snp", "version", "--report-version", &AttesterOptions::report_version},
    {"sim-snp", "vlek", "--vlek", &AttesterOptions::vlek, true},
    {"sim-snp", "measurement", "--sim-measurement", &AttesterOptions::measurement},
    {"sim-snp", "host-data", "--sim-host-data", &AttesterOptions::host_data},
    {"sim-tdx", "seed", "--seed", &AttesterOptions::seed},
    {"sim-tdx", "version", "--quote-version", &AttesterOptions::quote_version},
    {"sim-tdx", "mrtd", "", &AttesterOptions::mrtd},
    {"sim-tdx", "mr-config-id", "", &AttesterOptions::mr_config_id},
    {"sim-sgx", "seed", "--seed", &AttesterOptions::seed},
    {"sim-sgx", "mr-enclave", "", &AttesterOptions::mr_enclave},
};

std::string keys_of(std::string_view attester) {
  std::vector<std::string_view> keys;
  for (const Parameter& p : kParameters)
    if (p.attester == attester) keys.push_back(p.key);
  std::string out;
  for (std::size_t i = 0; i < keys.size(); ++i) out += (i == 0 ? "" : i + 1 == keys.size() ? " or " : ", ") + std::string(keys[i]);
  return out;
}

// "seed=x,product=genoa,vlek" into the same fields as the flags; a key given twice, here or as a flag, is an error.
Status merge_parameters(std::string_view attester, std::string_view parameters, AttesterOptions& options) {
  while (!parameters.empty()) {
    const std::string_view part = parameters.substr(0, parameters.find(','));
    parameters.remove_prefix(std::min(parameters.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    const std::string key(part.substr(0, equals)), value(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
    const auto* row = std::find_if(std::begin(kParameters), std::end(kParameters), [&](const Parameter& p) { return p.attester == attester && p.key == key; });
    if (row == std::end(kParameters)) return bad_value(key, "unknown parameter of " + std::string(attester) + "; expected " + keys_of(attester));
    std::string& field = options.*(row->value);
    if (!field.empty()) return bad_value(key, "given twice for the simulated attester");
    if (row->bare && equals == std::string_view::npos) field = "yes";
    else if (row->bare || value.empty()) return bad_value(key, row->bare ? "is given without a value" : "expected " + key + "=VALUE after \"" + std::string(attester) + ":\"");
    else field = value;
  }
  return ok();
}

// A flag about a platform that this attester does not simulate.
Status refuse_other_flags(std::string_view attester, const AttesterOptions& options) {
  for (const Parameter& p : kParameters) {
    if (p.flag.empty() || (options.*(p.value)).empty()) continue;
    const bool own = std::any_of(std::begin(kParameters), std::end(kParameters), [&](const Parameter& q) { return q.attester == attester && q.value == p.value; });
    if (!own) return bad_value(std::string(p.flag), "describes the simulated platform of " + std::string(p.attester) + "; it cannot be used with the attester " + options.spec);
  }
  return ok();
}

std::optional<snp::ProductLine> product_from(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!name.empty()) name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
  for (const snp::ProductLine line : {snp::ProductLine::milan, snp::ProductLine::genoa, snp::ProductLine::turin})
    if (snp::product_name(line) == name) return line;
  return std::nullopt;
}

// A version is one digit. Empty: the default stays.
template <class Number>
Status take_version(const std::string& text, unsigned low, unsigned high, const char* what, Number& version) {
  if (text.empty()) return ok();
  const unsigned number = text.size() == 1 && text[0] >= '0' && text[0] <= '9' ? static_cast<unsigned>(text[0] - '0') : 0;
  if (number < low || number > high)
    return bad_value("version", std::string(what) + " version " + text + " cannot be simulated; expected " + std::to_string(low) + (high == low + 1 ? " or " : " to ") + std::to_string(high));
  version = number;
  return ok();
}

Status take_bytes(const std::string& text, std::size_t size, std::string_view name, std::optional<Buffer>& target) {
  if (text.empty()) return ok();
  auto bytes = from_hex_of_size(text, size, name);
  if (!bytes) return bad_value(std::string(name) + " of the simulated attester", bytes.error().detail);
  target = std::move(*bytes);
  return ok();
}

std::vector<std::string> platform_faults(const AttesterOptions& options) {
  std::vector<std::string> out;
  for (const std::string& name : options.faults)
    if (sim::find_fault(name)->layer != sim::FaultLayer::handshake) out.push_back(name);
  return out;
}

Result<AttesterSetup> make_snp(const AttesterOptions& options) {
  sim::SnpOptions platform;
  platform.seed = options.seed.empty() ? std::string(kDefaultSeed) : options.seed;
  platform.vlek = !options.vlek.empty();
  platform.faults = platform_faults(options);
  if (!options.product.empty()) {
    const auto line = product_from(options.product);
    if (!line) return bad_value("--product", "unknown product \"" + options.product + "\"; expected milan, genoa or turin");
    platform.product = *line;
  }
  for (const Status& taken : {take_version(options.report_version, 2, 5, "report", platform.report_version),
                              take_bytes(options.measurement, 48, "measurement", platform.measurement),
                              take_bytes(options.host_data, 32, "host data", platform.host_data)})
    if (!taken) return taken.error();
  auto made = sim::SnpPlatform::create(std::move(platform));
  if (!made) return made.error();
  const std::shared_ptr<const sim::SnpPlatform> shared = std::move(*made);
  return AttesterSetup{sim::sim_snp_attester(shared), shared};
}

Result<AttesterSetup> make_intel(const AttesterOptions& options, bool sgx) {
  sim::IntelOptions platform;
  platform.seed = options.seed.empty() ? std::string(kDefaultSeed) : options.seed;
  platform.sgx = sgx;
  platform.faults = platform_faults(options);
  for (const Status& taken : {take_version(options.quote_version, 4, 5, "quote", platform.quote_version), take_bytes(options.mrtd, 48, "mrtd", platform.mr_td),
                              take_bytes(options.mr_config_id, 48, "mr-config-id", platform.mr_config_id),
                              take_bytes(options.mr_enclave, 32, "mr-enclave", platform.mr_enclave)})
    if (!taken) return taken.error();
  auto made = sim::IntelPlatform::create(std::move(platform));
  if (!made) return made.error();
  const std::shared_ptr<const sim::IntelPlatform> shared = std::move(*made);
  return AttesterSetup{sim::sim_intel_attester(shared), shared};
}
Result<AttesterSetup> make_tdx(const AttesterOptions& options) { return make_intel(options, false); }
Result<AttesterSetup> make_sgx(const AttesterOptions& options) { return make_intel(options, true); }

constexpr Simulated kSimulated[] = {{"sim-snp", "snp", make_snp}, {"sim-tdx", "tdx", make_tdx}, {"sim-sgx", "sgx", make_sgx}};

const Simulated* find_simulated(std::string_view name) {
  const auto* row = std::find_if(std::begin(kSimulated), std::end(kSimulated), [&](const Simulated& s) { return s.name == name; });
  return row == std::end(kSimulated) ? nullptr : row;
}

// "sim-tdx or sim-sgx": the attesters that have this fault.
std::string attesters_with(const sim::Fault& fault) {
  std::string out;
  for (const Simulated& row : kSimulated)
    if (sim::applies_to(fault, row.format)) out += (out.empty() ? "" : " or ") + std::string(row.name);
  return out;
}

// The faults must exist and be possible together with this attester.
Status check_faults(const AttesterOptions& options, const Simulated* simulated, bool any_evidence) {
  for (const std::string& name : options.faults) {
    const sim::Fault* fault = sim::find_fault(name);
    if (fault == nullptr) return bad_value("--fault", "unknown fault \"" + name + "\"; --list-faults shows them all");
    const bool of_handshake = fault->layer == sim::FaultLayer::handshake;
    if (!of_handshake && simulated == nullptr) return bad_value("--fault " + name, "changes the simulated platform; it needs --attester " + attesters_with(*fault));
    if (!of_handshake && !sim::applies_to(*fault, simulated->format))
      return bad_value("--fault " + name, "does not exist for " + std::string(simulated->name) + "; it is a fault of " + attesters_with(*fault));
    if (fault->needs == "vcek" && !options.vlek.empty()) return bad_value("--fault " + name, "changes the VCEK; it cannot be used with --vlek");
    if (fault->needs == "quote-version-5" && options.quote_version != "5")
      return bad_value("--fault " + name, "exists in quotes of version 5 only; give --quote-version 5");
    if (of_handshake && !any_evidence && name != "tickets" && name != "no-nonce-request" && name != "two-nonce-requests" && !name.starts_with("leaf-"))
      return bad_value("--fault " + name, "changes evidence, and there is none with --attester none");
  }
  return ok();
}

Result<AttesterSetup> owned(Result<std::unique_ptr<Attester>> made) {
  if (!made) return made.error();
  return AttesterSetup{std::move(*made), nullptr};
}

}  // namespace

Result<AttesterSetup> attester_from_spec(const AttesterOptions& given) {
  AttesterOptions options = given;
  const std::size_t colon = options.spec.find(':');
  const std::string kind = options.spec.substr(0, colon);
  const std::string rest = colon == std::string::npos ? std::string() : options.spec.substr(colon + 1);
  const Simulated* simulated = find_simulated(kind);
  if (const auto fits = refuse_other_flags(kind, options); !fits) return fits.error();
  if (simulated != nullptr)
    if (const auto merged = merge_parameters(kind, rest, options); !merged) return merged.error();
  if (const auto faults = check_faults(options, simulated, kind != "none"); !faults) return faults.error();
  if (simulated != nullptr) return simulated->make(options);
  if (kind == "file" && !rest.empty()) return owned(file_attester(rest));
  if (kind == "tsm") {
    TsmOptions tsm;
    if (!rest.empty()) tsm.root = rest;
    return owned(tsm_attester(tsm));
  }
  if (options.spec == "fake") return AttesterSetup{fake_attester(), nullptr};
  if (options.spec == "none") return AttesterSetup{};
  return bad_value(options.spec, "unknown attester; expected sim-snp, sim-tdx, sim-sgx, fake, file:PATH, tsm, tsm:PATH or none");
}

std::string why_not_served(const AttesterSetup& setup) {
  if (!setup.platform || setup.platform->format() != "sgx") return {};
  return "no profile has a document for an SGX quote: the attester sim-sgx can only be exported (--export-platform) and judged by atls-verify";
}

}  // namespace atls::tools
