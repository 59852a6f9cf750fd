// One TDX platform and its collateral, up to date in every part. Tests change one thing.
#pragma once

#include "evidence/intel_tcb.hpp"

namespace atls::test {

struct TcbWorld {
  intel::PckExtension pck;
  intel::TcbInfo info;
  intel::QeIdentity qe;
  bool tdx = true, with_qe = true;
  std::uint16_t qe_svn = 7;
  std::array<std::uint8_t, 16> svn{6, 1, 3};
  std::optional<std::array<std::uint8_t, 16>> svn2;
  std::array<std::uint8_t, 48> signer{};
  std::uint64_t seam_attributes = 0;

  static intel::TcbLevel level(std::array<std::uint8_t, 16> sgx, std::uint16_t pce, std::array<std::uint8_t, 16> tdx, std::string status, std::string date, std::vector<std::string> advisories = {}) {
    intel::TcbLevel l;
    for (std::size_t i = 0; i < 16; ++i) l.sgx[i].svn = sgx[i];
    l.tdx.emplace();
    for (std::size_t i = 0; i < 16; ++i) (*l.tdx)[i].svn = tdx[i];
    l.pce_svn = pce;
    l.status = std::move(status);
    l.tcb_date = std::move(date);
    l.advisories = std::move(advisories);
    return l;
  }
  static intel::IsvLevel isv(std::uint16_t svn, std::string status, std::string date, std::vector<std::string> advisories = {}) { return {svn, std::move(date), std::move(status), std::move(advisories)}; }
  static intel::TdxModuleIdentity identity(std::string id, std::vector<intel::IsvLevel> levels) {
    intel::TdxModuleIdentity m;
    m.id = std::move(id);
    m.attributes_mask.fill(0xFF);
    m.levels = std::move(levels);
    return m;
  }

  TcbWorld() {
    pck.components = {3, 3, 2, 2, 4, 1, 0, 5};
    pck.cpu_svn = pck.components;
    pck.pce_svn = 13;
    pck.fmspc = {0x90, 0xC0, 0x6F, 0, 0, 0};
    info.id = "TDX";
    info.version = 3;
    info.fmspc = "90C06F000000";
    info.pce_id = "0000";
    info.evaluation_number = 18;
    info.tdx_module = identity("", {});
    info.tdx_module_identities = {identity("TDX_03", {isv(5, "UpToDate", "2025-05-14T00:00:00Z")}),
                                  identity("TDX_01", {isv(6, "UpToDate", "2024-11-13T00:00:00Z"), isv(4, "OutOfDate", "2023-08-09T00:00:00Z", {"INTEL-SA-01036", "INTEL-SA-00001"})})};
    info.levels = {level({3, 3, 2, 2, 4, 1, 0, 5}, 13, {5, 0, 3}, "UpToDate", "2024-03-13T00:00:00Z"),
                   level({2, 2, 2, 2, 3, 1, 0, 5}, 13, {5, 0, 2}, "OutOfDate", "2023-08-09T00:00:00Z", {"INTEL-SA-00960"}),
                   level({2, 2, 2, 2, 3, 1, 0, 5}, 5, {5, 0, 2}, "OutOfDate", "2018-01-04T00:00:00Z", {"INTEL-SA-00960", "INTEL-SA-00477"})};
    qe.id = "TD_QE";
    qe.version = 2;
    qe.levels = {isv(7, "UpToDate", "2024-03-13T00:00:00Z"), isv(4, "OutOfDate", "2020-01-01T00:00:00Z", {"INTEL-SA-00219"})};
  }
  evidence::TcbInput input() const { return {pck, qe_svn, tdx, svn, svn2, signer, seam_attributes, info, with_qe ? &qe : nullptr}; }
  evidence::TcbEvaluation run(evidence::TcbProfile profile = evidence::TcbProfile::qvl_2026) const { return evidence::evaluate_tcb(profile, input()); }
  std::string status(evidence::TcbProfile profile = evidence::TcbProfile::qvl_2026) const { return std::string(evidence::tcb_status_name(run(profile).status)); }

  void make_sgx() {
    tdx = false;
    info.id = "SGX";
    info.tdx_module.reset();
    info.tdx_module_identities.clear();
    for (auto& l : info.levels) l.tdx.reset();
    qe.id = "QE";
  }
};

}  // namespace atls::test
