// Result<T>: a value or an Error with the place where it happened. Hostile input is the normal case in this suite, so
// failing to decode is an answer to print and not an exception.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace atls {

enum class Errc { truncated, bad_value, unsupported, too_large, not_found, unavailable, refused, io, tls, crypto, timeout, bug };

struct Error {
  Errc code = Errc::bug;
  std::string where;         // structure and field, dotted: "snp.report.VERSION"
  std::string detail;        // one line, lower case, no full stop
  std::size_t offset = 0;    // bytes from the start of the structure named first in `where`
  std::string message() const;  // "snp.report.VERSION at offset 0: input ends inside this field"
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}        // NOLINT
  explicit operator bool() const noexcept { return state_.index() == 0; }
  const T& operator*() const& { return std::get<0>(state_); }   // throws if unchecked: a bug, caught in main
  T& operator*() & { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  const T* operator->() const { return &std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Done {};                     // Result<Done>: success without a value
using Status = Result<Done>;
inline Status ok() { return Done{}; }

inline Error bad_value(std::string where, std::string detail) { return {Errc::bad_value, std::move(where), std::move(detail)}; }

}  // namespace atls
