// What the providers of network services share: one request per URL at a time, its answer remembered for a while within the process,
// and bounds on both. Hostile evidence chooses chips and platforms, so nothing here may grow with what it names.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/result.hpp"
#include "collateral/object.hpp"

namespace atls {

// What one URL gave. `why` is empty when `objects` holds checked answers.
struct Fetched {
  std::vector<CollateralObject> objects = {};
  std::optional<CollateralMiss> why = {};
  std::chrono::steady_clock::time_point until = {};
};
Fetched fetch_failed(CollateralMiss::Why why, std::string detail);
Fetched fetch_failed(const std::string& url, const Error& error);   // of http_get: unavailable, refused, else invalid

// Whom the questions of this thread are counted by, for as long as it lives: a server judges a client in the thread of its connection.
// Nobody: a client's or a verifier's own questions, which are not counted.
class OnBehalfOf {
 public:
  explicit OnBehalfOf(std::string client);
  ~OnBehalfOf();
  OnBehalfOf(const OnBehalfOf&) = delete;
  OnBehalfOf& operator=(const OnBehalfOf&) = delete;
};

class Requests {
 public:
  // `now` decides which answers are outdated already: these are asked for again soon.
  Requests(std::chrono::milliseconds patience, Time now) : patience_(patience), now_(now) {}
  // Calls `fetch` unless the answer is remembered or on its way; then waits for it. One client (OnBehalfOf) has a part of the requests
  // only, so that made-up platforms cannot keep the genuine ones of others waiting.
  Fetched get(const std::string& url, const std::function<Fetched()>& fetch);

 private:
  void remember(const std::string& url, Fetched& fetched);
  std::string refusal_for(const std::string& client);   // empty: it may ask, and this is counted

  struct Asked { std::size_t under_way = 0; std::deque<std::chrono::steady_clock::time_point> times; };

  const std::chrono::milliseconds patience_;
  const Time now_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::set<std::string> under_way_;
  std::map<std::string, Fetched> remembered_;
  std::deque<std::string> good_, bad_;     // in the order of arrival: what failed never drives out what was had
  std::map<std::string, Asked> clients_;
};

}  // namespace atls
