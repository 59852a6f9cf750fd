#include "collateral/requests.hpp"

namespace atls {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxRemembered = 256;      // answers of this process; chips named by hostile evidence must not fill memory
constexpr std::size_t kMaxUnderWay = 16;         // requests at one time, for the same reason
constexpr std::chrono::seconds kRememberGood{3600}, kRememberBad{60};   // AMD throttles repeats of one request to about one per 10 s

}  // namespace

Fetched fetch_failed(CollateralMiss::Why why, std::string detail) { return {{}, CollateralMiss{CollateralSource::network, why, std::move(detail)}, {}}; }

Fetched fetch_failed(const std::string& url, const Error& error) {
  const auto why = error.code == Errc::refused       ? CollateralMiss::Why::refused
                   : error.code == Errc::unavailable ? CollateralMiss::Why::unavailable
                                                     : CollateralMiss::Why::invalid;
  return fetch_failed(why, url + ": " + error.detail);
}

Fetched Requests::get(const std::string& url, const std::function<Fetched()>& fetch) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto known = remembered_.find(url); known != remembered_.end() && Clock::now() < known->second.until) return known->second;
    if (!under_way_.contains(url)) break;
    if (done_.wait_for(lock, patience_) == std::cv_status::timeout) return fetch_failed(CollateralMiss::Why::unavailable, url + ": another request for it takes too long");
  }
  if (under_way_.size() >= kMaxUnderWay) return fetch_failed(CollateralMiss::Why::unavailable, url + ": too many requests are under way; try again");
  under_way_.insert(url);
  lock.unlock();
  Fetched fetched;
  try {
    fetched = fetch();
  } catch (...) {
    lock.lock();
    under_way_.erase(url);
    done_.notify_all();
    throw;
  }
  lock.lock();
  under_way_.erase(url);
  remember(url, fetched);
  done_.notify_all();
  return fetched;
}

void Requests::remember(const std::string& url, Fetched& fetched) {
  fetched.until = Clock::now() + (fetched.why ? kRememberBad : kRememberGood);
  for (const CollateralObject& object : fetched.objects)
    if (is_dated(object.kind) && (!object.next_update || *object.next_update <= now_)) fetched.until = Clock::now() + kRememberBad;
  if (remembered_.insert_or_assign(url, fetched).second) order_.push_back(url);
  if (order_.size() > kMaxRemembered) {
    remembered_.erase(order_.front());
    order_.pop_front();
  }
}

}  // namespace atls
