#include "common/attester.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/hex.hpp"
#include "sim/faults.hpp"

namespace atls::tools {
namespace {

constexpr std::string_view kDefaultSeed = "atls";

Error usage(std::string where, std::string detail) { return {Errc::bad_value, std::move(where), std::move(detail)}; }

std::optional<snp::ProductLine> product_from(std::string name) {
  if (!name.empty()) name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
  std::transform(name.begin() + (name.empty() ? 0 : 1), name.end(), name.begin() + (name.empty() ? 0 : 1), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const snp::ProductLine line : {snp::ProductLine::milan, snp::ProductLine::genoa, snp::ProductLine::turin})
    if (snp::product_name(line) == name) return line;
  return std::nullopt;
}

// "seed=x,product=genoa,vlek" into the same fields as the flags; a key given twice, here or as a flag, is an error.
Status merge_parameters(std::string_view parameters, AttesterOptions& options) {
  while (!parameters.empty()) {
    const std::string_view part = parameters.substr(0, parameters.find(','));
    parameters.remove_prefix(std::min(parameters.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    const std::string value(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
    struct Text { std::string_view key; std::string* field; };
    const std::array texts{Text{"seed", &options.seed}, Text{"product", &options.product}, Text{"measurement", &options.measurement}, Text{"host-data", &options.host_data}};
    const auto text = std::find_if(texts.begin(), texts.end(), [&](const Text& t) { return t.key == key; });
    const bool twice = (text != texts.end() && !text->field->empty()) || (key == "version" && options.report_version != 0) || (key == "vlek" && options.vlek);
    if (twice) return usage(std::string(key), "given twice for the simulated attester");
    if (key == "vlek" && equals == std::string_view::npos) {
      options.vlek = true;
    } else if (value.empty()) {
      return usage(std::string(key), "expected KEY=VALUE or vlek after \"sim-snp:\"");
    } else if (text != texts.end()) {
      *text->field = value;
    } else if (key == "version" && value.size() == 1 && value[0] >= '2' && value[0] <= '5') {
      options.report_version = static_cast<unsigned>(value[0] - '0');
    } else if (key == "version") {
      return usage("version", "report version " + value + " cannot be simulated; expected 2 to 5");
    } else {
      return usage(std::string(key), "unknown parameter of sim-snp; expected seed, product, version, vlek, measurement or host-data");
    }
  }
  return ok();
}

// The faults must exist and be possible together with this attester.
Status check_faults(const AttesterOptions& options, bool simulated, bool any_evidence) {
  for (const std::string& name : options.faults) {
    const sim::Fault* fault = sim::find_fault(name);
    if (fault == nullptr) return usage("--fault", "unknown fault \"" + name + "\"; --list-faults shows them all");
    const bool of_handshake = fault->layer == sim::FaultLayer::handshake;
    if (fault->needs == "vcek" && options.vlek) return usage("--fault " + name, "changes the VCEK; it cannot be used with --vlek");
    if (!of_handshake && !simulated) return usage("--fault " + name, "changes the simulated platform; it needs --attester sim-snp");
    if (simulated && !sim::applies_to(*fault, "snp")) return usage("--fault " + name, "does not exist for sim-snp; it is a fault of Intel platforms");
    if (of_handshake && !any_evidence && name != "tickets" && name != "no-nonce-request" && name != "two-nonce-requests" && !name.starts_with("leaf-"))
      return usage("--fault " + name, "changes evidence, and there is none with --attester none");
  }
  return ok();
}

Result<AttesterSetup> simulated(const AttesterOptions& options) {
  sim::SnpOptions platform;
  platform.seed = options.seed.empty() ? std::string(kDefaultSeed) : options.seed;
  platform.vlek = options.vlek;
  if (options.report_version != 0) platform.report_version = options.report_version;
  if (!options.product.empty()) {
    const auto line = product_from(options.product);
    if (!line) return usage("--product", "unknown product \"" + options.product + "\"; expected milan, genoa or turin");
    platform.product = *line;
  }
  struct Pin { const std::string* text; std::size_t size; std::string_view name; std::optional<Buffer>* target; };
  for (const Pin& pin : {Pin{&options.measurement, 48, "measurement", &platform.measurement}, Pin{&options.host_data, 32, "host data", &platform.host_data}}) {
    if (pin.text->empty()) continue;
    auto bytes = from_hex_of_size(*pin.text, pin.size, pin.name);
    if (!bytes) return usage(std::string(pin.name) + " of the simulated attester", bytes.error().detail);
    *pin.target = std::move(*bytes);
  }
  for (const std::string& name : options.faults)
    if (sim::find_fault(name)->layer != sim::FaultLayer::handshake) platform.faults.push_back(name);
  auto made = sim::SnpPlatform::create(std::move(platform));
  if (!made) return made.error();
  AttesterSetup setup;
  const std::shared_ptr<const sim::SnpPlatform> shared = std::move(*made);
  setup.platform = shared;
  setup.attester = sim::sim_snp_attester(shared);
  return setup;
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
  if (kind == "sim-snp") {
    if (const auto merged = merge_parameters(rest, options); !merged) return merged.error();
  } else {
    const char* flag = !options.seed.empty() ? "--seed" : !options.product.empty() ? "--product" : options.report_version != 0 ? "--report-version"
                       : options.vlek ? "--vlek" : !options.measurement.empty() ? "--sim-measurement" : !options.host_data.empty() ? "--sim-host-data" : nullptr;
    if (flag != nullptr) return usage(flag, "describes the simulated platform; it cannot be used with the attester " + options.spec);
  }
  if (const auto faults = check_faults(options, kind == "sim-snp", kind != "none"); !faults) return faults.error();
  if (kind == "sim-snp") return simulated(options);
  if (kind == "file" && !rest.empty()) return owned(file_attester(rest));
  if (kind == "tsm") {
    TsmOptions tsm;
    if (!rest.empty()) tsm.root = rest;
    return owned(tsm_attester(tsm));
  }
  if (options.spec == "fake") return AttesterSetup{fake_attester(), nullptr};
  if (options.spec == "none") return AttesterSetup{};
  return usage(options.spec, "unknown attester; expected sim-snp, fake, file:PATH, tsm, tsm:PATH or none");
}

}  // namespace atls::tools
