#include <algorithm>
#include <cstdio>
#include <system_error>
#include <unordered_map>

#include "base/hex.hpp"
#include "collateral/expiry.hpp"
#include "collateral/files.hpp"
#include "collateral/object.hpp"
#include "collateral/providers.hpp"

namespace atls {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLevels = 6;                                // snpguest uses 2, Trustee's store 3, a mirror of PCS or PCCS paths 5
constexpr std::size_t kMaxFiles = 4096;                      // more is a store, and Trustee's layout is looked up by name
constexpr std::size_t kMaxEntries = 65536;                   // names that are looked at: a directory of other files must not stall us
constexpr std::size_t kMaxFileBytes = 4 * 1024 * 1024;       // an AMD chain is below 10 KiB, Intel's data of many platforms 1 MiB
constexpr std::size_t kMaxTotalBytes = 64 * 1024 * 1024;     // memory for all objects together
constexpr std::size_t kMaxReadBytes = 256 * 1024 * 1024;     // time for files that turn out to be something else
constexpr std::size_t kMaxMisfits = 16;                      // objects of other platforms that are offered for an explanation
constexpr std::size_t kMaxOtherVeks = 256;                   // certificates of other chips: they are counted, and one may have the key
constexpr std::size_t kMaxTold = 3;                          // unreadable files that are named in a message

// `named`: meant as collateral, so what cannot be read is told. `maybe`: JSON, YAML and text may be anything, and answers of a
// service are saved under names without an extension ("pckcrl?ca=platform"); what is no collateral is passed over.
enum class Candidate { no, maybe, named };
Candidate candidate(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const char* known : {".der", ".pem", ".crt", ".cer", ".crl"})
    if (extension == known) return Candidate::named;
  if (extension.empty() || path.filename().string().find('?') != std::string::npos) return Candidate::maybe;
  for (const char* known : {".json", ".yaml", ".yml", ".txt", ".hex"})
    if (extension == known) return Candidate::maybe;
  return Candidate::no;
}

class DirectoryProvider : public CollateralProvider {
 public:
  explicit DirectoryProvider(fs::path path) : root_(std::move(path)) {}

  CollateralSource source() const override { return CollateralSource::dir; }
  CollateralAnswer find(const CollateralQuery& query) override;
  void scan();
  Inventory inventory() const;
  void read(const fs::path& path, Candidate as);

 private:
  void walk(const fs::path& directory, int level);
  void look_up_trustee(const CollateralQuery& query, CollateralAnswer& answer) const;
  void offer(const Located& entry, CollateralAnswer& answer) const { answer.items.push_back(item_of(entry.object, source(), entry.origin)); }
  CollateralMiss miss(CollateralMiss::Why why, std::string detail) const { return {source(), why, std::move(detail)}; }

  fs::path root_;
  std::vector<Located> entries_;
  std::unordered_multimap<std::string, std::size_t> by_chip_;   // hwID in hex to index; keeps large stores fast
  std::vector<std::string> unreadable_;
  std::size_t files_ = 0, names_ = 0, bytes_ = 0, read_ = 0, unreadable_count_ = 0;
  bool cut_ = false;
};

void DirectoryProvider::scan() {
  std::error_code ec;
  if (fs::is_directory(root_, ec)) walk(root_, 1);
  else read(root_, Candidate::named);
}

void DirectoryProvider::walk(const fs::path& directory, int level) {
  std::error_code ec;
  std::vector<fs::directory_entry> children;
  for (fs::directory_iterator it(directory, ec), end; !ec && it != end && !cut_; it.increment(ec)) {
    if (++names_ > kMaxEntries) cut_ = true;
    else children.push_back(*it);
  }
  if (ec) {
    ++unreadable_count_;
    if (unreadable_.size() < kMaxTold) unreadable_.push_back(directory.string() + ": " + ec.message());
  }
  std::sort(children.begin(), children.end());               // same directory, same answer
  for (const fs::directory_entry& child : children) {
    if (cut_) return;
    // Links to files are followed (Kubernetes mounts), links to directories are not: they can form loops.
    if (child.is_directory(ec) && !child.is_symlink(ec)) {
      if (level < kMaxLevels) walk(child.path(), level + 1);
    } else if (const Candidate as = candidate(child.path()); as != Candidate::no && child.is_regular_file(ec)) {
      if (++files_ > kMaxFiles || bytes_ > kMaxTotalBytes || read_ > kMaxReadBytes) cut_ = true;
      else read(child.path(), as);
    }
  }
}

void DirectoryProvider::read(const fs::path& path, Candidate as) {
  const auto note = [&](const std::string& why) {
    ++unreadable_count_;
    if (unreadable_.size() < kMaxTold) unreadable_.push_back(path.string() + ": " + why);
  };
  const auto content = read_regular_file(path, kMaxFileBytes);
  if (!content) return as == Candidate::named ? note(content.error().detail) : void();
  read_ += content->size();
  CollateralObjects objects = identify_all(*content);
  if (as == Candidate::maybe && objects.found.empty() && objects.form.empty()) return;
  for (CollateralObject& object : objects.found) {
    bytes_ += object.data.size();
    for (const Buffer& der : object.issuer_chain) bytes_ += der.size();
    if (object.kind == CollateralKind::amd_vcek) by_chip_.emplace(hex(object.hwid), entries_.size());
    entries_.push_back({std::move(object), path.string()});
  }
  if (!objects.rejected.empty()) note(objects.rejected.front());
}

Inventory DirectoryProvider::inventory() const {
  Inventory out{entries_, unreadable_, !cut_};
  if (unreadable_count_ > unreadable_.size()) out.unreadable.push_back(std::to_string(unreadable_count_ - unreadable_.size()) + " others");
  return out;
}

CollateralAnswer DirectoryProvider::find(const CollateralQuery& query) {
  CollateralAnswer answer;
  if (query.kind == CollateralKind::amd_vcek) {
    const std::string chip = hex(query.chip_id);
    for (const std::string& key : {chip, chip.substr(0, 16)}) {
      const auto [first, last] = by_chip_.equal_range(key);
      for (auto it = first; it != last; ++it)
        if (fits(entries_[it->second].object, query) == Fit::exact) offer(entries_[it->second], answer);
    }
    if (answer.items.empty()) look_up_trustee(query, answer);
  } else {
    for (const Located& entry : entries_)
      if (fits(entry.object, query) == Fit::exact) offer(entry, answer);
  }
  if (!answer.items.empty()) return answer;

  std::size_t others = 0;
  // Those of the same chip first: the key of one may have made the report, under another TCB.
  const auto is_of_chip = [&](const CollateralObject& o) { return !o.hwid.empty() && equal(o.hwid, Bytes(query.chip_id).first(std::min(o.hwid.size(), query.chip_id.size()))); };
  const std::size_t most = query.kind == CollateralKind::amd_vcek || query.kind == CollateralKind::amd_vlek ? kMaxOtherVeks : kMaxMisfits;
  for (const bool same_chip : {true, false})
    for (const Located& entry : entries_)
      if (fits(entry.object, query) == Fit::kind_only && is_of_chip(entry.object) == same_chip && ++others <= most) offer(entry, answer);
  std::string detail = root_.string() + " has no " + std::string(collateral_kind_name(query.kind));
  if (query.product != snp::ProductLine::unknown) detail += " of " + std::string(snp::product_name(query.product));
  if (!query.fmspc.empty()) detail += " of FMSPC " + query.fmspc;
  if (others != 0) detail += std::string(is_intel(query.kind) ? " that fits" : " for this chip and TCB") + ", but " + std::to_string(others) + " for others";
  answer.misses.push_back(miss(CollateralMiss::Why::absent, std::move(detail)));
  if (cut_)
    answer.misses.push_back(miss(CollateralMiss::Why::invalid, root_.string() + " was not read to the end: it has more than " + std::to_string(kMaxFiles) +
                                                                   " files, or too much data; give a smaller directory"));
  if (unreadable_count_ != 0) {
    std::string told = std::to_string(unreadable_count_) + " ignored in " + root_.string() + ":";
    for (const std::string& line : unreadable_) told += " " + line + ";";
    told.pop_back();
    if (unreadable_count_ > unreadable_.size()) told += "; and others";
    answer.misses.push_back(miss(CollateralMiss::Why::invalid, std::move(told)));
  }
  return answer;
}

// Trustee's offline store by its own names: {dir}/vcek/{hwid}/bl04_tee00_snp24_ucode217_vcek.der, "_fmc01" before "_vcek" on
// Turin, then {dir}/vcek/{hwid}/vcek.der. The name only finds the file: its content must fit like any other.
void DirectoryProvider::look_up_trustee(const CollateralQuery& query, CollateralAnswer& answer) const {
  using enum snp::TcbComponent;
  std::error_code ec;
  if (!fs::is_directory(root_ / "vcek", ec)) return;
  const std::string chip = hex(query.chip_id);
  for (const snp::TcbLayout layout : {snp::TcbLayout::legacy, snp::TcbLayout::turin}) {
    const bool turin = layout == snp::TcbLayout::turin;
    const auto part = [&](snp::TcbComponent c) { return unsigned{query.reported_tcb.component(c, layout).value_or(0)}; };
    char name[96];
    std::snprintf(name, sizeof name, "bl%02u_tee%02u_snp%02u_ucode%02u", part(bootloader), part(tee), part(snp), part(microcode));
    std::string file = name;
    if (turin) {
      std::snprintf(name, sizeof name, "_fmc%02u", part(fmc));
      file += name;
    }
    for (const fs::path& path : {root_ / "vcek" / (turin ? chip.substr(0, 16) : chip) / (file + "_vcek.der"),
                                 root_ / "vcek" / (turin ? chip.substr(0, 16) : chip) / "vcek.der"}) {
      const auto content = read_regular_file(path, kMaxFileBytes);
      if (!content) continue;
      for (CollateralObject& object : identify_all(*content).found)
        if (fits(object, query) == Fit::exact) {
          offer(Located{std::move(object), path.string()}, answer);
          return;
        }
    }
  }
}

}  // namespace

namespace {

Result<std::shared_ptr<DirectoryProvider>> open_directory(const fs::path& path) {
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status)) return Error{Errc::not_found, path.string(), "no such file or directory"};
  if (ec) return Error{Errc::io, path.string(), ec.message()};
  if (!fs::is_directory(status) && !fs::is_regular_file(status)) return Error{Errc::bad_value, path.string(), "neither a directory nor a regular file"};
  if (fs::is_directory(status)) {
    fs::directory_iterator probe(path, ec);
    if (ec) return Error{Errc::io, path.string(), ec.message()};
  }
  auto provider = std::make_shared<DirectoryProvider>(path);
  provider->scan();
  return provider;
}

}  // namespace

Result<std::shared_ptr<CollateralProvider>> directory_provider(const fs::path& path) {
  auto provider = open_directory(path);
  if (!provider) return provider.error();
  return std::shared_ptr<CollateralProvider>(*std::move(provider));
}

Result<Inventory> list_collateral(const fs::path& path) {
  const auto provider = open_directory(path);
  if (!provider) return provider.error();
  return (*provider)->inventory();
}

}  // namespace atls
