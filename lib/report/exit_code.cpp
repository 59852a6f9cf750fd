#include "report/exit_code.hpp"

#include <algorithm>
#include <array>

namespace atls {
namespace {

constexpr std::array kCodes{
    ExitCodeInfo{ExitCode::verified, "verified", "every required check was proven (dump: decoded; diff: same; serve: ended by SIGTERM)"},
    ExitCodeInfo{ExitCode::usage, "error", "wrong command line, configuration or policy file"},
    ExitCodeInfo{ExitCode::rejected, "rejected", "evidence rejected: signature, chain, revocation, TCB revoked, binding or nonce mismatch"},
    ExitCodeInfo{ExitCode::no_evidence, "no-evidence", "no evidence: file missing, endpoint unreachable, TLS failed, no attestation offered, the peer refused ours"},
    ExitCodeInfo{ExitCode::undecided, "undecided", "undecidable: collateral unavailable or stale"},
    ExitCodeInfo{ExitCode::refused, "refused", "evidence genuine, but the appraisal policy refuses it (reference value, debug, TCB floor)"},
    ExitCodeInfo{ExitCode::partial, "partial", "evidence genuine and acceptable, but a demanded property is not proven (freshness, binding level, nothing pinned)"},
    ExitCodeInfo{ExitCode::malformed, "malformed", "input cannot be decoded"},
    ExitCodeInfo{ExitCode::different, "", "--diff found differences"},
    ExitCodeInfo{ExitCode::exchange_failed, "", "verified, but the exchange after the verdict failed"},
    ExitCodeInfo{ExitCode::internal, "error", "internal error"},
    ExitCodeInfo{ExitCode::interrupted, "error", "interrupted"},
};

template <std::size_t N>
ExitCode first_of(const std::array<ExitCode, N>& order, ExitCode a, ExitCode b) {
  const auto rank = [&](ExitCode c) { return std::find(order.begin(), order.end(), c) - order.begin(); };
  return rank(a) <= rank(b) ? a : b;
}

}  // namespace

std::span<const ExitCodeInfo> exit_codes() { return kCodes; }

std::string_view verdict_word(ExitCode code) {
  for (const ExitCodeInfo& info : kCodes)
    if (info.code == code) return info.verdict;
  return "error";
}

ExitCode worse_of_one(ExitCode a, ExitCode b) {
  using enum ExitCode;
  static constexpr std::array kOrder{interrupted, internal, usage, no_evidence, malformed, rejected, undecided, refused, partial, exchange_failed, different, verified};
  return first_of(kOrder, a, b);
}

ExitCode worse_of_batch(ExitCode a, ExitCode b) {
  using enum ExitCode;
  static constexpr std::array kOrder{interrupted, internal, usage, rejected, refused, malformed, no_evidence, undecided, partial, exchange_failed, different, verified};
  return first_of(kOrder, a, b);
}

}  // namespace atls
