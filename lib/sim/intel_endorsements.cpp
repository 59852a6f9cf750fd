#include "sim/intel_endorsements.hpp"

#include <algorithm>

#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/ca_keys.hpp"
#include "sim/faults.hpp"
#include "sim/intel_collateral.hpp"
#include "sim/intel_pck_extension.hpp"
#include "sim/intel_quote_faults.hpp"
#include "sim/intel_x509.hpp"

namespace atls::sim {
namespace {

using namespace std::chrono;
using enum CollateralKind;

constexpr Time kEarlyEnd = sys_days{year{2024} / 7 / 1}, kLateBegin = sys_days{year{2048} / 1 / 1};

// The validity that a fault of this object asks for: `name`-expired, `name`-future.
Validity validity_of(const IntelOptions& options, const std::string& name) {
  if (has_fault(options, name + "-expired")) return {kCaValidity.not_before, kEarlyEnd};
  if (has_fault(options, name + "-future")) return {kLateBegin, kCaValidity.not_after};
  return kCaValidity;
}

bool is_usual(const Validity& v) { return v.not_before == kCaValidity.not_before && v.not_after == kCaValidity.not_after; }

// An authority as it is shown: certificate and key.
struct Authority { crypto::X509Ptr certificate; crypto::PkeyPtr key; };

// self-made-root: a whole foreign hierarchy under Intel's names.
bool is_foreign(const IntelOptions& options) { return has_fault(options, "self-made-root"); }

Authority foreign_root() { return {make_intel_ca(IntelCa::root, nullptr, true), intel_ca_key(IntelCa::root, true)}; }
Authority root_of(const IntelOptions& options) {
  if (is_foreign(options)) return foreign_root();
  return {parse_certificate(intel_anchor(intel_root)), intel_ca_key(IntelCa::root)};
}

Authority pck_ca_of(const IntelOptions& options, const Authority& root) {
  const bool processor = has_fault(options, "processor-ca"), rsa = has_fault(options, "pck-ca-rsa"), p384 = has_fault(options, "pck-ca-p384");
  const IntelCa which = processor ? IntelCa::processor : IntelCa::platform;
  const Validity validity = validity_of(options, "pck-ca");
  Authority out{nullptr, rsa    ? ca_key(KeyOwner::foreign, evidence::CaRole::ask)
                         : p384 ? derived_ec_key(Curve::p384, "Intel authorities", "p384-ca")
                                : intel_ca_key(which, is_foreign(options))};
  if (!is_foreign(options) && !rsa && !p384 && is_usual(validity)) {
    out.certificate = parse_certificate(intel_anchor(intel_pck_ca, {.processor_ca = processor}));
  } else {
    out.certificate = make_intel_certificate({.common_name = intel_common_name(which), .use = IntelUse::ca, .key = out.key.get(), .issuer_key = root.key.get(),
                                              .issuer = root.certificate.get(), .validity = validity});
  }
  return out;
}

Buffer tcb_signer_of(const IntelOptions& options, const Authority& root) {
  const Validity validity = validity_of(options, "tcb-signer");
  const bool wrong_name = has_fault(options, "tcb-signer-wrong-name");
  if (has_fault(options, "collateral-of-other-root")) {   // beside the platform's own root, which certifies the rest
    const Authority other = foreign_root();
    const crypto::PkeyPtr other_signer = intel_ca_key(IntelCa::tcb_signer, true);
    return der_of(make_intel_certificate({.common_name = intel_common_name(IntelCa::tcb_signer), .use = IntelUse::tcb_signer, .key = other_signer.get(),
                                          .issuer_key = other.key.get(), .issuer = other.certificate.get()}).get());
  }
  if (!is_foreign(options) && !wrong_name && is_usual(validity)) return intel_anchor(intel_tcb_signer);
  const crypto::PkeyPtr key = intel_ca_key(IntelCa::tcb_signer, is_foreign(options));
  return der_of(make_intel_certificate({.common_name = wrong_name ? "Intel SGX Signing" : intel_common_name(IntelCa::tcb_signer), .use = IntelUse::tcb_signer, .key = key.get(),
                                        .issuer_key = root.key.get(), .issuer = root.certificate.get(), .validity = validity}).get());
}

crypto::X509Ptr pck_of(const IntelOptions& options, const IntelIdentity& identity, const Authority& ca) {
  return make_intel_certificate({.common_name = has_fault(options, "pck-wrong-name") ? "Intel SGX Certificate" : kPckCommonName, .use = IntelUse::pck,
                                 .key = identity.pck_key.get(), .issuer_key = ca.key.get(), .issuer = ca.certificate.get(), .validity = validity_of(options, "pck"),
                                 .crl_url = pck_crl_url(has_fault(options, "processor-ca")), .sgx_extension = make_pck_extension(options, identity)});
}

Buffer serial_of(X509* certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  return {ASN1_STRING_get0_data(serial), ASN1_STRING_get0_data(serial) + ASN1_STRING_length(serial)};
}

// `name`: "root-crl" or "pck-crl"; its faults are -expired, -wrong-issuer, -bad-signature, -absent.
Buffer intel_crl_of(const IntelOptions& options, const std::string& name, const Authority& issuer, IntelCa which, std::vector<Buffer> revoked) {
  if (has_fault(options, name + "-absent")) return {};
  IntelCrlRequest request{.issuer = issuer.certificate.get(), .key = issuer.key.get(), .revoked = std::move(revoked), .number = 2};
  if (has_fault(options, name + "-expired")) request.updates.not_after = kEarlyEnd;
  crypto::X509Ptr other;
  if (has_fault(options, name + "-wrong-issuer")) {       // the key of the authority under the name of another corporation
    other = make_intel_certificate({.common_name = intel_common_name(which), .use = IntelUse::root, .key = issuer.key.get(), .issuer_key = issuer.key.get(),
                                    .organization = "Another Corporation"});
    request.issuer = other.get();
  }
  const crypto::PkeyPtr other_key = intel_ca_key(which, true);
  if (has_fault(options, name + "-bad-signature")) request.key = other_key.get();
  return make_intel_crl(request);
}

bool has_crl_fault(const IntelOptions& options, const std::string& name) {
  for (const char* fault : {"-expired", "-wrong-issuer", "-bad-signature", "-absent"})
    if (has_fault(options, name + fault)) return true;
  return is_foreign(options);
}

std::string quote_chain(const IntelOptions& options, const IntelEndorsements& e) {
  std::vector<Buffer> chain{e.pck, e.pck_ca, e.root};
  if (has_fault(options, "chain-without-root")) chain.pop_back();
  if (has_fault(options, "chain-extra-certificate")) chain.push_back(intel_anchor(intel_tcb_signer));
  if (has_fault(options, "chain-leaf-last")) std::swap(chain.front(), chain.back());
  std::string out;
  for (const Buffer& der : chain) out += pem::encode("CERTIFICATE", der);
  return out;
}

}  // namespace

IntelEndorsements make_intel_endorsements(const IntelOptions& options, const IntelIdentity& identity) {
  IntelEndorsements out;
  out.processor_ca = has_fault(options, "processor-ca");
  const Authority root = root_of(options), ca = pck_ca_of(options, root);
  const crypto::X509Ptr pck = pck_of(options, identity, ca);
  out.root = der_of(root.certificate.get());
  out.pck_ca = der_of(ca.certificate.get());
  out.pck = der_of(pck.get());
  out.tcb_signer = tcb_signer_of(options, root);

  std::vector<Buffer> by_root, by_ca;
  if (has_fault(options, "pck-ca-revoked")) by_root.push_back(serial_of(ca.certificate.get()));
  if (has_fault(options, "tcb-signer-revoked")) by_root.push_back(serial_of(parse_certificate(out.tcb_signer).get()));
  if (has_fault(options, "pck-revoked")) by_ca.push_back(serial_of(pck.get()));
  out.root_crl = by_root.empty() && !has_crl_fault(options, "root-crl") ? intel_anchor(intel_root_crl) : intel_crl_of(options, "root-crl", root, IntelCa::root, by_root);
  const bool own_key = has_fault(options, "pck-ca-rsa") || has_fault(options, "pck-ca-p384");
  const IntelCa which = out.processor_ca ? IntelCa::processor : IntelCa::platform;
  out.pck_crl = by_ca.empty() && !own_key && !has_crl_fault(options, "pck-crl") ? intel_anchor(intel_pck_crl, {.processor_ca = out.processor_ca})
                                                                                : intel_crl_of(options, "pck-crl", ca, which, by_ca);
  const bool own_documents = is_foreign(options) || std::any_of(options.faults.begin(), options.faults.end(), [](const std::string& name) {
    const Fault* fault = find_fault(name);
    return fault != nullptr && fault->layer == FaultLayer::collateral;
  });
  out.tcb_info = own_documents ? to_buffer(make_tcb_info(options)) : intel_anchor(intel_tcb_info, {.tdx = !options.sgx});
  out.qe_identity = own_documents ? to_buffer(make_qe_identity(options)) : intel_anchor(intel_qe_identity, {.tdx = !options.sgx});
  out.quote_chain = quote_chain(options, out);
  return out;
}

}  // namespace atls::sim
