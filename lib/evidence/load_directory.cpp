// Directories: a configfs-tsm report (outblob, auxblob, provider), or a report beside its certificates as snpguest writes them. Only
// regular files are read: a pipe, a socket or a device in a folder would stall us. What belongs to no layout is looked at, too: a
// revocation list counts wherever it lies, and other evidence is told as not judged.
#include <algorithm>

#include "collateral/files.hpp"
#include "crypto/certificate.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/input_kind.hpp"
#include "evidence/load_parts.hpp"
#include "evidence/snp_claims.hpp"
#include "intel/quote.hpp"
#include "profile/constellation.hpp"

namespace atls::evidence::loading {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxMember = 1024 * 1024;   // a report with its table has at most 70 KiB
constexpr std::size_t kMaxProvider = 256;
constexpr std::size_t kMaxDirectoryBytes = 64 * 1024 * 1024;   // of all files together: a folder of something else must not stall us

struct Names { std::vector<fs::path> files, directories; };

Result<Names> names_in(const fs::path& path) {
  Names out;
  std::error_code ec;
  for (fs::directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec)) {
    if (out.files.size() + out.directories.size() == kMaxDirectoryEntries)
      return Error{Errc::too_large, path.string(), "more than " + std::to_string(kMaxDirectoryEntries) + " entries", 0};
    std::error_code type_error;
    if (it->is_directory(type_error) && it->is_symlink(type_error)) continue;   // links to directories can form loops
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

bool is_of_a_connection(InputKind kind) { return kind == InputKind::document || kind == InputKind::bundle || kind == InputKind::quote_container; }

bool is_companion(const Loaded& loaded) { return loaded.kind == InputKind::td_report || loaded.kind == InputKind::event_log || is_tdx_hcl(loaded); }

// Every file of a folder is read here and decoded once.
struct Looked {
  fs::path path;
  Loaded loaded;
  std::optional<Buffer> content;   // of an event log, as it stands in the file
};

std::vector<Looked> look_at(const std::vector<fs::path>& files, Loaded& out) {
  std::vector<Looked> looked;
  std::size_t total = 0;
  for (const fs::path& f : files) {
    auto content = read_regular_file(f, kMaxEvidence);
    if (!content) {
      out.unused.push_back({f.string() + ": " + content.error().detail, {}});
      continue;
    }
    total += content->size();
    if (total > kMaxDirectoryBytes) {
      out.unused.push_back({f.string() + " and what follows it: the files of the folder have more than " + std::to_string(kMaxDirectoryBytes) + " bytes", {}});
      break;
    }
    Looked one{f, load_bytes(*content, f.string()), {}};
    if (one.loaded.kind == InputKind::event_log) one.content = *std::move(content);
    looked.push_back(std::move(one));
  }
  return looked;
}

// What no layout has a place for. Lists are judged; the rest is told.
void take_the_rest(Loaded& out, const std::vector<Looked>& looked, const std::vector<fs::path>& used, Evidence& e) {
  for (const Looked& one : looked) {
    if (std::find(used.begin(), used.end(), one.path) != used.end()) continue;
    const Loaded& inner = one.loaded;
    const std::string file = one.path.string();
    if (inner.error && inner.kind == InputKind::unknown) continue;   // a note, a script
    if (inner.error) out.unused.push_back({file + ": damaged (" + inner.error->message() + ")", {}});
    for (const Buffer& der : inner.crls) e.endorsements.push_back({crl_kind(der), der, CollateralSource::dir, file});
    if (is_of_a_connection(inner.kind)) {
      out.unused.push_back({file + ": evidence of its own, a " + std::string(input_kind_name(inner.kind)) + "; judge it by itself", {}});
      continue;
    }
    for (const Buffer& der : inner.certificates)
      out.unused.push_back({file + (profile::constellation::has_constellation_extension(der) ? ": a certificate with evidence of its own; judge it by itself"
                                                                                          : ": a certificate under a name that this layout does not have"), der});
    for (const CollateralItem& item : inner.collateral) out.unused.push_back({file + ": collateral; give it with --collateral-dir", item.data});
    if (inner.evidence && inner.evidence->data != e.data) out.unused.push_back({file + ": another piece of evidence, " + std::string(input_kind_name(inner.kind)), {}});
    if (inner.event_log) out.unused.push_back({file + ": an event log: only a TDX quote vouches for one", {}});
  }
}

// The file with the evidence may hold more (PEM); `present` joins it.
void take_parts_of(Loaded& inner, Loaded& out) {
  out.certificates = std::move(inner.certificates);
  out.crls = std::move(inner.crls);
  out.collateral = std::move(inner.collateral);
  out.event_log = std::move(inner.event_log);
  std::move(inner.unused.begin(), inner.unused.end(), std::back_inserter(out.unused));
}

// A TDX quote's event log and HCL report lie beside it. Two of a kind: which one is meant is not for us to choose.
void take_companions(Loaded& out, const std::vector<Looked>& looked, std::vector<fs::path>& used, Evidence& e) {
  for (const Looked& one : looked) {
    const bool log = one.loaded.kind == InputKind::event_log && one.loaded.encodings.empty();
    if (!log && !is_tdx_hcl(one.loaded)) continue;
    auto& place = log ? e.event_log : e.td_hcl;
    if (place) set_error(out, {Errc::bad_value, one.path.string(), std::string("a second ") + (log ? "event log" : "HCL report") + " beside the quote; leave the one that belongs to it", 0});
    place = log ? one.content : one.loaded.evidence->hcl;
    used.push_back(one.path);
  }
}

// The kernel's counters and switches beside a report.
constexpr std::string_view kConfigfsFiles[] = {"outblob", "auxblob", "provider", "generation", "inblob", "privlevel", "privlevel_floor", "service_provider", "service_guid", "service_manifest_version"};

void load_configfs(Loaded& out, const fs::path& path, const std::vector<fs::path>& files) {
  std::vector<fs::path> used, others;
  for (const fs::path& f : files) {
    const std::string name = f.filename().string();
    if (std::find(std::begin(kConfigfsFiles), std::end(kConfigfsFiles), name) != std::end(kConfigfsFiles)) continue;
    if (name != "manifestblob") others.push_back(f);
    else if (const auto manifest = read_regular_file(f, kMaxMember); !manifest || !manifest->empty())
      out.unused.push_back({f.string() + ": a manifest of services, which is not judged", {}});
  }
  const std::vector<Looked> looked = look_at(others, out);
  Evidence e;
  e.format = "snp";
  e.container = "tsm";
  auto report = read_regular_file(path / "outblob", kMaxMember);
  if (!report) return set_error(out, report.error());
  e.data = *std::move(report);
  // What belongs to the report and cannot be read: the whole is damaged, and the report must not be judged without it.
  const auto damaged = [&](Error error) {
    e.decode_error = error.message();
    take_evidence(out, std::move(e), InputKind::directory);
    set_error(out, std::move(error));
  };
  std::error_code ec;
  if (fs::exists(path / "auxblob", ec)) {
    auto table = read_regular_file(path / "auxblob", kMaxMember);
    if (!table) return damaged(table.error());
    if (!table->empty()) e.aux = *std::move(table);
  }
  if (fs::exists(path / "provider", ec)) {
    const auto provider = read_regular_file(path / "provider", kMaxMember);   // the kernel says 4096 bytes, whatever is in it
    if (!provider) return damaged(provider.error());
    if (provider->size() > kMaxProvider) return damaged({Errc::too_large, (path / "provider").string(), "larger than " + std::to_string(kMaxProvider) + " bytes", 0});
    e.provider = trimmed(as_text(*provider));
  }
  if (const auto kind = kind_of_binary(e.data); kind == InputKind::tdx_quote || kind == InputKind::sgx_quote) {   // provider tdx_guest
    e.format = kind == InputKind::tdx_quote ? "tdx" : "sgx";
    const auto quote = intel::parse_quote(e.data);
    if (e.format == "tdx") take_companions(out, looked, used, e);
    take_the_rest(out, looked, used, e);
    if (out.error) e.decode_error = out.error->message();
    take_evidence(out, std::move(e), InputKind::directory);
    if (!quote) set_error(out, quote.error());
    return;
  }
  const auto parsed = snp::parse_report(e.data);
  take_the_rest(out, looked, used, e);
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
  const auto content = read_regular_file(file, kMaxMember);
  if (!content) return set_error(out, content.error());
  Loaded inner = load_bytes(*content, file.string());
  if (inner.error) return set_error(out, {inner.error->code, file.string(), inner.error->message(), 0});
  for (const Buffer& der : inner.certificates)
    e.endorsements.push_back({endorsement_kind(der).value_or(by_name), der, CollateralSource::dir, file.string()});
  for (const Buffer& der : inner.crls) e.endorsements.push_back({crl_kind(der), der, CollateralSource::dir, file.string()});
  if (inner.certificates.empty() && inner.crls.empty()) set_error(out, {Errc::bad_value, file.string(), "expected a certificate or a CRL", 0});
}

void take_endorsements(Loaded& out, const std::vector<fs::path>& files, std::vector<fs::path>& used, Evidence& e) {
  const bool vlek = find_stem(files, "vlek").has_value();
  struct Row { std::string_view stem; CollateralKind kind; };
  const std::vector<Row> rows = vlek ? std::vector<Row>{{"vlek", CollateralKind::amd_vlek}, {"asvk", CollateralKind::amd_asvk}, {"ark", CollateralKind::amd_ark}, {"crl", CollateralKind::amd_crl}}
                                     : std::vector<Row>{{"vcek", CollateralKind::amd_vcek}, {"ask", CollateralKind::amd_ask}, {"ark", CollateralKind::amd_ark}, {"crl", CollateralKind::amd_crl}};
  for (const Row& row : rows)
    if (const auto file = find_stem(files, row.stem)) {
      take_endorsement(out, *file, row.kind, e);
      used.push_back(*file);
    }
}

// Evidence of its own, also damaged or inside a certificate: a folder that holds such a file beside a report is an archive, each file of which
// is an input, and not the folder of that report.
bool is_evidence_of_its_own(const Loaded& loaded) {
  if (is_companion(loaded)) return false;   // of a quote: not judged alone, so not meant
  if (loaded.evidence || is_of_a_connection(loaded.kind)) return true;
  return std::any_of(loaded.certificates.begin(), loaded.certificates.end(), [](const Buffer& der) { return profile::constellation::has_constellation_extension(der); });
}

// The one file that holds a report; report.bin wins over others. `unread`: a file that cannot be read may hold evidence, too.
Result<fs::path> report_file(const fs::path& path, const std::vector<Looked>& looked, bool unread) {
  std::vector<fs::path> found;
  for (const Looked& one : looked) {
    if (one.path.filename() == "report.bin") return one.path;
    if (is_evidence_of_its_own(one.loaded)) found.push_back(one.path);
  }
  if (found.size() == 1 && unread) return Error{Errc::bad_value, path.string(), "a file beside the report cannot be read; name the report report.bin", 0};
  if (found.size() == 1 && std::any_of(looked.begin(), looked.end(), [&](const Looked& one) { return one.path == found[0] && is_of_a_connection(one.loaded.kind); }))
    found.clear();   // has what belongs to it inside
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
  std::vector<Looked> looked = look_at(names->files, out);
  const auto file = report_file(path, looked, !out.unused.empty());
  if (!file) return finish(file.error());
  Loaded inner = std::find_if(looked.begin(), looked.end(), [&](const Looked& one) { return one.path == *file; })->loaded;
  if (!inner.evidence) return finish(inner.error ? *inner.error : Error{Errc::bad_value, file->string(), "expected an attestation report", 0});
  Evidence e = *std::move(inner.evidence);
  if (e.container == "raw") e.container = "directory";
  std::vector<fs::path> files = names->files;
  for (const fs::path& directory : names->directories)
    if (const auto inside = names_in(directory)) files.insert(files.end(), inside->files.begin(), inside->files.end());
  std::vector<fs::path> used{*file};
  if (e.format == "tdx") take_companions(out, looked, used, e);
  take_endorsements(out, files, used, e);
  take_the_rest(out, looked, used, e);
  files.erase(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(names->files.size()));
  std::erase_if(files, [&](const fs::path& f) { return std::find(used.begin(), used.end(), f) != used.end(); });
  take_the_rest(out, look_at(files, out), used, e);
  take_parts_of(inner, out);
  if (out.error) e.decode_error = out.error->message();   // a damaged CRL must not count as an absent one
  out.encodings = inner.encodings;
  out.sha256 = inner.sha256;
  take_evidence(out, std::move(e), InputKind::directory);
  return finish(std::move(inner.error));
}

}  // namespace atls::evidence::loading
