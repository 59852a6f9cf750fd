#include "atls-connect/save.hpp"

#include <nlohmann/json.hpp>

#include "evidence/bundle.hpp"
#include "pem/pem.hpp"
#include "profile/constellation.hpp"
#include "report/render.hpp"

namespace atls::connect {
namespace {

std::optional<evidence::Evidence> evidence_of(const Attested& attested) {
  Report scratch;   // its checks are in the report already
  return profile::constellation::extract(attested.chain, attested.nonce, false, attested.report.time, scratch).evidence;
}

Buffer bundle_of(const Attested& attested) {
  evidence::Bundle bundle;
  bundle.time = attested.report.time;
  bundle.tool = attested.report.tool;
  bundle.version = attested.report.version;
  bundle.subject = attested.report.subject;
  bundle.profile = attested.report.profile;
  bundle.role = "server";
  bundle.tls = attested.report.tls;
  bundle.chain = attested.chain;
  if (const auto evidence = evidence_of(attested)) bundle.evidence.push_back({evidence->format, evidence->data});
  bundle.nonce = attested.nonce;
  for (const CollateralItem& item : attested.collateral) bundle.collateral.push_back({item, item.obtained.value_or(attested.report.time)});
  bundle.report_json = report_json(attested.report).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return encode_bundle(bundle);
}

}  // namespace

std::string certificates_pem(const std::vector<Buffer>& chain) {
  std::string out;
  for (const Buffer& der : chain) out += pem::encode("CERTIFICATE", der);
  return out;
}

bool save(const Options& options, const Attested& attested, tools::Io& io) {
  bool good = true;
  const auto write = [&](const char* option, const std::string& path, Bytes content) {
    if (const Status s = tools::write_output(io, path, content, false); !s) {
      tools::print_error(io, kTool.name, std::string(option) + ": " + s.error().message());
      good = false;
    }
  };
  const bool wanted = !options.save_bundle.empty() || !options.save_cert.empty() || !options.save_evidence.empty() || !options.save_collateral.path.empty();
  if (!wanted) return true;
  if (attested.chain.empty()) {
    tools::print_error(io, kTool.name, "nothing was saved: the server presented no certificate");
    return true;   // the verdict says why
  }
  if (!options.save_bundle.empty()) write("--save-bundle", options.save_bundle, bundle_of(attested));
  if (!options.save_cert.empty()) write("--save-cert", options.save_cert, as_bytes(certificates_pem(attested.chain)));
  if (!options.save_evidence.empty()) {
    if (const auto evidence = evidence_of(attested)) write("--save-evidence", options.save_evidence, evidence->data);
    else tools::print_error(io, kTool.name, "no evidence was saved: none could be taken out of the certificate");
  }
  if (!options.save_collateral.path.empty()) {
    const auto evidence = evidence_of(attested);
    good = tools::save_collateral(io, kTool, options.save_collateral, attested.collateral, attested.report, evidence ? Bytes(evidence->data) : Bytes()) && good;
  }
  return good;
}

}  // namespace atls::connect
