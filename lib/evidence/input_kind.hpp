// Which kind of input these bytes are, by content.
#pragma once

#include <optional>

#include "evidence/load.hpp"
#include "snp/cert_table.hpp"
#include "snp/report.hpp"

namespace atls::evidence {

bool is_json_kind(InputKind kind);
std::optional<InputKind> kind_of_binary(Bytes content);   // nothing for text encodings and JSON
InputKind der_kind(Bytes der);                            // certificate or crl, also of damaged DER
bool looks_like_report(Bytes content);                    // also of a cut or altered one
bool reads_as_table(Bytes content);                       // behind a report: a table and not just more bytes

}  // namespace atls::evidence
