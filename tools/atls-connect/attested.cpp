#include "atls-connect/attested.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "channel/client_tls.hpp"
#include "collateral/recorder.hpp"
#include "constellation/document.hpp"
#include "crypto/digest.hpp"
#include "profile/constellation.hpp"
#include "profile/registry.hpp"
#include "report/checks_atls.hpp"
#include "sim/handshake_faults.hpp"

namespace atls::connect {
namespace {

namespace cons = profile::constellation;
using Clock = std::chrono::steady_clock;
using channel::ClientChannel;

// How long a server may take to judge our certificate before its silence counts as acceptance.
constexpr std::chrono::milliseconds kRefusalWait{1000};
// A forwarder runs for months: policy, trust and collateral are read anew now and then.
constexpr std::chrono::minutes kReload{10};

double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }
Time wall_clock() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

Result<std::shared_ptr<const tools::Setup>> load(const Options& o) {
  auto setup = tools::make_setup(o.policy, o.trust, o.collateral, o.time);
  if (!setup) return setup.error();
  if (o.allow_unattested_server) {
    setup->policy.allow_unattested_server = true;
    setup->policy.loosened.push_back("a server without evidence is accepted (--allow-unattested-server)");
  }
  return std::shared_ptr<const tools::Setup>(std::make_shared<tools::Setup>(*std::move(setup)));
}

Error usage(std::string where, std::string detail) { return {Errc::bad_value, std::move(where), std::move(detail)}; }

// The platform behind the attester has the faults of reports and certificates, the leaf maker those of the handshake.
Result<channel::LeafMaker> leaf_maker(const tools::AttesterOptions& options) {
  tools::AttesterOptions attester = options;
  if (attester.spec.empty()) attester.spec = "none";
  const auto setup = tools::attester_from_spec(attester);
  if (!setup) return usage("--attest-as", setup.error().message());
  if (const std::string problem = tools::why_not_served(*setup); !problem.empty()) return usage("--attest-as", problem);
  return sim::faulty_leaf_maker(setup->attester, options.faults);
}

std::vector<CollateralItem> used_items(const CollateralRecorder& recorder, const Report& report) {
  std::vector<CollateralItem> all = recorder.items(), used;
  for (const CollateralItem& item : all) {
    const std::string digest = hex(crypto::sha256(item.data));
    if (std::any_of(report.collateral.begin(), report.collateral.end(), [&](const CollateralInfo& c) { return c.sha256 == digest; })) used.push_back(item);
  }
  return used.empty() ? all : used;
}

}  // namespace

Result<std::unique_ptr<Connector>> Connector::create(const Options& options) {
  const profile::Profile* profile = profile::find_profile(options.profile);
  if (profile == nullptr || !profile->connect) return usage("--profile", "unknown profile \"" + options.profile + "\"; --list-profiles shows them");
  std::unique_ptr<Connector> out(new Connector(options));
  auto client = client_options(options);
  if (!client) return client.error();
  out->client_ = *std::move(client);
  if (const Status s = channel::ClientTls().prepare(out->client_); !s) return s.error();   // cipher names, key log and the like
  if (!options.nonce.empty()) {
    auto nonce = from_hex_of_size(options.nonce, constellation::kNonceSize, "--nonce");
    if (!nonce) return usage("--nonce", nonce.error().detail);
    out->fixed_nonce_ = *std::move(nonce);
  }
  auto event_log = tools::read_event_log(options.evidence);
  if (!event_log) return event_log.error();
  out->event_log_ = *std::move(event_log);
  auto leaf = leaf_maker(options.attest_as);
  if (!leaf) return leaf.error();
  out->leaf_ = *std::move(leaf);
  auto setup = load(options);
  if (!setup) return setup.error();
  out->setup_ = *std::move(setup);
  out->loaded_ = Clock::now();
  return out;
}

std::shared_ptr<const tools::Setup> Connector::current_setup() {
  const std::lock_guard lock(mutex_);
  if (!options_.listen.empty() && Clock::now() - loaded_ > kReload) {
    // A policy that has become unreadable does not end the forwarder: the one that was valid stays in force.
    if (auto fresh = load(options_)) setup_ = *std::move(fresh);
    loaded_ = Clock::now();
  }
  return setup_;
}

Result<channel::ClientCertificate> Connector::client_certificate(const std::vector<Buffer>& ca_names) const {
  const auto nonce = cons::nonce_from_ca_names(ca_names);
  if (!nonce) return nonce.error();
  const auto weak = sim::handshake_behaviour(options_.attest_as.faults).weak;
  auto key = weak ? weak->key() : cons::make_leaf_key();   // fresh for each request
  if (!key) return key.error();
  auto leaf = leaf_(**key, *nonce);
  if (!leaf) return leaf.error();
  return channel::ClientCertificate{*std::move(key), *std::move(leaf), weak.has_value()};
}

// Records the checks of the TLS layer. True: there is a channel whose peer can be judged.
bool Connector::judge_channel(ClientChannel& channel, double& waited_ms, Report& report) const {
  using State = ClientChannel::State;
  if (channel.state == State::established) report.tls = channel.tls;
  bool good_request = true;
  if (channel.certificate_requested) {
    const auto nonce = cons::nonce_from_ca_names(channel.ca_names);
    good_request = static_cast<bool>(nonce);
    if (nonce) report.pass(checks::kNonceRequest).actual = hex(*nonce);
    else report.fail(checks::kNonceRequest, nonce.error().detail + ": the server asks for a client certificate, but not in the way of this profile");
  } else if (channel.state == State::established) {
    report.skip(checks::kNonceRequest, "the server did not ask for our evidence");
    if (!options_.attest_as.spec.empty() && options_.attest_as.spec != "none") report.add_not_proven("The server did not ask for our evidence: --attest-as had no effect.");
  }
  if (channel.state == State::ended_by_us && !good_request) {
    report.error(checks::kTlsHandshake, "we ended it because of the certificate request");
    return false;
  }
  if (!channel.weakness.empty()) {
    report.fail(checks::kTlsKeyStrength, channel.weakness);
    report.error(checks::kTlsHandshake, "we ended it, because what the server chose can be broken");
    return false;
  }
  if (channel.state != State::established) {
    const std::string prefix = channel.state == State::ended_by_us ? "our own evidence could not be made: " : "";
    std::string detail = prefix + channel.error->detail;
    if (channel.certificate_sent && options_.attest_as.spec.empty() && channel.error->code == Errc::refused)
      detail += "; it verifies its clients, and we presented no evidence: give --attest-as";
    report.fail(checks::kTlsHandshake, std::move(detail)).actual = channel.error->where;
    return false;
  }
  std::optional<std::string> refusal;
  if (channel.certificate_requested && channel.tls.version == "TLSv1.3") {   // in TLS 1.2 the handshake ends after the server's judgement
    const auto start = Clock::now();
    refusal = channel.refusal_within(kRefusalWait);
    waited_ms = ms_since(start);
    if (!refusal && options_.attest_as.spec != "none" && !options_.attest_as.spec.empty())
      report.add_not_proven("That the server accepts our evidence: it has not refused it so far, and under TLS 1.3 it may still.");
  }
  if (refusal) {
    if (options_.attest_as.spec.empty()) *refusal += "; it verifies its clients, and we presented no evidence: give --attest-as";
    report.fail(checks::kTlsHandshake, *refusal);
  } else {
    report.pass(checks::kTlsHandshake);
  }
  report.judge(checks::kTlsNotResumed, !channel.tls.resumed, "a resumed session carries no certificate, so no evidence");
  return true;
}

Attested Connector::connect(int stop_fd) {
  const auto setup = current_setup();
  Attested out;
  out.nonce = fixed_nonce_ ? *fixed_nonce_ : crypto::random_bytes(constellation::kNonceSize);
  channel::ClientOptions client = client_;
  client.sni = cons::nonce_to_sni(out.nonce);
  client.stop_fd = stop_fd;
  const auto attested = std::make_shared<bool>(false);   // with --attest-as none, or a fault, our certificate has no evidence; shared: the channel keeps the function
  client.on_certificate_request = [this, attested](const std::vector<Buffer>& names) {
    auto made = client_certificate(names);
    if (made) *attested = cons::has_constellation_extension(*made->leaf);
    return made;
  };

  const Time now = setup->time_source == "clock" ? wall_clock() : setup->now;
  Report& report = out.report = tools::new_report(kTool.name, *setup);
  report.time = now;
  report.subject = {"endpoint", client.target.text(), {}};
  report.profile = profile::find_profile(options_.profile)->id;

  const auto start = Clock::now();
  out.channel = connect_client(client);
  out.chain = out.channel.chain;
  if (!out.chain.empty()) report.subject.sha256 = hex(crypto::sha256(out.chain.front()));
  double waited_ms = 0, collateral_ms = 0, appraise_ms = 0;
  if (judge_channel(out.channel, waited_ms, report) && !out.channel.tls.resumed) {
    evidence::Presented presented;
    presented.profile = report.profile;
    presented.chain = out.chain;
    presented.nonce = out.nonce;
    presented.nonce_origin = fixed_nonce_ ? evidence::Presented::NonceOrigin::given : evidence::Presented::NonceOrigin::drawn;
    presented.live = true;
    presented.event_log = event_log_;
    presented.we_attested = *attested && out.channel.certificate_sent;
    const CollateralRecorder recorder(*setup->collateral);
    const auto appraisal_start = Clock::now();
    auto appraisal = evidence::appraise(presented, {setup->policy, setup->trust, recorder.collateral(), now}, report);
    appraise_ms = ms_since(appraisal_start);
    collateral_ms = recorder.elapsed_ms();
    out.collateral = used_items(recorder, report);
    out.proof = std::move(appraisal.proof);
  } else {
    report.finish({}, setup->policy.warnings_fail);
  }
  report.timing_ms = {{"dns", out.channel.timing.dns},  {"tcp", out.channel.timing.tcp},      {"tls", out.channel.timing.tls},
                      {"evidence", waited_ms},          {"collateral", collateral_ms},        {"verify", std::max(0.0, appraise_ms - collateral_ms)},
                      {"total", ms_since(start)}};
  return out;
}

}  // namespace atls::connect
