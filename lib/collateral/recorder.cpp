#include "collateral/recorder.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>

namespace atls {

struct CollateralRecorder::Log {
  std::mutex mutex;
  std::vector<CollateralItem> items;
  double elapsed_ms = 0;

  void add(const CollateralAnswer& answer, double ms) {
    const std::lock_guard lock(mutex);
    elapsed_ms += ms;
    for (const CollateralItem& item : answer.items) {
      const auto known = std::find_if(items.begin(), items.end(), [&](const CollateralItem& i) { return i.data == item.data; });
      if (known == items.end()) items.push_back(item);
      else if (known->issuer_chain.empty()) known->issuer_chain = item.issuer_chain;   // a loose copy was found first
    }
  }
};

// All local sources, or all of the network, behind one provider.
class CollateralRecorder::Recording : public CollateralProvider {
 public:
  using Find = CollateralAnswer (Collateral::*)(const CollateralQuery&) const;
  Recording(const Collateral& sources, Find how, CollateralSource source, std::shared_ptr<Log> log)
      : sources_(sources), find_(how), source_(source), log_(std::move(log)) {}
  CollateralSource source() const override { return source_; }
  CollateralAnswer find(const CollateralQuery& query) override {
    const auto start = std::chrono::steady_clock::now();
    CollateralAnswer answer = (sources_.*find_)(query);
    log_->add(answer, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    return answer;
  }

 private:
  const Collateral& sources_;
  const Find find_;
  const CollateralSource source_;
  const std::shared_ptr<Log> log_;
};

CollateralRecorder::CollateralRecorder(const Collateral& sources) : log_(std::make_shared<Log>()) {
  recording_.add(std::make_shared<Recording>(sources, &Collateral::find_local, CollateralSource::dir, log_));
  if (sources.has_network()) recording_.add(std::make_shared<Recording>(sources, &Collateral::find_network, CollateralSource::network, log_));
}

std::vector<CollateralItem> CollateralRecorder::items() const {
  const std::lock_guard lock(log_->mutex);
  return log_->items;
}

double CollateralRecorder::elapsed_ms() const {
  const std::lock_guard lock(log_->mutex);
  return log_->elapsed_ms;
}

}  // namespace atls
