// The yardstick of `scripts/bench build`: what one file costs that reads and writes one document with nlohmann/json. It is compiled and
// never run, and must stay as it is: figures of different days are compared by it.
#include <nlohmann/json.hpp>
#include <string>

int main() {
  const auto document = nlohmann::json::parse(R"({"name": "yardstick", "values": [1, 2, {"three": null}]})");
  nlohmann::json copy = document;
  copy["written"] = true;
  const std::string text = copy.dump(2);
  return text.size() > 10 ? 0 : 1;
}
