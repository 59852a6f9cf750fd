// What the presented form adds to the evidence: binding, freshness, endorsements alone, and evidence without hardware.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "lib/evidence/appraise_fixture.hpp"
#include "lib/profile/leaf_fixture.hpp"
#include "profile/constellation.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_policy.hpp"
#include "report/checks_snp.hpp"

using namespace atls;
using namespace atls::test;
using evidence::Presented;
namespace protocol = profile::constellation;

namespace {

const Buffer kNonce(32, 0x5A);

struct Handshake {
  Buffer bound_nonce = kNonce;       // what the evidence was made for
  bool dummy = false;
  std::vector<std::string> faults;
};

Presented live(const Handshake& how = {}) {
  const auto key = tests::scalar_one_key();
  const Buffer spki = protocol::spki_of(*key);
  evidence::Evidence e;
  e.format = how.dummy ? "dummy" : "snp";
  if (!how.dummy) {
    const auto p = platform({.faults = how.faults});
    std::array<std::uint8_t, 64> report_data{};
    const Buffer value = protocol::report_data(spki, how.bound_nonce);
    std::copy(value.begin(), value.end(), report_data.begin());
    e.data = p->report(report_data);
    e.aux = p->cert_table();
  }
  const auto document = protocol::make_document(e, protocol::user_data(spki), how.bound_nonce);
  REQUIRE(document);
  Presented out;
  out.profile = "constellation";
  out.chain = {tests::leaf_der(*key, tests::leaf_spec({{document->oid, document->json, false}}))};
  out.nonce = kNonce;
  out.nonce_origin = Presented::NonceOrigin::drawn;
  out.live = true;
  return out;
}

Judge judge_now() {
  Judge judge;
  judge.now = tests::kNow;
  return judge;
}

bool told(const Report& report, const std::string& word) {
  return std::any_of(report.not_proven.begin(), report.not_proven.end(), [&](const std::string& s) { return s.find(word) != std::string::npos; });
}

}  // namespace

TEST_CASE("appraise: a live handshake is bound to the key and fresh, and the report says what that leaves open") {
  const Report report = judge_now()(live());
  CHECK_MESSAGE(report.verdict->code == ExitCode::verified, failures(report));
  CHECK(report.binding->level == BindingLevel::key);
  CHECK(report.freshness->proven);
  CHECK(report.freshness->source == "drawn");
  CHECK(told(report, "relay"));
  CHECK(told(report, "PCR"));
  CHECK(told(report, "simulated"));
}

TEST_CASE("appraise: evidence for another nonce is one failure, by its name") {
  const Report report = judge_now()(live({.bound_nonce = Buffer(32, 1)}));
  CHECK(report.verdict->code == ExitCode::rejected);
  CHECK(report.verdict->reason == "snp-report-data-binding");
  CHECK(report.binding->level == BindingLevel::none);
  CHECK_FALSE(report.freshness->proven);
  const auto failed = std::count_if(report.checks.begin(), report.checks.end(), [](const CheckResult& r) { return r.outcome == Outcome::fail; });
  CHECK(failed == 1);
}

TEST_CASE("appraise: a binding that nobody signed is no binding") {
  const Report report = judge_now()(live({.faults = {"sig-bitflip"}}));
  CHECK(report.verdict->reason == "snp-report-signature");
  CHECK(report.outcome_of(checks::kReportDataBinding) == Outcome::pass);
  CHECK(report.binding->level == BindingLevel::none);
  CHECK_FALSE(report.freshness->proven);
}

TEST_CASE("appraise: freshness by the origin of the nonce") {
  struct Row { const char* name; bool live; Presented::NonceOrigin origin; bool allow, require; ExitCode code; const char* source; };
  using enum Presented::NonceOrigin;
  for (const Row& row : {Row{"drawn", true, drawn, false, false, ExitCode::verified, "drawn"}, Row{"given", true, given, false, false, ExitCode::partial, "given"},
                         Row{"given, allowed", true, given, true, false, ExitCode::verified, "given"}, Row{"none", true, none, true, false, ExitCode::partial, "none"},
                         Row{"recorded", false, recorded, false, false, ExitCode::verified, "recorded"},
                         Row{"recorded, demanded", false, recorded, false, true, ExitCode::partial, "recorded"}}) {
    CAPTURE(row.name);
    Judge judge = judge_now();
    judge.policy.allow_not_fresh = row.allow;
    judge.policy.require_freshness = row.require;
    Presented presented = live();
    presented.live = row.live;
    presented.nonce_origin = row.origin;
    const Report report = judge(presented);
    CHECK_MESSAGE(report.verdict->code == row.code, failures(report));
    if (row.code == ExitCode::partial) CHECK(report.verdict->reason == "atls-nonce-fresh");
    CHECK(report.freshness->source == row.source);
    CHECK(report.freshness->proven == (row.origin == drawn));
  }
}

TEST_CASE("appraise: an unknown nonce leaves the binding undecided") {
  Presented presented = live();
  presented.live = false;
  presented.nonce.reset();
  presented.nonce_origin = Presented::NonceOrigin::none;
  const Report report = judge_now()(presented);
  CHECK(report.verdict->code == ExitCode::undecided);
  CHECK(report.verdict->reason == "snp-report-data-binding");
}

TEST_CASE("appraise: the demanded binding level") {
  for (const auto& [level, code] : {std::pair{BindingLevel::none, ExitCode::verified}, {BindingLevel::key, ExitCode::verified},
                                    {BindingLevel::handshake, ExitCode::partial}, {BindingLevel::application, ExitCode::partial}}) {
    Judge judge = judge_now();
    judge.policy.binding_min = level;
    judge.policy.binding_min_explicit = true;
    CHECK(judge(live()).verdict->code == code);
  }
  // Raw evidence: only an explicit demand counts.
  Judge judge;
  CHECK(judge(raw(evidence_of(*platform()))).verdict->code == ExitCode::verified);
  judge.policy.binding_min_explicit = true;
  const Report report = judge(raw(evidence_of(*platform())));
  CHECK(report.verdict->code == ExitCode::partial);
  CHECK(report.verdict->reason == "atls-binding-level");
}

TEST_CASE("appraise: a dummy document passes only when every safeguard is taken off") {
  for (int mask = 0; mask < 8; ++mask) {
    CAPTURE(mask);
    Judge judge = judge_now();
    judge.policy.trust_simulated = (mask & 1) != 0;
    judge.policy.any_measurement = (mask & 2) != 0;
    judge.policy.binding_min = (mask & 4) != 0 ? BindingLevel::none : BindingLevel::key;
    const Report report = judge(live({.dummy = true}));
    CHECK((report.verdict->code == ExitCode::verified) == (mask == 7));
    if ((mask & 1) == 0) CHECK(report.verdict->reason == "atls-hardware-root");
    CHECK(report.binding->level == BindingLevel::none);
    CHECK_FALSE(report.freshness->proven);
  }
}

TEST_CASE("appraise: reference values are never dropped because the evidence has no claims") {
  Judge judge = judge_now();
  judge.policy.trust_simulated = true;
  judge.policy.binding_min = BindingLevel::none;
  policy::Sections pins;
  pins.snp.measurement = policy::BytesRule{};
  pins.snp.measurement->any_of = {Buffer(48, 1)};
  policy::add_flags(judge.policy, pins);
  CHECK(judge(live({.dummy = true})).verdict->code != ExitCode::verified);
}

TEST_CASE("appraise: endorsements alone are judged and never verified") {
  const auto p = platform();
  struct Row { CollateralKind kind; Buffer der; };
  for (const Row& row : {Row{CollateralKind::amd_vcek, p->vek_der()}, Row{CollateralKind::amd_ask, p->ask_der()}, Row{CollateralKind::amd_ark, p->ark_der()},
                         Row{CollateralKind::amd_crl, p->crl_der()}}) {
    CAPTURE(std::string(collateral_kind_name(row.kind)));
    Presented presented;
    presented.bare_endorsements.push_back({row.kind, row.der, CollateralSource::bundle, "file"});
    const Report report = Judge{}(presented);
    CHECK(report.verdict->code == ExitCode::no_evidence);
    CHECK(report.verdict->reason == "atls-evidence-present");
    CHECK(report.outcome_of(checks::kSnpArkTrusted) == Outcome::pass);
    CHECK(report.evidence.empty());

    Judge strict;
    strict.trust = evidence::TrustStore::builtin();
    CHECK(strict(presented).verdict->code == ExitCode::no_evidence);
  }
}

TEST_CASE("appraise: what cannot be decoded gives one reason and no proof") {
  const auto code = [](const Presented& presented) { return Judge{}(presented).verdict->code; };
  evidence::Evidence broken;
  broken.format = "snp";
  broken.decode_error = "damaged";
  CHECK(code(raw(broken)) == ExitCode::malformed);
  broken = evidence::Evidence{};
  CHECK(code(raw(broken)) != ExitCode::verified);     // no format at all
  CHECK(code({}) == ExitCode::no_evidence);
  Presented unknown = live();
  unknown.profile = "another";
  CHECK(code(unknown) == ExitCode::usage);
  Presented garbage = live();
  garbage.chain = {Buffer(64, 0x30)};
  CHECK(judge_now()(garbage).verdict->code == ExitCode::malformed);
}

TEST_CASE("appraise: every prefix of a report is malformed") {
  const Buffer whole = evidence_of(*platform()).data;
  for (std::size_t n = 0; n < whole.size(); n += 13) {
    CAPTURE(n);
    evidence::Evidence e = evidence_of(*platform());
    e.data.resize(n);
    const Report report = Judge{}(raw(e));
    CHECK(report.verdict->code == ExitCode::malformed);
    CHECK(report.verdict->reason == "snp-report-size");
  }
}

TEST_CASE("appraise: a change of any signed byte is noticed") {
  const evidence::Evidence good = evidence_of(*platform());
  const Judge judge;
  REQUIRE(judge(raw(good)).verdict->code == ExitCode::verified);
  for (std::size_t i = 0; i < snp::kSignedSize; i += 3) {
    CAPTURE(i);
    evidence::Evidence changed = good;
    changed.data[i] ^= 0x80;
    const Report report = judge(raw(changed));
    // REPORTED_TCB and CHIP_ID say whose the report is: with others in them the certificate is none of this report's, and the right one is
    // missing (4). Everything else is a rejection, or no report at all.
    const bool names_signer = (i >= 0x180 && i < 0x188) || (i >= 0x1A0 && i < 0x1E0);
    if (names_signer) CHECK(report.outcome_of(checks::kSnpVekPresent) == Outcome::error);
    if (report.verdict->code != ExitCode::undecided || !names_signer) CHECK((report.verdict->code == ExitCode::rejected || report.verdict->code == ExitCode::malformed));
    CHECK(report.outcome_of(checks::kSnpReportSignature) != Outcome::pass);
  }
}

TEST_CASE("appraise: an expired policy refuses, and what loosens shows as a warning") {
  Judge judge;
  judge.policy.not_after = judge.now - std::chrono::days{1};
  CHECK(judge(raw(evidence_of(*platform()))).verdict->reason == "policy-validity");
  Judge loose;
  loose.policy.loosened = {"--any-measurement: any guest is accepted"};
  CHECK(loose(raw(evidence_of(*platform()))).outcome_of(checks::kPolicyLoosened) == Outcome::warn);
  loose.policy.warnings_fail = true;
  CHECK(loose(raw(evidence_of(*platform()))).verdict->code == ExitCode::refused);
}

TEST_CASE("appraise: a certificate with the wrong TCB is explained by component, and by the field that it would fit") {
  const Report report = Judge{}(raw(evidence_of(*platform({.faults = {"tcb-rollback"}}))));
  const CheckResult* r = report.find("snp-tcb-reported-matches-cert");
  REQUIRE(r != nullptr);
  CHECK(r->outcome == Outcome::fail);
  CHECK(r->detail.find("the certificate says") != std::string::npos);
  CHECK(r->detail.find("_TCB") != std::string::npos);
  CHECK_FALSE(r->expected.empty());
  CHECK_FALSE(r->actual.empty());
}

TEST_CASE("appraise: values name the key that signed them") {
  const Report report = Judge{}(raw(evidence_of(*platform({.vlek = true}))));
  CHECK(report.find("snp-policy-debug")->signed_by == "VLEK");
  CHECK(report.find("snp-vek-validity")->signed_by == "ASVK");
  CHECK(report.find("snp-ask-validity")->signed_by == "ARK");
  CHECK(report.find("snp-crl-fresh")->signed_by == "ARK");
  CHECK(report.find("snp-report-size")->signed_by.empty());
  const Report forged = Judge{}(raw(evidence_of(*platform({.faults = {"sig-bitflip"}}))));
  CHECK(forged.find("snp-policy-debug")->signed_by.empty());
}

TEST_CASE("appraise: the same input gives the same answer from several threads") {
  const evidence::Evidence e = evidence_of(*platform({.seed = "threads"}));
  std::vector<std::thread> threads;
  std::vector<ExitCode> codes(4, ExitCode::internal);
  for (std::size_t i = 0; i < codes.size(); ++i)
    threads.emplace_back([&, i] {
      const Judge judge;
      Report report;
      for (int n = 0; n < 5; ++n) {
        report = Report{};
        evidence::appraise(raw(e), {judge.policy, judge.trust, judge.collateral, judge.now}, report);
      }
      codes[i] = report.verdict->code;
    });
  for (std::thread& t : threads) t.join();
  for (const ExitCode code : codes) CHECK(code == ExitCode::verified);
}

TEST_CASE("appraise: evidence that a bundle repeats must be what the leaf holds") {
  Presented presented = live();
  presented.live = false;
  presented.nonce_origin = Presented::NonceOrigin::recorded;
  Report scratch;
  const auto inside = protocol::extract(presented.chain, presented.nonce, false, tests::kNow, scratch);
  REQUIRE(inside.evidence);
  presented.copies = {{inside.evidence->format, inside.evidence->data}};
  CHECK(judge_now()(presented).verdict->code == ExitCode::verified);
  presented.copies.front().data.back() ^= 1;
  const Report report = judge_now()(presented);
  CHECK(report.verdict->code == ExitCode::rejected);
  CHECK(report.verdict->reason == "atls-evidence-single");
}

TEST_CASE("appraise: a server without evidence is accepted only with three consents, and never when it shows some") {
  const auto key = tests::scalar_one_key();
  Presented bare = live();
  bare.chain = {tests::leaf_der(*key, tests::leaf_spec({}))};
  bare.we_attested = true;
  for (int consents = 0; consents < 8; ++consents) {
    CAPTURE(consents);
    Judge judge = judge_now();
    judge.policy.allow_unattested_server = (consents & 1) != 0;
    judge.policy.any_measurement = (consents & 2) != 0;
    judge.policy.binding_min = (consents & 4) != 0 ? BindingLevel::none : BindingLevel::key;
    Report report;
    report.time = judge.now;
    for (const CheckSpec* spec : {&checks::kTlsHandshake, &checks::kTlsNotResumed}) report.pass(*spec);
    evidence::appraise(bare, {judge.policy, judge.trust, judge.collateral, judge.now}, report);
    const ExitCode want = (consents & 1) == 0 ? ExitCode::no_evidence : consents == 7 ? ExitCode::verified : ExitCode::partial;
    CHECK_MESSAGE(report.verdict->code == want, failures(report));
  }
  // Consent to no evidence is no consent to bad evidence, nor to a client without any.
  Judge judge = judge_now();
  judge.policy.allow_unattested_server = true;
  judge.policy.binding_min = BindingLevel::none;
  CHECK(judge(live({.faults = {"sig-bitflip"}})).verdict->code == ExitCode::rejected);
  // Nor is it one where nobody attests anything.
  bare.we_attested = false;
  CHECK(judge(bare).verdict->code == ExitCode::no_evidence);
  bare.we_attested = true;
  bare.peer_is_client = true;
  CHECK(judge(bare).verdict->code == ExitCode::no_evidence);
}
