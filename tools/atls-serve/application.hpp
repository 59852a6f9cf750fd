// What happens on an admitted connection.
#pragma once

#include <functional>
#include <string>

#include "atls-serve/options.hpp"
#include "channel/server.hpp"

namespace atls::serve {

using ApplicationFunction = std::function<std::string(channel::Connection&, const channel::Admission&)>;

// An application that returns what went wrong, empty when nothing did.
ApplicationFunction make_application(const Options& options, std::string attester_name);

// One run of COMMAND by /bin/sh with the connection as stdin and stdout.
std::string run_command(channel::Connection& connection, const channel::Admission& admission, const std::string& command);

// The status page of --http.
std::string status_page(const channel::ConnectionRecord& record, const channel::Admission& admission, const std::string& attester_name);

}  // namespace atls::serve
