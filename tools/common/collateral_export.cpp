// --save-collateral: what a verdict used, for other programs.
#include <algorithm>
#include <filesystem>

#include "base/hex.hpp"
#include "collateral/export.hpp"
#include "collateral/object.hpp"
#include "common/options.hpp"
#include "crypto/digest.hpp"
#include "intel/quote.hpp"

namespace atls::tools {
namespace {

// Of several candidates those that the verdict names; everything when it names none.
std::vector<CollateralItem> used_of(const std::vector<CollateralItem>& items, const Report& report) {
  std::vector<CollateralItem> out;
  for (const CollateralItem& item : items) {
    const std::string digest = hex(crypto::sha256(item.data));
    const bool used = std::any_of(report.collateral.begin(), report.collateral.end(), [&](const CollateralInfo& c) { return c.sha256 == digest; });
    if (used || !is_dated(item.kind)) out.push_back(item);       // certificates complete the chains
  }
  return std::any_of(out.begin(), out.end(), [](const CollateralItem& item) { return is_dated(item.kind); }) ? out : items;
}

std::string pck_chain_of(Bytes evidence) {
  const auto quote = intel::parse_quote(evidence);
  return quote && quote->certification.type == intel::kPckCertChain ? std::string(as_text(quote->certification.data)) : "";
}

}  // namespace

bool save_collateral(Io& io, const ToolInfo& tool, const ExportOptions& options, const std::vector<CollateralItem>& items, const Report& report, Bytes evidence) {
  const auto complain = [&](const std::string& why) {
    print_error(io, tool.name, "--save-collateral: " + why);
    return false;
  };
  const auto files = export_collateral(used_of(items, report), *export_form_from(options.format), pck_chain_of(evidence));
  if (!files) {   // nothing to save is no failure of the verdict, as with --save-evidence
    complain(files.error().detail);
    return true;
  }
  if (files->size() > 1) {
    std::error_code ec;
    std::filesystem::create_directories(options.path, ec);
    if (ec) return complain(options.path + ": " + ec.message());
  }
  for (const ExportFile& file : *files) {
    const std::string path = file.name.empty() ? options.path : (std::filesystem::path(options.path) / file.name).string();
    if (const Status written = write_output(io, path, file.content, false); !written) return complain(written.error().message());
  }
  return true;
}

}  // namespace atls::tools
