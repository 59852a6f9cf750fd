// Command peer is the foreign side of the interoperability tests: google/go-sev-guest and google/go-tdx-guest as verifiers of
// our evidence, and Constellation's attested TLS on Go's crypto/tls, written from the description of the protocol and sharing no
// code with the suite.
//
//	peer sev-guest                    a question a line on stdin (see question), the answers on stdout
//	peer tdx-guest                    the same for quotes (see tdxQuestion)
//	peer client -addr HOST:PORT ...   connects, verifies, optionally attests itself; prints one JSON object
//	peer server -dir DIR ...          makes its own AMD hierarchy in DIR, serves attested connections, prints the port
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: peer sev-guest|tdx-guest|client|server [flags]")
		os.Exit(1)
	}
	var err error
	switch os.Args[1] {
	case "sev-guest":
		err = answerLines(os.Stdin, os.Stdout, ask)
	case "tdx-guest":
		err = answerLines(os.Stdin, os.Stdout, askTdx)
	case "client":
		err = runClient(os.Args[2:])
	case "server":
		err = runServer(os.Args[2:])
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer: error:", err)
		os.Exit(1)
	}
}
