#include "collateral/export.hpp"

#include "collateral/intel.hpp"
#include "collateral/providers.hpp"
#include "crypto/certificate.hpp"
#include "intel/bundle.hpp"
#include "intel/collateral.hpp"
#include "pem/pem.hpp"

namespace atls {
namespace {

struct FormName { ExportForm form; std::string_view name; };
constexpr FormName kForms[] = {{ExportForm::dcap_qvl, "dcap-qvl"}, {ExportForm::intel_dir, "intel-dir"}, {ExportForm::go_getter, "go-getter"}};

std::string pem_of(const std::vector<Buffer>& chain) {
  std::string out;
  for (const Buffer& der : chain) out += pem::encode("CERTIFICATE", der);
  return out;
}

Error missing(CollateralKind kind) {
  return {Errc::not_found, "export", "no " + std::string(collateral_kind_name(kind)) + " was used, so there is nothing complete to write; give the collateral, or allow the network"};
}

// Everything that is written, chosen and with its chains.
class Chosen {
 public:
  explicit Chosen(const std::vector<CollateralItem>& items) {
    for (const CollateralItem& item : items)
      if (is_intel(item.kind))
        if (auto object = identify(item)) objects_.push_back(*std::move(object));
  }

  Result<CollateralObject> dated(CollateralKind kind) const {
    const CollateralObject* best = nullptr;
    for (const CollateralObject& o : objects_)
      if (o.kind == kind && o.flaw.empty() && (best == nullptr || o.this_update > best->this_update)) best = &o;
    if (best == nullptr) return missing(kind);
    CollateralObject out = *best;
    if (out.issuer_chain.size() < 2 && kind != CollateralKind::intel_root_crl) {   // a loose file: its signer is another object
      const CollateralObject* signer = certificate(kind == CollateralKind::intel_pck_crl ? CollateralKind::intel_pck_ca : CollateralKind::intel_tcb_signer, out.processor_ca);
      const CollateralObject* root = certificate(CollateralKind::intel_root, false);
      if (signer == nullptr) return missing(kind == CollateralKind::intel_pck_crl ? CollateralKind::intel_pck_ca : CollateralKind::intel_tcb_signer);
      if (root == nullptr) return missing(CollateralKind::intel_root);
      out.issuer_chain = {signer->data, root->data};
    }
    return out;
  }

 private:
  const CollateralObject* certificate(CollateralKind kind, bool processor) const {
    for (const CollateralObject& o : objects_)
      if (o.kind == kind && (kind != CollateralKind::intel_pck_ca || o.processor_ca == processor)) return &o;
    return nullptr;
  }
  std::vector<CollateralObject> objects_;
};

std::vector<ExportFile> one_file(Buffer content) {
  std::vector<ExportFile> out;
  out.push_back({"", std::move(content)});
  return out;
}

}  // namespace

std::string_view export_form_name(ExportForm form) {
  for (const FormName& row : kForms)
    if (row.form == form) return row.name;
  return "unknown";
}

std::optional<ExportForm> export_form_from(std::string_view name) {
  for (const FormName& row : kForms)
    if (row.name == name) return row.form;
  return {};
}

Result<std::vector<ExportFile>> export_collateral(const std::vector<CollateralItem>& items, ExportForm form, const std::string& pck_chain) {
  const Chosen chosen(items);
  const auto root_crl = chosen.dated(CollateralKind::intel_root_crl), pck_crl = chosen.dated(CollateralKind::intel_pck_crl), tcb = chosen.dated(CollateralKind::intel_tcb_info),
             qe = chosen.dated(CollateralKind::intel_qe_identity);
  for (const auto* object : {&root_crl, &pck_crl, &tcb, &qe})
    if (!*object) return object->error();

  if (form == ExportForm::go_getter) {
    const PcsOptions service;
    const auto url = [&](const CollateralObject& o) {
      CollateralQuery query{.kind = o.kind, .fmspc = o.fmspc, .tdx = o.tdx, .processor_ca = o.processor_ca};
      return service.base_url + pcs_path(query, "");
    };
    return one_file(intel::encode_go_getter({{url(*tcb), "Tcb-Info-Issuer-Chain", pem_of(tcb->issuer_chain), tcb->data},
                                             {url(*qe), "Sgx-Enclave-Identity-Issuer-Chain", pem_of(qe->issuer_chain), qe->data},
                                             {url(*pck_crl), "Sgx-Pck-Crl-Issuer-Chain", pem_of(pck_crl->issuer_chain), pck_crl->data},
                                             {service.root_crl_url, "", "", root_crl->data}}));
  }
  if (form == ExportForm::intel_dir) {
    std::vector<ExportFile> out{{"trustedRootCaCert.pem", to_buffer(pem_of({tcb->issuer_chain.back()}))},
                                {"pckSignChain.pem", to_buffer(pem_of(pck_crl->issuer_chain))},
                                {"tcbSignChain.pem", to_buffer(pem_of(tcb->issuer_chain))},
                                {"tcbInfo.json", tcb->data},
                                {"qeIdentity.json", qe->data},
                                {"rootCaCrl.der", root_crl->data},
                                {"intermediateCaCrl.der", pck_crl->data}};
    if (!pck_chain.empty())
      if (const auto blocks = pem::parse(as_bytes(pck_chain)); blocks && !blocks->empty()) out.push_back({"pckCert.pem", to_buffer(pem_of({blocks->front().data}))});
    return out;
  }
  const auto tcb_document = intel::parse_tcb_info(tcb->data);
  const auto qe_document = intel::parse_qe_identity(qe->data);
  if (!tcb_document) return tcb_document.error();
  if (!qe_document) return qe_document.error();
  intel::QuoteCollateral c;
  c.pck_crl_issuer_chain = pem_of(pck_crl->issuer_chain);
  c.root_ca_crl = root_crl->data;
  c.pck_crl = pck_crl->data;
  c.tcb_info_issuer_chain = pem_of(tcb->issuer_chain);
  c.tcb_info = tcb_document->signed_bytes;
  c.tcb_info_signature = to_buffer(tcb_document->signature);
  c.qe_identity_issuer_chain = pem_of(qe->issuer_chain);
  c.qe_identity = qe_document->signed_bytes;
  c.qe_identity_signature = to_buffer(qe_document->signature);
  c.pck_certificate_chain = pck_chain;
  return one_file(intel::encode_dcap_qvl(c));
}

}  // namespace atls
