// --repeat: several connections, and what they have in common.
#pragma once

#include <string>
#include <vector>

#include "atls-connect/attested.hpp"

namespace atls::connect {

// What is kept of each connection; the connection itself is closed.
struct Sample { Report report; std::string spki_sha256, evidence_sha256; };
Sample sample_of(Attested attested);

double percentile(std::vector<double> values, double p);   // nearest rank
std::string statistics(const std::vector<Sample>& samples);

}  // namespace atls::connect
