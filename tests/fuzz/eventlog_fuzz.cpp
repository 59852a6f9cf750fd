// An event log: events lie behind each other inside the input and encode to their own bytes. And the ACPI CCEL table.
#include "places.hpp"
#include "evidence/eventlog_claims.hpp"

using namespace atls;

FUZZ(input) {
  fuzz::check_places(evidence::event_log_claims(input));
  fuzz::check_places(evidence::ccel_table_claims(input));
  const auto read = eventlog::read_log(input);
  const auto log = eventlog::parse_log(input);
  fuzz::require(bool(log) == !read.error, "both readers agree");
  std::size_t at = 0;
  for (const auto& event : read.log.events) {
    fuzz::require(event.offset == at && event.size <= input.size() - at, "events follow each other");
    at += event.size;
  }
  fuzz::require(at == read.log.end && at <= input.size(), "the end is behind the last event");
  if (!log) return fuzz::require(read.error->offset <= input.size(), "the place of damage is inside");
  const auto again = eventlog::parse_log(eventlog::encode_log(*log));
  fuzz::require(again && again->events.size() == log->events.size() && again->end == log->end, "events survive encoding");
}
