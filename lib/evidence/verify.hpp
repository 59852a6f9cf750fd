// Appraisal: from what was presented to a finished report. Same input, same report: time, collateral, policy and trust are
// arguments.
#pragma once

#include <memory>
#include <optional>

#include "evidence/evidence.hpp"
#include "evidence/parts.hpp"
#include "evidence/trust.hpp"
#include "policy/policy.hpp"
#include "report/model.hpp"

namespace atls::evidence {

class VerifiedEvidence {  // proof that the verdict was "verified"; only the verifier makes it
 public:
  const std::string& format() const { return format_; }

 private:
  friend struct Verifier;
  explicit VerifiedEvidence(std::string format) : format_(std::move(format)) {}
  std::string format_;
};

struct Context {
  const policy::Policy& policy;
  const TrustStore& trust;
  const Collateral& collateral;  // directories, cache, network
  Time now;
};

// One thing to judge: what a handshake, a file or a bundle gave. Exactly one of `chain` and `raw` is used.
struct Presented {
  std::string profile;        // "constellation"; empty for raw evidence and bare endorsements
  std::vector<Buffer> chain;  // DER, leaf first
  std::optional<Evidence> raw;
  std::optional<Buffer> nonce;  // decoded; absent: unknown
  enum class NonceOrigin { none, drawn, given, recorded } nonce_origin = NonceOrigin::none;
  std::vector<EvidenceCopy> copies;      // evidence that a bundle repeats beside the leaf: another one than the leaf's is refused
  bool resumed = false;                  // a bundle that records a resumed handshake
  std::optional<TlsInfo> recorded_tls;   // of a bundle: what can be broken is refused in recordings, too
  std::optional<Buffer> log_beside;      // an event log that stood beside a leaf in the same file
  std::vector<UnusedPart> unused;        // parts of the input that are told as not judged
  bool live = false;                              // a connection of this process, not a recording
  bool peer_is_client = false;                    // a server judging its client
  bool we_attested = false;                       // our own certificate of this handshake carried evidence
  std::string peer = {};                          // its address; whom collateral questions of a server are counted by
  std::vector<CollateralItem> with_it;            // collateral that came in the handshake or bundle
  std::optional<Buffer> event_log;               // given by the user for the TDX quote at hand; stands in for one that came with it
  std::vector<CollateralItem> bare_endorsements;  // files that are certificates or CRLs only: judged, never "verified"
};

struct Appraisal {
  std::optional<VerifiedEvidence> proof;  // set exactly when report.verdict is "verified"
};

// Appends all checks, evidence, binding, freshness, collateral, not_proven to `report` and finishes it.
Appraisal appraise(const Presented& presented, const Context& context, Report& report);

// The pieces, per evidence format (lib/evidence/registry.cpp has one row each).
struct Format {
  std::string_view id, title;
  void (*verify)(const Evidence&, const std::optional<ExpectedBinding>&, const std::vector<CollateralItem>& with_it,
                 const Context&, Report&);
  std::vector<const CheckSpec*> (*must_pass)(const Context&, const Report&);
  Claim (*claims)(const Evidence&);  // decodes as far as possible, names the place of damage
  // What the frame (appraise.cpp) must know: the check that ties the signed value to the channel, the checks that make a value
  // "signed by hardware", the one that says which guest is expected, and the ones after whose failure nothing was judged.
  const CheckSpec* binding;
  std::span<const CheckSpec* const> signatures;   // the way from a trusted root to the evidence, all must pass; empty: no hardware signs this
  std::span<const CheckSpec* const> chain;        // none of these may have failed: a key that was revoked or may not sign makes no value signed
  const CheckSpec* no_reference;
  std::span<const CheckSpec* const> decoding;
};
std::span<const Format> formats();
const Format* find_format(std::string_view id);

}  // namespace atls::evidence
