#include "sim/intel_endorsements.hpp"

#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/intel_x509.hpp"

namespace atls::sim {

IntelEndorsements make_intel_endorsements(const IntelOptions& options, const IntelIdentity& identity) {
  using enum CollateralKind;
  IntelEndorsements out{.pck_ca = intel_anchor(intel_pck_ca), .root = intel_anchor(intel_root), .tcb_signer = intel_anchor(intel_tcb_signer),
                        .root_crl = intel_anchor(intel_root_crl), .pck_crl = intel_anchor(intel_pck_crl),
                        .tcb_info = intel_anchor(intel_tcb_info, {.tdx = !options.sgx}), .qe_identity = intel_anchor(intel_qe_identity, {.tdx = !options.sgx})};
  const crypto::PkeyPtr ca_key = intel_ca_key(IntelCa::platform);
  const crypto::X509Ptr ca = parse_certificate(out.pck_ca);
  out.pck = der_of(make_intel_certificate({.common_name = kPckCommonName, .use = IntelUse::pck, .key = identity.pck_key.get(), .issuer_key = ca_key.get(),
                                           .issuer = ca.get(), .crl_url = pck_crl_url(false), .sgx_extension = intel::encode_pck_extension(identity.pck)}).get());
  for (const Buffer* der : {&out.pck, &out.pck_ca, &out.root}) out.quote_chain += pem::encode("CERTIFICATE", *der);
  return out;
}

}  // namespace atls::sim
