#include "sim/kds_answer.hpp"

#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "base/hex.hpp"
#include "base/text.hpp"
#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/report_build.hpp"

namespace atls::sim {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Decimal, with or without leading zeros, in any order; each component of the layout once and nothing else.
bool asks_for(const snp::TcbVersion& tcb, snp::TcbLayout layout, std::string_view query) {
  using enum snp::TcbComponent;
  const std::map<std::string_view, snp::TcbComponent> names{
      {"fmcSPL", fmc}, {"blSPL", bootloader}, {"teeSPL", tee}, {"snpSPL", snp::TcbComponent::snp}, {"ucodeSPL", microcode}};
  std::size_t wanted = 0;
  for (const snp::TcbComponent component : snp::kTcbComponents) wanted += tcb.component(component, layout).has_value() ? 1 : 0;
  std::map<snp::TcbComponent, unsigned> given;
  for (const std::string_view part : split(query, '&')) {
    const std::size_t equals = part.find('=');
    const auto name = names.find(part.substr(0, equals));
    if (equals == std::string_view::npos || name == names.end()) return false;
    const std::string_view digits = part.substr(equals + 1);
    unsigned value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || !given.emplace(name->second, value).second) return false;
    const auto have = tcb.component(name->second, layout);
    if (!have || *have != value) return false;
  }
  return given.size() == wanted;
}

}  // namespace

HttpAnswer kds_answer(const SnpPlatform& platform, std::string_view target) {
  const SnpOptions& options = platform.options();
  const std::size_t question = target.find('?');
  const std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  const std::vector<std::string_view> path = split(target.substr(0, question), '/');   // "", vcek|vlek, v1, product, object
  if (path.size() != 5 || !path[0].empty() || (path[1] != "vcek" && path[1] != "vlek") || path[2] != "v1")
    return refuse(404, "no such path");
  if (path[3] != snp::product_name(options.product)) return refuse(404, "no such product");
  const bool vlek = path[1] == "vlek";
  const std::string_view object = path[4];
  if (object == "crl") return {200, "application/pkix-crl", platform.crl_der(), {}};
  if (object == "cert_chain") {
    const bool own = vlek == signs_with_vlek(options);   // the chain of the other kind of key has no faults
    const Buffer ask = own ? platform.ask_der() : anchor(vlek ? CollateralKind::amd_asvk : CollateralKind::amd_ask, options.product);
    const Buffer ark = own ? platform.ark_der() : anchor(CollateralKind::amd_ark, options.product);
    return {200, "application/x-pem-file", to_buffer(pem::encode("CERTIFICATE", ask) + pem::encode("CERTIFICATE", ark)), {}};
  }
  if (vlek) return refuse(403, "VLEK certificates are for cloud providers only");
  if (signs_with_vlek(options)) return refuse(404, "this simulated platform signs with its VLEK");
  const auto chip = platform.chip_id();
  const std::size_t size = options.product == snp::ProductLine::turin ? 8 : 64;
  if (lower(object) != hex(Bytes(chip).first(size))) return refuse(404, "no such chip");
  if (!asks_for(platform.reported_tcb(), snp::tcb_layout(options.product), query)) return refuse(404, "no certificate for this TCB");
  return {200, "application/x-x509-ca-cert", platform.vek_der(), {}};
}

HttpAnswer kds_answer_of_other(const SnpPlatform& other, snp::ProductLine asked, std::string_view target) {
  if (target.find("/crl") != std::string_view::npos) return {200, "application/pkix-crl", other.crl_der(), {}};
  if (target.find("/cert_chain") == std::string_view::npos) return {200, "application/x-x509-ca-cert", other.vek_der(), {}};
  std::string path(target);
  const std::string own(snp::product_name(asked)), name(snp::product_name(other.options().product));
  if (const std::size_t at = path.find(own); at != std::string::npos) path.replace(at, own.size(), name);
  return kds_answer(other, path);
}

}  // namespace atls::sim
