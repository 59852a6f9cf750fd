#include "atls-connect/repeat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "profile/constellation.hpp"

namespace atls::connect {
namespace {

// "the same in all 5", "different in each of 5", "3 different in 5"
std::string constancy(const std::vector<Sample>& samples, std::string Sample::*member, std::string_view if_same, std::string_view if_different) {
  std::set<std::string> values;
  std::size_t count = 0;
  for (const Sample& s : samples) {
    if ((s.*member).empty()) continue;
    values.insert(s.*member);
    ++count;
  }
  if (count == 0) return "none presented";
  if (count == 1) return "presented once, so nothing can be said";
  if (values.size() == 1) return fmt::format("the same in all {}: {}", count, if_same);
  if (values.size() == count) return fmt::format("different in each of {}: {}", count, if_different);
  return fmt::format("{} different in {} connections", values.size(), count);
}

}  // namespace

Sample sample_of(Attested attested) {
  Sample out{std::move(attested.report), {}, {}};
  if (!attested.chain.empty()) {
    if (const auto leaf = crypto::Certificate::from_der(attested.chain.front())) out.spki_sha256 = leaf->spki_sha256();
    Report scratch;
    if (const auto found = profile::constellation::extract(attested.chain, attested.nonce, false, out.report.time, scratch); found.evidence)
      out.evidence_sha256 = hex(crypto::sha256(found.evidence->data));
  }
  attested.channel.close();
  return out;
}

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(p / 100 * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

std::string statistics(const std::vector<Sample>& samples) {
  std::map<std::string, std::size_t> results;
  std::vector<std::pair<std::string, std::vector<double>>> columns;
  for (const Sample& s : samples) {
    if (s.report.verdict) ++results[s.report.verdict->result];
    for (const auto& [name, ms] : s.report.timing_ms) {
      auto it = std::find_if(columns.begin(), columns.end(), [&wanted = name](const auto& c) { return c.first == wanted; });
      if (it == columns.end()) it = columns.insert(columns.end(), {name, {}});
      it->second.push_back(ms);
    }
  }
  std::string out = fmt::format("{} connections:", samples.size());
  for (const auto& [result, count] : results) out += fmt::format(" {} {}", count, result);
  out += fmt::format("\n\n  {:<12}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "ms", "min", "p50", "p90", "p99", "max");
  for (const auto& [name, values] : columns)
    out += fmt::format("  {:<12}{:>10.2f}{:>10.2f}{:>10.2f}{:>10.2f}{:>10.2f}\n", name, percentile(values, 0), percentile(values, 50), percentile(values, 90),
                       percentile(values, 99), percentile(values, 100));
  out += fmt::format("\n  {:<12}{}\n", "leaf key", constancy(samples, &Sample::spki_sha256, "it lives longer than a connection; who gets it can relay evidence as long", "fresh keys"));
  out += fmt::format("  {:<12}{}\n", "evidence", constancy(samples, &Sample::evidence_sha256, "static evidence", "made for the connection"));
  return out;
}

}  // namespace atls::connect
