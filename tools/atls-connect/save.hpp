// What is kept of a handshake: bundle, certificates, evidence. Saved whatever the verdict, so that it can be looked at.
#pragma once

#include <ostream>

#include "atls-connect/attested.hpp"

namespace atls::connect {

// Everything that the options ask for; errors are printed. False: something could not be saved.
bool save(const Options& options, const Attested& attested, tools::Io& io);
std::string certificates_pem(const std::vector<Buffer>& chain);

}  // namespace atls::connect
