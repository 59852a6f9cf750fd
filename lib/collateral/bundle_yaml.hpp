// The dcap-qvl members as YAML, as the tools of Flashbots write them. Hostile input: only one flat mapping of plain texts is read;
// anchors, aliases, tags, nesting, a second document and repeated keys are refused at the first event that shows them.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "intel/bundle.hpp"

namespace atls {

bool looks_like_bundle_yaml(Bytes content);   // text with a line "tcb_info_issuer_chain:" or another member's
Result<intel::CollateralBundle> parse_bundle_yaml(Bytes content);

}  // namespace atls
