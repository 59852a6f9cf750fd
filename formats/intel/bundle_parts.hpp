// What the readers of bundles share. Private to formats/intel.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/json.hpp"
#include "intel/bundle.hpp"

namespace atls::intel::bundles {

inline constexpr JsonLimits kLimits{32, kMaxCollateralBundle};

// Collects items; the first error stays and later calls do nothing.
class Import {
 public:
  explicit Import(BundleForm form) { out_.form = form; }
  void add(BundleItem::Kind kind, std::string place, Buffer data, std::string chain = {});
  void add_crl(std::string place, Bytes content, std::string chain);                       // DER, PEM or hex
  void add_response(std::string place, Bytes response, std::string chain);                 // kind by its member; of other uses: ignored
  void add_parts(BundleItem::Kind kind, std::string place, Bytes signed_text, Bytes signature, std::string chain);
  void ignore(const std::string& place, const std::string& why);
  void fail(const std::string& place, std::string detail, Errc code = Errc::bad_value);
  bool ok() const { return !error_; }
  Result<CollateralBundle> finish();

 private:
  CollateralBundle out_;
  std::optional<Error> error_;
};

// The text of a member; empty and an error in `import` when it is no text.
std::string text_of(const nlohmann::json& object, const std::string& name, const std::string& place, Import& import);
std::string decoded_chain(const std::string& header_value, const std::string& place, Import& import);   // percent-encoded PEM

Result<CollateralBundle> read_go_getter(const nlohmann::json& document);
Result<CollateralBundle> read_pcs_client(Bytes content, const nlohmann::json& document);

}  // namespace atls::intel::bundles
