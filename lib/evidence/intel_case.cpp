// Decodes what came with an Intel quote.
#include "evidence/intel_case.hpp"

#include "evidence/memo.hpp"
#include "pem/pem.hpp"

namespace atls::evidence {

IntelCase make_intel_case(const Evidence& evidence, const std::vector<CollateralItem>&, const Context&) {
  IntelCase c;
  c.evidence = &evidence;
  auto quote = intel::parse_quote(evidence.data);
  if (quote)
    c.quote = *std::move(quote);
  else
    c.quote_error = quote.error();
  return c;
}

IntelCase make_bare_intel_case(const std::vector<CollateralItem>&, const Context&) { return {}; }

Buffer IntelCase::root_spki() const { return root ? root->object.spki() : root_key != nullptr ? root_key->spki : Buffer{}; }

void attribute_intel_signers(const IntelCase&, Report&) {}
void record_intel_collateral(const IntelCase&, Report&) {}

}  // namespace atls::evidence
