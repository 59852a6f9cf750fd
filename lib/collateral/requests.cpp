#include "collateral/requests.hpp"

namespace atls {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxRemembered = 256;      // answers of this process; chips named by hostile evidence must not fill memory
constexpr std::size_t kMaxUnderWay = 16;         // requests at one time, for the same reason
constexpr std::size_t kMaxUnderWayOfClient = 3;  // of these 16: a question may need another one, and five clients leave room for a sixth
constexpr std::size_t kMaxAskedByClient = 16;    // new questions of one client in a minute: one platform needs five
constexpr std::size_t kMaxClients = 1024;        // whose questions are counted; memory, again
constexpr std::chrono::seconds kClientWindow{60};
constexpr std::chrono::seconds kRememberRefused{600};   // the service knows no such chip: a made-up one is not asked for again soon
constexpr std::chrono::seconds kRememberGood{3600}, kRememberBad{60};   // AMD throttles repeats of one request to about one per 10 s

thread_local std::string t_client;

}  // namespace

Fetched fetch_failed(CollateralMiss::Why why, std::string detail) { return {{}, CollateralMiss{CollateralSource::network, why, std::move(detail)}, {}}; }

Fetched fetch_failed(const std::string& url, const Error& error) {
  const auto why = error.code == Errc::refused       ? CollateralMiss::Why::refused
                   : error.code == Errc::unavailable ? CollateralMiss::Why::unavailable
                                                     : CollateralMiss::Why::invalid;
  return fetch_failed(why, url + ": " + error.detail);
}

std::string Requests::refusal_for(const std::string& client) {
  if (client.empty()) return {};
  const auto now = Clock::now();
  if (clients_.size() >= kMaxClients && !clients_.contains(client))
    std::erase_if(clients_, [&](const auto& row) { return row.second.under_way == 0 && (row.second.times.empty() || now - row.second.times.back() > kClientWindow); });
  if (clients_.size() >= kMaxClients && !clients_.contains(client)) return "too many clients make this server ask; try again";
  Asked& asked = clients_[client];
  while (!asked.times.empty() && now - asked.times.front() > kClientWindow) asked.times.pop_front();
  if (asked.under_way >= kMaxUnderWayOfClient || asked.times.size() >= kMaxAskedByClient) return "this client has made the server ask for too much; try again in a minute";
  asked.times.push_back(now);
  ++asked.under_way;
  return {};
}

OnBehalfOf::OnBehalfOf(std::string client) { t_client = std::move(client); }
OnBehalfOf::~OnBehalfOf() { t_client.clear(); }

Fetched Requests::get(const std::string& url, const std::function<Fetched()>& fetch) {
  const std::string client = t_client;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto known = remembered_.find(url); known != remembered_.end() && Clock::now() < known->second.until) return known->second;
    if (!under_way_.contains(url)) break;
    if (done_.wait_for(lock, patience_) == std::cv_status::timeout) return fetch_failed(CollateralMiss::Why::unavailable, url + ": another request for it takes too long");
  }
  if (under_way_.size() >= kMaxUnderWay) return fetch_failed(CollateralMiss::Why::unavailable, url + ": too many requests are under way; try again");
  if (const std::string refusal = refusal_for(client); !refusal.empty()) return fetch_failed(CollateralMiss::Why::unavailable, url + ": " + refusal);
  under_way_.insert(url);
  const auto done = [&] {
    under_way_.erase(url);
    if (const auto asked = clients_.find(client); !client.empty() && asked != clients_.end()) --asked->second.under_way;
  };
  lock.unlock();
  Fetched fetched;
  try {
    fetched = fetch();
  } catch (...) {
    lock.lock();
    done();
    done_.notify_all();
    throw;
  }
  lock.lock();
  done();
  remember(url, fetched);
  done_.notify_all();
  return fetched;
}

void Requests::remember(const std::string& url, Fetched& fetched) {
  const bool refused = fetched.why && fetched.why->why == CollateralMiss::Why::refused;
  fetched.until = Clock::now() + (refused ? kRememberRefused : fetched.why ? kRememberBad : kRememberGood);
  for (const CollateralObject& object : fetched.objects)
    if (is_dated(object.kind) && (!object.next_update || *object.next_update <= now_)) fetched.until = Clock::now() + kRememberBad;
  std::erase(good_, url);
  std::erase(bad_, url);
  remembered_.insert_or_assign(url, fetched);
  auto& order = fetched.why ? bad_ : good_;
  order.push_back(url);
  if (order.size() > kMaxRemembered) {
    remembered_.erase(order.front());
    order.pop_front();
  }
}

}  // namespace atls
