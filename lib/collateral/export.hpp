// Intel collateral for other programs: what was used for one verdict, in the form that they read. Reading it back gives the same verdict.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collateral/collateral.hpp"

namespace atls {

enum class ExportForm {
  dcap_qvl,    // one JSON file, "QuoteCollateralV3" of dcap-qvl
  intel_dir,   // the directory of Intel's AttestationApp: tcbInfo.json, qeIdentity.json, tcbSignChain.pem, pckSignChain.pem, rootCaCrl.der ...
  go_getter,   // one JSON file of answers for the getter of go-tdx-guest
};
std::string_view export_form_name(ExportForm form);
std::optional<ExportForm> export_form_from(std::string_view name);
inline constexpr std::string_view kExportForms = "dcap-qvl, intel-dir, go-getter";

struct ExportFile { std::string name; Buffer content; };   // the name is empty for forms of one file
// Of each kind the newest of `items`. `pck_chain`: PEM of the PCK chain inside the quote, may be empty. Errc::not_found names what is missing.
Result<std::vector<ExportFile>> export_collateral(const std::vector<CollateralItem>& items, ExportForm form, const std::string& pck_chain);

}  // namespace atls
