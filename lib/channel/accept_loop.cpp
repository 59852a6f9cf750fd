#include "channel/accept_loop.hpp"

#include <malloc.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "channel/clock.hpp"

namespace atls::channel {
namespace {

using std::chrono::milliseconds;

// After stop() every wait ends at once; what may last is a request to somebody else that a connection is in the middle of.
constexpr std::chrono::seconds kGrace{10};

// A handshake whose peer has been silent for so long may give way to a waiting connection. An honest peer answers within a round trip,
// and within the time that a busy machine takes to run it.
constexpr std::chrono::seconds kSilence{3};
constexpr milliseconds kRoomStep{200};             // how often room is made while connections wait
constexpr std::size_t kMaxWaiting = 1024;          // connections that wait because of their address; as many as the kernel holds
constexpr std::size_t kMaxWaitingOfOrigin = kMaxWaiting / 4;

// After so many connections have ended, what they used is given back: the allocator would keep it for the next flood.
constexpr std::size_t kFlood = 64;

void signal_event(int fd) noexcept {
  const std::uint64_t one = 1;
  (void)!::write(fd, &one, sizeof one);
}

}  // namespace

struct AcceptLoop::State {
  struct Open { std::thread thread; std::string origin; std::shared_ptr<Liveness> liveness; };

  Listener listener;
  AcceptLimits limits;
  Fd stop_event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};   // readable from stop() on
  Fd end_event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};    // a connection ended

  std::mutex mutex;
  std::condition_variable idle;
  std::size_t active = 0;                                    // guarded by mutex, as the two below
  std::map<std::uint64_t, Open> threads;
  std::map<std::string, std::size_t> of_origin;              // running ones
  std::vector<std::uint64_t> ended;                          // threads that are about to return

  std::deque<Accepted> waiting;                              // their address has its share; used by run() alone, as the one below
  std::size_t peak = 0;                                      // running at once since memory was last given back

  void begin(Accepted accepted, std::uint64_t number, const ConnectionHandler& handler, const std::shared_ptr<State>& self);
  std::size_t running_of(const std::string& origin);
  bool has_share(const std::string& origin);                 // it may have one more connection
  void enqueue(Accepted accepted);
  std::optional<Accepted> next_waiting();
  void make_room(bool full);
  void give_memory_back(std::size_t running);
  void end(std::uint64_t number);
  std::size_t reap();                                        // joins the ended ones; how many are running
};

AcceptLoop::AcceptLoop(std::shared_ptr<State> state) : state_(std::move(state)) {}
AcceptLoop::~AcceptLoop() = default;
const std::string& AcceptLoop::address() const { return state_->listener.address; }
void AcceptLoop::stop() noexcept { signal_event(state_->stop_event.get()); }

Result<std::unique_ptr<AcceptLoop>> AcceptLoop::create(std::string_view address, AcceptLimits limits) {
  auto state = std::make_shared<State>();
  state->limits = limits;
  if (state->stop_event.get() < 0 || state->end_event.get() < 0) return Error{Errc::io, "eventfd", "no file descriptors left"};
  auto listener = listen_on(address);
  if (!listener) return listener.error();
  state->listener = std::move(*listener);
  return std::unique_ptr<AcceptLoop>(new AcceptLoop(std::move(state)));
}

bool AcceptLoop::run(const ConnectionHandler& handler, std::uint64_t stop_after) {
  State& state = *state_;
  std::uint64_t number = 0;
  while (stop_after == 0 || number < stop_after) {
    const std::size_t running = state.reap();
    state.give_memory_back(running);
    const bool full = running >= state.limits.connections;
    std::optional<Accepted> next;
    if (!full) next = state.next_waiting();
    if (!next) {
      // At the limit clients wait in the waiting room until a connection ends, so that the next place goes to whoever has least.
      std::array<pollfd, 3> polled{pollfd{state.stop_event.get(), POLLIN, 0}, pollfd{state.end_event.get(), POLLIN, 0},
                                   pollfd{state.listener.fd.get(), POLLIN, 0}};
      const bool crowded = full || !state.waiting.empty();
      if (::poll(polled.data(), polled.size(), crowded ? static_cast<int>(kRoomStep.count()) : -1) < 0) continue;
      if (polled[0].revents != 0) break;
      std::uint64_t count = 0;
      if (polled[1].revents != 0) (void)!::read(state.end_event.get(), &count, sizeof count);
      if (crowded) state.make_room(full);
      if (polled[2].revents == 0) continue;
      Accepted accepted = accept_one(state.listener);
      // The next connection is in the backlog already, so poll would report it again at once.
      if (accepted.out_of_files) std::this_thread::sleep_for(milliseconds(100));
      if (accepted.fd.get() < 0) continue;
      if (!full && state.has_share(accepted.origin)) next = std::move(accepted);
      else state.enqueue(std::move(accepted));
    }
    if (!next) continue;
    try {
      state.begin(*std::move(next), ++number, handler, state_);
    } catch (const std::system_error&) {   // no more threads: this client is dropped, the server goes on
      std::this_thread::sleep_for(milliseconds(100));
    }
  }
  state.waiting.clear();
  state.listener.fd.reset();
  bool ended = false;
  for (auto stopped_at = Clock::time_point::max(); !ended;) {
    std::unique_lock lock(state.mutex);
    ended = state.idle.wait_for(lock, milliseconds(200), [&] { return state.active == 0; });
    pollfd stopped{state.stop_event.get(), POLLIN, 0};
    if (stopped_at == Clock::time_point::max() && ::poll(&stopped, 1, 0) == 1) stopped_at = Clock::now();
    if (stopped_at != Clock::time_point::max() && Clock::now() > stopped_at + kGrace) break;
  }
  state.reap();
  for (auto& [id, open] : state.threads) open.thread.detach();
  return ended;
}

void AcceptLoop::State::begin(Accepted accepted, std::uint64_t number, const ConnectionHandler& handler, const std::shared_ptr<State>& self) {
  auto liveness = std::make_shared<Liveness>();
  AcceptedConnection connection{std::move(accepted.fd), std::move(accepted.peer), number, stop_event.get(), liveness};
  const std::lock_guard lock(mutex);   // the thread can register its end only after it was registered here
  std::thread thread([self, number, handler, taken = std::move(connection)]() mutable {
    handler(std::move(taken));
    self->end(number);
  });
  threads.emplace(number, Open{std::move(thread), accepted.origin, std::move(liveness)});
  ++of_origin[accepted.origin];
  ++active;
}

void AcceptLoop::State::end(std::uint64_t number) {
  const std::lock_guard lock(mutex);
  --active;
  const auto origin = of_origin.find(threads.at(number).origin);
  if (--origin->second == 0) of_origin.erase(origin);
  ended.push_back(number);
  signal_event(end_event.get());
  idle.notify_all();
}

std::size_t AcceptLoop::State::running_of(const std::string& origin) {
  const std::lock_guard lock(mutex);
  const auto found = of_origin.find(origin);
  return found == of_origin.end() ? 0 : found->second;
}

bool AcceptLoop::State::has_share(const std::string& origin) { return limits.per_origin == 0 || running_of(origin) < limits.per_origin; }

// One address cannot fill the waiting room either; who finds no room is sent away.
void AcceptLoop::State::enqueue(Accepted accepted) {
  std::map<std::string, std::size_t> of;
  for (const Accepted& one : waiting) ++of[one.origin];
  if (of[accepted.origin] >= kMaxWaitingOfOrigin) return;
  if (waiting.size() >= kMaxWaiting) {   // the newest of the address that has most makes room for an address that has less
    const auto most = std::max_element(of.begin(), of.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most->second <= of[accepted.origin] + 1) return;
    const auto newest = std::find_if(waiting.rbegin(), waiting.rend(), [&](const Accepted& one) { return one.origin == most->first; });
    waiting.erase(std::next(newest).base());
  }
  waiting.push_back(std::move(accepted));
}

std::optional<Accepted> AcceptLoop::State::next_waiting() {
  auto found = waiting.end();
  std::size_t least = 0;
  for (auto one = waiting.begin(); one != waiting.end(); ++one) {
    const std::size_t running = running_of(one->origin);
    if (limits.per_origin != 0 && running >= limits.per_origin) continue;
    if (found == waiting.end() || running < least) found = one, least = running;   // the first of those that have least
  }
  if (found == waiting.end()) return {};
  Accepted out = std::move(*found);
  waiting.erase(found);
  return out;
}

// Asks handshakes that wait for a silent peer to give way, the longest silent first: one for each connection that waits because of its
// address, and one when the server is full and somebody knocks.
void AcceptLoop::State::make_room(bool full) {
  std::erase_if(waiting, [](const Accepted& one) {   // who went away waits no more
    char byte = 0;
    return ::recv(one.fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
  });
  std::map<std::string, std::size_t> wanted;   // "": of any address
  for (const Accepted& one : waiting) ++wanted[one.origin];
  pollfd knocking{listener.fd.get(), POLLIN, 0};
  if (full) {
    wanted.clear();   // a place of the same address would not help
    if (!waiting.empty() || ::poll(&knocking, 1, 0) == 1) wanted[""] = 1;
  }
  const std::int64_t now = Clock::now().time_since_epoch().count();
  const std::int64_t silent_since = now - std::chrono::duration_cast<Clock::duration>(kSilence).count();
  const std::lock_guard lock(mutex);
  std::vector<std::pair<std::int64_t, const Open*>> silent;
  for (const auto& [number, open] : threads) {
    const std::int64_t since = open.liveness->waiting_since;
    if (since == 0) continue;
    const auto place = wanted.find(full ? "" : open.origin);
    if (place == wanted.end()) continue;
    if (open.liveness->give_way) place->second -= std::min<std::size_t>(place->second, 1);   // asked already
    else if (since <= silent_since) silent.emplace_back(since, &open);
  }
  std::sort(silent.begin(), silent.end());
  for (const auto& [since, open] : silent) {
    std::size_t& places = wanted[full ? "" : open->origin];
    if (places == 0) continue;
    open->liveness->give_way = true;
    --places;
  }
}

void AcceptLoop::State::give_memory_back(std::size_t running) {
  peak = std::max(peak, running);
  if (peak < kFlood || running > peak / 4) return;
  (void)::malloc_trim(0);
  peak = running;
}

std::size_t AcceptLoop::State::reap() {
  std::vector<std::thread> finished;
  std::size_t running = 0;
  {
    const std::lock_guard lock(mutex);
    for (const std::uint64_t number : ended) {
      finished.push_back(std::move(threads.at(number).thread));
      threads.erase(number);
    }
    ended.clear();
    running = active;
  }
  for (std::thread& thread : finished) thread.join();
  return running;
}

}  // namespace atls::channel
