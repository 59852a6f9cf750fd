// Stands between a verifier and its sources of collateral and keeps what was found and how long it took: for bundles and
// timing. Changes nothing.
#pragma once

#include <memory>
#include <vector>

#include "collateral/collateral.hpp"

namespace atls {

class CollateralRecorder {
 public:
  explicit CollateralRecorder(const Collateral& sources);   // must outlive the recorder
  const Collateral& collateral() const { return recording_; }
  std::vector<CollateralItem> items() const;                // distinct contents, in the order of discovery
  double elapsed_ms() const;

 private:
  struct Log;
  class Recording;
  std::shared_ptr<Log> log_;
  Collateral recording_;
};

}  // namespace atls
