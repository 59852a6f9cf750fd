// What the files of the loader share. Private to lib/evidence.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "evidence/load.hpp"

namespace atls::evidence::loading {

inline constexpr std::size_t kMaxFile = 16 * 1024 * 1024;       // a bundle at its limit
inline constexpr std::size_t kMaxDirectoryEntries = 1024;

// Takes evidence over: claims, kind. `base`: where its claims' bytes begin in the input; empty when they have spaces of their own.
void take_evidence(Loaded& out, Evidence evidence, InputKind kind);
void take_only_evidence(Loaded& out, Evidence evidence);   // a second one is an error
void take_certificate(Loaded& out, Bytes der);      // decodable or not
void take_crl(Loaded& out, Bytes der);
void set_error(Loaded& out, Error error);           // keeps the first

// JSON inputs. `kind_of_json` is empty when the members are not those of a known document.
std::optional<InputKind> kind_of_json(Bytes text);
void load_json(Loaded& out, Bytes text, InputKind kind);

void load_collateral(Loaded& out, Bytes content);              // bundles of other programs
Claim collateral_claim(const CollateralItem& item, std::string meaning);
void load_intel(Loaded& out, Bytes content, InputKind kind);   // quotes, TDREPORT, collateral, event logs

bool holds_quote(const nlohmann::json& object);                // containers of quotes
void load_quote_container(Loaded& out, Bytes text);
std::optional<Buffer> bytes_of_json_array(Bytes text);         // [4, 0, 2, ...]
void show_embedded_quote(Loaded& out, Bytes content, std::size_t at);
std::optional<std::size_t> find_embedded_quote(Bytes content); // its place

Evidence snp_evidence(Bytes bytes);                 // a report, and a table behind it when it reads as one
Evidence hcl_evidence(Bytes bytes);
Result<Buffer> read_file(const std::filesystem::path& path, std::size_t limit);
Loaded load_directory(const std::filesystem::path& path);

}  // namespace atls::evidence::loading
