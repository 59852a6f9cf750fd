// The tree of decoded claims: all that atls-dump prints and what the report shows as evidence.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"

namespace atls {

struct Claim {
  std::string name;              // as in the specification: "reported_tcb"
  std::variant<std::monostate, bool, std::uint64_t, std::string, Buffer> value;
  std::string meaning;           // flags by name, TCB by component, dates; empty when the value says it
  std::optional<std::size_t> offset;   // bytes from the start of the nearest ancestor-or-self with `bytes` set
  std::size_t size = 0;
  std::shared_ptr<const Buffer> bytes; // set on nodes that begin a byte space of their own (file, decoded base64, DER in PEM)
  std::string error;             // decoding stopped here: why
  std::vector<Claim> children;

  Claim() = default;
  explicit Claim(std::string n) : name(std::move(n)) {}
  Claim& add(Claim child) { children.push_back(std::move(child)); return children.back(); }
};

// "report.reported_tcb" or "certificate[1].subject": names joined by dots, [n] picks the n-th child of that name (from 0).
const Claim* find_claim(const Claim& root, std::string_view path);
// The original bytes of a node, empty when it has none (a computed value).
Buffer claim_bytes(const Claim& root, std::string_view path);

}  // namespace atls
