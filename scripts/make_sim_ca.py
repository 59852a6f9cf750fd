#!/usr/bin/env python3
"""Makes the fixed keys of the simulated AMD certificate authorities. Was run once; running it again replaces them.

lib/sim/ca_keys.cpp holds twelve RSA-4096 keys: ARK, ASK and ASVK of three product lines, and one foreign set of three that
no trust store knows, for the faults that need another authority under the same names. OpenSSL cannot derive RSA keys from
a seed, and making them at run time takes seconds, so they are constants. They are PUBLIC: nothing that they sign is
trusted without --trust-simulated.

The CA certificates and CRLs come from these keys through the tool lib/sim/make_anchors.cpp:

  scripts/make_sim_ca.py > lib/sim/ca_keys.cpp
  ninja -C build lib/sim/make-sim-anchors && build/lib/sim/make-sim-anchors amd > lib/sim/anchors_data.cpp

The simulated Intel authorities need none of this: P-256 keys follow from the names of their owners (lib/sim/intel_x509.cpp), and
"make-sim-anchors intel" prints lib/sim/anchors_data_intel.cpp, with the collateral that they sign.
"""
import base64
import subprocess
import sys

ROLES, OWNERS = ("ark", "ask", "asvk"), ("milan", "genoa", "turin", "foreign")
HEAD = """\
// ############################################################################################################
// # PUBLIC PRIVATE KEYS. These keys are made for the simulated platform, are in every copy of this source and #
// # protect nothing. Do not use them for anything else. Nothing that they sign is trusted by this suite       #
// # without --trust-simulated, and then the report says so.                                                   #
// ############################################################################################################
// Made once by scripts/make_sim_ca.py: RSA-4096, PKCS #1 DER in base64.
#include "sim/ca_keys.hpp"

namespace atls::sim {

const char* ca_key_base64(KeyOwner owner, evidence::CaRole role) {
  using enum KeyOwner;
  using enum evidence::CaRole;
  struct Row {
    KeyOwner owner;
    evidence::CaRole role;
    const char* key;
  };
  static constexpr Row kRows[] = {
"""
TAIL = """\
  };
  for (const Row& row : kRows)
    if (row.owner == owner && row.role == role) return row.key;
  return nullptr;
}

}  // namespace atls::sim
"""


def key_der(role, owner):
    if len(sys.argv) > 1:  # a folder with ROLE-OWNER.der
        with open(f"{sys.argv[1]}/{role}-{owner}.der", "rb") as file:
            return file.read()
    command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096", "-outform", "DER"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def main():
    out = [HEAD]
    for owner in OWNERS:
        for role in ROLES:
            text = base64.b64encode(key_der(role, owner)).decode()
            lines = [text[i:i + 116] for i in range(0, len(text), 116)]
            out.append(f"      {{{owner}, {role},\n" + "\n".join(f'       "{line}"' for line in lines) + "},\n")
    out.append(TAIL)
    sys.stdout.write("".join(out))


main()
