// Prints the JSON Schema of policies at build time, from the table that the loader uses.
#include <cstdio>

#include "policy/policy.hpp"

int main() {
  const std::string schema = atls::policy::policy_schema_json();
  return std::fwrite(schema.data(), 1, schema.size(), stdout) == schema.size() ? 0 : 1;
}
