// Claim trees of JSON: any document as it stands, and the attestation documents of Constellation aTLS with what is inside.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "report/claim.hpp"

namespace atls::evidence {

Claim json_claims(Bytes text, std::string name);           // members by name, array elements are called "item"
Claim document_claims(Bytes json, std::string name = "document");

}  // namespace atls::evidence
