// What happens on a connection after a good verdict.
#pragma once

#include "atls-connect/attested.hpp"

namespace atls::connect {

// --pipe or --http-get; verified when it went well, exchange_failed otherwise, with the reason on standard error.
ExitCode exchange(const Options& options, Attested attested, tools::Io& io);
// --listen: serves until SIGTERM (verified) or SIGINT (interrupted).
ExitCode listen(const Options& options, Connector& connector, tools::Io& io);

}  // namespace atls::connect
