// What the programs that damage evidence share: judging in-process as atls-verify would, and counting what came out.
#pragma once

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "collateral/providers.hpp"
#include "evidence/present.hpp"
#include "evidence/verify.hpp"
#include "policy/policy.hpp"
#include "report/model.hpp"

namespace atls::mutation {

namespace fs = std::filesystem;

inline Buffer content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Buffer(std::istreambuf_iterator<char>(in), {});
}

// The corpus' manifest, by file.
inline nlohmann::json entry_of(const fs::path& corpus, const std::string& file) {
  static const auto manifest = nlohmann::json::parse(content(corpus / "manifest.json"));
  for (const auto& entry : manifest.at("files"))
    if (entry.at("file") == file) return entry;
  throw std::runtime_error(file + ": not in the manifest");
}

// As atls-verify --offline --crl if-available --any-measurement --allow-debug --at TIME --collateral-dir NEED...
struct Judge {
  policy::Policy policy;
  evidence::TrustStore trust = evidence::TrustStore::builtin();
  Collateral collateral;
  std::vector<CollateralItem> with_it;
  Time now{};

  Judge() {
    policy::add_flags(policy, {});
    policy.crl = policy::CrlMode::if_available;
    policy.any_measurement = policy.allow_debug = policy.offline = true;
  }
  Judge(const fs::path& corpus, const nlohmann::json& entry) : Judge() {
    now = parse_rfc3339(entry.at("verification_time").get<std::string>()).value();
    for (const auto& need : entry.at("needs")) {
      auto found = directory_provider(corpus / need.get<std::string>());
      if (!found) throw std::runtime_error(found.error().message());
      collateral.add(std::move(*found));
    }
  }

  struct Answer { int code; Report report; };
  Answer operator()(Bytes input) const {
    auto presented = evidence::present(evidence::load_bytes(input, "mutation"), std::nullopt);
    if (!presented) return {static_cast<int>(ExitCode::usage), {}};
    Report report;
    report.time = now;
    evidence::Presented with = *presented;
    with.with_it = with_it;
    const auto appraisal = evidence::appraise(with, {policy, trust, collateral, now}, report);
    const int code = static_cast<int>(report.verdict.value().code);
    return {appraisal.proof.has_value() == (code == 0) ? code : static_cast<int>(ExitCode::internal), std::move(report)};
  }
};

class Counts {
 public:
  explicit Counts(std::string file) : file_(std::move(file)) {}

  void add(const char* what, int code, std::initializer_list<int> allowed, std::size_t place) {
    ++counts_[what][code];
    if (std::find(allowed.begin(), allowed.end(), code) != allowed.end()) return;
    std::printf("error: %s: %s, byte %zu: exit status %d\n", file_.c_str(), what, place, code);
    ++wrong_;
  }
  std::size_t finish() const {
    for (const auto& [what, codes] : counts_) {
      std::string line;
      for (const auto& [code, n] : codes) line += (line.empty() ? "" : ", ") + std::to_string(n) + " x exit " + std::to_string(code);
      std::printf("FIGURE: %s: %s: %s\n", file_.c_str(), what.c_str(), line.c_str());
    }
    return wrong_;
  }

 private:
  std::string file_;
  std::map<std::string, std::map<int, std::size_t>> counts_;
  std::size_t wrong_ = 0;
};

}  // namespace atls::mutation
