// Bundles for other programs.
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/percent.hpp"
#include "intel/bundle.hpp"

namespace atls::intel {

using Ordered = nlohmann::ordered_json;

Buffer encode_dcap_qvl(const QuoteCollateral& c) {
  const auto text = [](Bytes bytes) { return std::string(as_text(bytes)); };
  Ordered out{{"pck_crl_issuer_chain", c.pck_crl_issuer_chain},
              {"root_ca_crl", hex(c.root_ca_crl)},
              {"pck_crl", hex(c.pck_crl)},
              {"tcb_info_issuer_chain", c.tcb_info_issuer_chain},
              {"tcb_info", text(c.tcb_info)},
              {"tcb_info_signature", hex(c.tcb_info_signature)},
              {"qe_identity_issuer_chain", c.qe_identity_issuer_chain},
              {"qe_identity", text(c.qe_identity)},
              {"qe_identity_signature", hex(c.qe_identity_signature)}};
  if (!c.pck_certificate_chain.empty()) out["pck_certificate_chain"] = c.pck_certificate_chain;
  return to_buffer(out.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n");
}

Buffer encode_go_getter(const std::vector<RecordedAnswer>& answers) {
  Ordered out = Ordered::object();
  for (const RecordedAnswer& a : answers) {
    Ordered headers = Ordered::object();
    if (!a.header.empty()) headers[a.header] = Ordered::array({percent_encode(a.header_value)});
    out[a.url] = {{"headers", std::move(headers)}, {"body_base64", base64(a.body)}};
  }
  return to_buffer(out.dump(2) + "\n");
}

}  // namespace atls::intel
