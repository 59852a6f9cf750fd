// Why an Intel platform has its TCB status: for each component what it has, what the collateral demands, and who can change it.
// Member "tcb" of the report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace atls {

struct TcbExplanation {
  std::string tee, fmspc;                      // "TDX"; 12 lower-case hex digits
  std::string profile, status, why;            // "qvl-2026", "OutOfDate"; why: only for NOT_SUPPORTED
  std::string date;                            // the oldest level used; empty when none matched
  std::vector<std::string> advisories;         // open ones
  std::uint32_t tcb_info_number = 0;
  std::optional<std::uint32_t> qe_identity_number;

  // The three that are evaluated apart. A level is named by what it demands.
  struct Part {
    std::string name;                          // "platform", "tdx-module", "qe"
    std::string id;                            // identity of the module: "TDX_01"
    std::string status, date;                  // of the matching level; empty: none matches
    std::vector<std::string> advisories;
  };
  std::vector<Part> parts;

  struct Component {
    std::string name;                          // "sgx-0", "pce", "tdx-2", "tdx-module", "qe"
    std::string meaning;                       // "Early Microcode Update", as the collateral names it
    std::string fixed_by;                      // who can raise it
    std::uint32_t have = 0;
    std::optional<std::uint32_t> need;         // by `goal`; empty: the collateral demands nothing
    bool compared = true;                      // false: left to the identity of the TDX module
    bool is_short() const { return compared && need && have < *need; }
  };
  std::vector<Component> components;

  // A level that the platform does not reach, and what it lacks.
  struct Level {
    std::string status, date;
    std::vector<std::string> advisories;       // open when it is reached
    struct Missing { std::string name; std::uint32_t have = 0, need = 0; };
    std::vector<Missing> missing;
  };
  std::optional<Level> nearest;                // the better platform level that takes the least
  std::optional<Level> goal;                   // everything together for the best status that there is; `need` above

  struct Current { std::string svn, status, date; std::vector<std::string> advisories; };
  std::optional<Current> current;              // the TDX module that runs now, where another one launched the TD
  std::vector<std::string> next_steps;         // sentences
  std::string overrides;                       // what --allow-tcb-override changed

  struct Profile { std::string name, status, library, why; std::string date; std::vector<std::string> advisories; };
  std::vector<Profile> profiles;               // --compare-tcb-profiles: what the known verifiers say
  std::vector<std::string> differences;        // ... and why they do not agree
};

}  // namespace atls
