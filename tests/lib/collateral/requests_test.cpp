#include "collateral/requests.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace atls;
using Why = CollateralMiss::Why;

namespace {

const Time kThatDay{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};
constexpr std::chrono::milliseconds kPatience{2000};

Fetched nothing_there() { return fetch_failed(Why::refused, "no such chip"); }
Fetched something() { return {{CollateralObject{}}, {}, {}}; }

Fetched get(Requests& requests, const std::string& url, const std::string& client, const std::function<Fetched()>& fetch) {
  const OnBehalfOf who(client);
  return requests.get(url, fetch);
}

// Questions that do not end before they are let go.
class Held {
 public:
  ~Held() { let_go(); }
  void ask(Requests& requests, const std::string& url, const std::string& client) {
    threads_.emplace_back([this, &requests, url, client] {
      (void)get(requests, url, client, [this] {
        ++under_way;
        while (!open_) std::this_thread::sleep_for(std::chrono::milliseconds{1});
        return something();
      });
    });
  }
  void wait_for(int count) {
    for (int i = 0; i < 2000 && under_way < count; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    REQUIRE(under_way == count);
  }
  void let_go() {
    open_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  std::atomic<int> under_way{0};

 private:
  std::atomic<bool> open_{false};
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("requests: one client with made-up chips leaves room for the others") {
  Requests requests(kPatience, kThatDay);
  Held held;
  for (int i = 0; i < 3; ++i) held.ask(requests, "slow/" + std::to_string(i), "192.0.2.1");
  held.wait_for(3);
  const Fetched fourth = get(requests, "slow/3", "192.0.2.1", something);
  REQUIRE(fourth.why);
  CHECK(fourth.why->why == Why::unavailable);
  CHECK(fourth.why->detail.find("this client") != std::string::npos);
  CHECK_FALSE(get(requests, "honest", "192.0.2.2", something).why);
  CHECK_FALSE(get(requests, "our own", "", something).why);
  held.let_go();
  CHECK_FALSE(get(requests, "slow/4", "192.0.2.1", something).why);   // one after the other is not refused
}

TEST_CASE("requests: one client asks a bounded number of new questions in a minute; what is known costs nothing") {
  Requests requests(kPatience, kThatDay);
  int asked = 0;
  const auto count = [&] { return ++asked, nothing_there(); };
  for (int i = 0; i < 100; ++i) CHECK(get(requests, "chip/" + std::to_string(i), "192.0.2.1", count).why);
  CHECK(asked == 16);
  for (int i = 0; i < 16; ++i) CHECK(get(requests, "chip/" + std::to_string(i), "192.0.2.1", count).why->why == Why::refused);
  CHECK(asked == 16);                                                // remembered, also that there is nothing
  CHECK(get(requests, "chip/0", "192.0.2.2", count).why->why == Why::refused);
  CHECK(asked == 16);
  CHECK_FALSE(get(requests, "chip/honest", "192.0.2.2", something).why);
}

TEST_CASE("requests: made-up chips of many clients do not drive out what was had") {
  Requests requests(kPatience, kThatDay);
  CHECK_FALSE(get(requests, "genuine", "192.0.2.9", something).why);
  for (int client = 0; client < 100; ++client)
    for (int i = 0; i < 10; ++i) (void)get(requests, "chip/" + std::to_string(client) + "/" + std::to_string(i), "client" + std::to_string(client), nothing_there);
  int asked = 0;
  CHECK_FALSE(get(requests, "genuine", "192.0.2.9", [&] { return ++asked, something(); }).why);
  CHECK(asked == 0);
}

TEST_CASE("requests: the number of clients that are counted is bounded, and nobody is let through uncounted") {
  Requests requests(kPatience, kThatDay);
  std::size_t refused = 0;
  for (int client = 0; client < 1500; ++client) refused += get(requests, "chip/" + std::to_string(client), "client" + std::to_string(client), something).why.has_value();
  CHECK(refused == 1500 - 1024);
}
