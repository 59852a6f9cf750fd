// What a simulated KDS says to a path, without any socket.
#pragma once

#include <string>
#include <string_view>

#include "sim/platform.hpp"

namespace atls::sim {

// `target`: path and query of the request line. Knows only the chip and the TCB of this platform.
HttpAnswer kds_answer(const SnpPlatform& platform, std::string_view target);
// The kind of object that `target` asks the KDS of product `asked` for, as `other` has it, whatever chip and TCB are asked for.
HttpAnswer kds_answer_of_other(const SnpPlatform& other, snp::ProductLine asked, std::string_view target);

}  // namespace atls::sim
