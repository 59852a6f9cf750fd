// Directories: a configfs-tsm report (outblob, auxblob, provider), or a report beside its certificates as snpguest writes them.
#include <algorithm>

#include "crypto/certificate.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/input_kind.hpp"
#include "evidence/load_parts.hpp"
#include "evidence/snp_claims.hpp"
#include "intel/quote.hpp"

namespace atls::evidence::loading {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxMember = 1024 * 1024;   // a report with its table has at most 70 KiB
constexpr std::size_t kMaxProvider = 256;

struct Names { std::vector<fs::path> files, directories; };

Result<Names> names_in(const fs::path& path) {
  Names out;
  std::error_code ec;
  for (fs::directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec)) {
    if (out.files.size() + out.directories.size() == kMaxDirectoryEntries)
      return Error{Errc::too_large, path.string(), "more than " + std::to_string(kMaxDirectoryEntries) + " entries", 0};
    std::error_code type_error;
    if (it->is_directory(type_error)) out.directories.push_back(it->path());
    else if (it->is_regular_file(type_error)) out.files.push_back(it->path());
  }
  if (ec) return Error{Errc::io, path.string(), ec.message(), 0};
  std::sort(out.files.begin(), out.files.end());
  std::sort(out.directories.begin(), out.directories.end());
  return out;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return std::string(text);
}

bool is_tdx_hcl(const Loaded& loaded) { return loaded.kind == InputKind::hcl && loaded.evidence && loaded.evidence->format == "tdx"; }

bool is_companion(const Loaded& loaded) { return loaded.kind == InputKind::td_report || loaded.kind == InputKind::event_log || is_tdx_hcl(loaded); }

// A TDX quote's event log and HCL report lie beside it. Two of a kind: which one is meant is not for us to choose.
void take_companions(Loaded& out, const std::vector<fs::path>& files, Evidence& e) {
  for (const fs::path& f : files) {
    const auto content = read_file(f, kMaxEvidence);
    if (!content) continue;
    const Loaded inner = load_bytes(*content, f.string());
    const bool log = inner.kind == InputKind::event_log && inner.encodings.empty();
    if (!log && !is_tdx_hcl(inner)) continue;
    auto& place = log ? e.event_log : e.td_hcl;
    if (place) set_error(out, {Errc::bad_value, f.string(), std::string("a second ") + (log ? "event log" : "HCL report") + " beside the quote; leave the one that belongs to it", 0});
    place = log ? *content : inner.evidence->hcl;
  }
}

void load_configfs(Loaded& out, const fs::path& path, const std::vector<fs::path>& files) {
  Evidence e;
  e.format = "snp";
  e.container = "tsm";
  auto report = read_file(path / "outblob", kMaxMember);
  if (!report) return set_error(out, report.error());
  e.data = *std::move(report);
  std::error_code ec;
  if (fs::exists(path / "auxblob", ec)) {
    auto table = read_file(path / "auxblob", kMaxMember);
    if (!table) return set_error(out, table.error());
    if (!table->empty()) e.aux = *std::move(table);
  }
  if (fs::exists(path / "provider", ec)) {
    const auto provider = read_file(path / "provider", kMaxProvider);
    if (!provider) return set_error(out, provider.error());
    e.provider = trimmed(as_text(*provider));
  }
  if (const auto kind = kind_of_binary(e.data); kind == InputKind::tdx_quote || kind == InputKind::sgx_quote) {   // provider tdx_guest
    e.format = kind == InputKind::tdx_quote ? "tdx" : "sgx";
    const auto quote = intel::parse_quote(e.data);
    if (e.format == "tdx") take_companions(out, files, e);
    if (out.error) e.decode_error = out.error->message();
    take_evidence(out, std::move(e), InputKind::directory);
    if (!quote) set_error(out, quote.error());
    return;
  }
  const auto parsed = snp::parse_report(e.data);
  take_evidence(out, std::move(e), InputKind::directory);
  if (!parsed) set_error(out, parsed.error());
}

// The certificate or CRL file with this stem; PEM is preferred, as snpguest does.
std::optional<fs::path> find_stem(const std::vector<fs::path>& files, std::string_view stem) {
  for (const char* extension : {".pem", ".der"})
    for (const fs::path& f : files)
      if (f.stem() == stem && f.extension() == extension) return f;
  return std::nullopt;
}

void take_endorsement(Loaded& out, const fs::path& file, CollateralKind by_name, Evidence& e) {
  const auto content = read_file(file, kMaxMember);
  if (!content) return set_error(out, content.error());
  Loaded inner = load_bytes(*content, file.string());
  if (inner.error) return set_error(out, {inner.error->code, file.string(), inner.error->message(), 0});
  for (const Buffer& der : inner.certificates)
    e.endorsements.push_back({endorsement_kind(der).value_or(by_name), der, CollateralSource::dir, file.string()});
  for (const Buffer& der : inner.crls) e.endorsements.push_back({CollateralKind::amd_crl, der, CollateralSource::dir, file.string()});
  if (inner.certificates.empty() && inner.crls.empty()) set_error(out, {Errc::bad_value, file.string(), "expected a certificate or a CRL", 0});
}

void take_endorsements(Loaded& out, const std::vector<fs::path>& files, Evidence& e) {
  const bool vlek = find_stem(files, "vlek").has_value();
  struct Row { std::string_view stem; CollateralKind kind; };
  const std::vector<Row> rows = vlek ? std::vector<Row>{{"vlek", CollateralKind::amd_vlek}, {"asvk", CollateralKind::amd_asvk}, {"ark", CollateralKind::amd_ark}, {"crl", CollateralKind::amd_crl}}
                                     : std::vector<Row>{{"vcek", CollateralKind::amd_vcek}, {"ask", CollateralKind::amd_ask}, {"ark", CollateralKind::amd_ark}, {"crl", CollateralKind::amd_crl}};
  for (const Row& row : rows)
    if (const auto file = find_stem(files, row.stem)) take_endorsement(out, *file, row.kind, e);
}

// The one file that holds a report; report.bin wins over others.
Result<fs::path> report_file(const fs::path& path, const std::vector<fs::path>& files) {
  std::vector<fs::path> found;
  for (const fs::path& f : files) {
    std::error_code ec;
    if (fs::file_size(f, ec) > kMaxMember || ec) continue;
    if (f.filename() == "report.bin") return f;
    const auto content = read_file(f, kMaxMember);
    if (!content) continue;
    const Loaded inner = load_bytes(*content, f.string());
    if (is_companion(inner)) continue;   // of a quote: not judged alone, so not meant
    if (inner.evidence && inner.kind != InputKind::document && inner.kind != InputKind::bundle && inner.kind != InputKind::quote_container) found.push_back(f);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) return Error{Errc::not_found, path.string(), "no attestation report in this directory, expected report.bin with certificates, a quote, or outblob", 0};
  return Error{Errc::bad_value, path.string(), "several reports (" + found[0].filename().string() + ", " + found[1].filename().string() + "), name one of them report.bin", 0};
}

}  // namespace

Loaded load_directory(const fs::path& path) {
  Loaded out;
  out.name = path.string();
  out.kind = InputKind::directory;
  out.claims = Claim(out.name);
  const auto finish = [&](std::optional<Error> error) {
    if (error) set_error(out, *std::move(error));
    if (out.error) out.claims.error = out.error->message();
    return out;
  };
  const auto names = names_in(path);
  if (!names) return finish(names.error());
  const auto has = [&](std::string_view name) {
    return std::any_of(names->files.begin(), names->files.end(), [&](const fs::path& f) { return f.filename() == name; });
  };
  if (has("outblob")) {
    load_configfs(out, path, names->files);
    return finish({});
  }
  const auto file = report_file(path, names->files);
  if (!file) return finish(file.error());
  auto content = read_file(*file, kMaxMember);
  if (!content) return finish(content.error());
  Loaded inner = load_bytes(*content, file->string());
  if (!inner.evidence) return finish(inner.error ? *inner.error : Error{Errc::bad_value, file->string(), "expected an attestation report", 0});
  Evidence e = *std::move(inner.evidence);
  if (e.container == "raw") e.container = "directory";
  std::vector<fs::path> files = names->files;
  for (const fs::path& directory : names->directories)
    if (const auto inside = names_in(directory)) files.insert(files.end(), inside->files.begin(), inside->files.end());
  if (e.format == "tdx") take_companions(out, names->files, e);
  take_endorsements(out, files, e);
  if (out.error) e.decode_error = out.error->message();   // a damaged CRL must not count as an absent one
  out.encodings = inner.encodings;
  out.sha256 = inner.sha256;
  take_evidence(out, std::move(e), InputKind::directory);
  return finish(std::move(inner.error));
}

}  // namespace atls::evidence::loading
