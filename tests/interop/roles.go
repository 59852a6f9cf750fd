package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"time"
)

type outcome struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"`
	Variant string `json:"variant,omitempty"`
	Version string `json:"version,omitempty"`
	Echo    string `json:"echo,omitempty"`
	ALPN    string `json:"alpn,omitempty"`
}

// settle fills in what is known once a connection has ended.
func (o *outcome) settle(conn *tls.Conn, check *verifier, err error) {
	if conn != nil {
		state := conn.ConnectionState()
		o.Version, o.ALPN = tls.VersionName(state.Version), state.NegotiatedProtocol
	}
	if check != nil {
		o.Variant = check.variant
	}
	if o.OK = err == nil; !o.OK {
		o.Error = err.Error()
	}
}

type roleFlags struct {
	mode, evidence, ask, ark, product, root, getter, dir string
	tls12                                                bool
}

func (f *roleFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.mode, "mode", "server", "who attests: server, client or mutual")
	fs.StringVar(&f.evidence, "evidence", "snp", "evidence to send and to accept: snp, tdx or dummy")
	fs.StringVar(&f.ask, "ask", "", "snp: ASK of the peer's platform (PEM)")
	fs.StringVar(&f.ark, "ark", "", "snp: ARK of the peer's platform (PEM)")
	fs.StringVar(&f.product, "product", "Milan", "snp: product line of the peer's platform")
	fs.StringVar(&f.root, "root", "", "tdx: root of the peer's platform (PEM)")
	fs.StringVar(&f.getter, "getter", "", "tdx: collateral of the peer's platform (URL -> headers, body)")
	fs.StringVar(&f.dir, "dir", "", "folder for the root and the collateral of this program's own platform")
	fs.BoolVar(&f.tls12, "tls12", false, "TLS 1.2 only")
}

func (f *roleFlags) verifier() (*verifier, error) {
	switch f.evidence {
	case "dummy":
		return &verifier{accepts: dummyStatement()}, nil
	case "tdx":
		return &verifier{accepts: tdxStatement(f.root, f.getter)}, nil
	}
	roots, err := rootsOf(f.product, f.ask, f.ark)
	return &verifier{accepts: snpStatement(roots)}, err
}

func (f *roleFlags) issuer() (issuer, error) {
	switch f.evidence {
	case "dummy":
		return dummyIssuer, nil
	case "tdx":
		p, err := newTdxPlatform()
		if err != nil {
			return nil, err
		}
		return tdxIssuer(p), p.save(f.dir)
	}
	p, err := newSnpPlatform("Milan")
	if err != nil {
		return nil, err
	}
	return snpIssuer(p), p.save(f.dir)
}

func (f *roleFlags) versions(c *tls.Config) {
	c.MinVersion = tls.VersionTLS12
	if f.tls12 {
		c.MaxVersion = tls.VersionTLS12
	}
}

func runClient(args []string) error {
	fs := flag.NewFlagSet("client", flag.ExitOnError)
	var f roleFlags
	f.register(fs)
	addr := fs.String("addr", "", "HOST:PORT of the server")
	addrFile := fs.String("addr-file", "", "read HOST:PORT from this file after -wait")
	waitFor := fs.String("wait", "", "create this file when ready and wait until it is removed (lets a verifier read the root first)")
	fs.Parse(args)
	nonce, err := newNonce()
	if err != nil {
		return err
	}
	var check *verifier
	if f.mode != "client" {
		if check, err = f.verifier(); err != nil {
			return err
		}
	}
	var issue issuer
	if f.mode != "server" {
		if issue, err = f.issuer(); err != nil {
			return err
		}
	}
	if *waitFor != "" {
		if err := os.WriteFile(*waitFor, nil, 0o644); err != nil {
			return err
		}
		for i := 0; i < 300; i++ {
			if _, err := os.Stat(*waitFor); errors.Is(err, os.ErrNotExist) {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	if *addrFile != "" {
		text, err := os.ReadFile(*addrFile)
		if err != nil {
			return err
		}
		*addr = string(text)
	}
	config := &tls.Config{ServerName: encodeNonce(nonce), NextProtos: alpn, InsecureSkipVerify: true,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error { return check.verify(raw, nonce) },
		GetClientCertificate: func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			theirs, err := nonceFromCAs(request.AcceptableCAs)
			if err != nil {
				return nil, err
			}
			key, err := newKey()
			if err != nil {
				return nil, err
			}
			return leaf(key, theirs, issue)
		}}
	f.versions(config)
	out := outcome{}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", *addr, config)
	if err == nil {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, err = fmt.Fprintln(conn, "hello from go")
		if err == nil {
			out.Echo, err = bufio.NewReader(conn).ReadString('\n')
		}
	}
	out.settle(conn, check, err)
	return json.NewEncoder(os.Stdout).Encode(out)
}

func runServer(args []string) error {
	fs := flag.NewFlagSet("server", flag.ExitOnError)
	var f roleFlags
	f.register(fs)
	count := fs.Int("count", 1, "connections to serve")
	fs.Parse(args)
	var issue issuer
	var err error
	if f.mode != "client" {
		if issue, err = f.issuer(); err != nil {
			return err
		}
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	fmt.Println("listening on", listener.Addr())
	enc := json.NewEncoder(os.Stdout)
	for i := 0; i < *count; i++ {
		raw, err := listener.Accept()
		if err != nil {
			return err
		}
		var check *verifier
		if f.mode != "server" {
			if check, err = f.verifier(); err != nil {
				return err
			}
		}
		if err := enc.Encode(f.serve(raw, key, issue, check)); err != nil {
			return err
		}
	}
	return nil
}

func (f *roleFlags) serve(raw net.Conn, key *ecdsa.PrivateKey, issue issuer, check *verifier) (out outcome) {
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(20 * time.Second))
	config := &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		theirs, err := base64.StdEncoding.DecodeString(hello.ServerName)
		if err != nil {
			return nil, err
		}
		certificate, err := leaf(key, theirs, issue)
		if err != nil {
			return nil, err
		}
		inner := &tls.Config{Certificates: []tls.Certificate{*certificate}, NextProtos: alpn}
		f.versions(inner)
		if check != nil {
			ours, err := newNonce()
			if err != nil {
				return nil, err
			}
			name, err := asn1.Marshal(pkix.Name{CommonName: encodeNonce(ours)}.ToRDNSequence())
			if err != nil {
				return nil, err
			}
			inner.ClientAuth = tls.RequireAnyClientCert
			inner.ClientCAs = x509.NewCertPool()
			inner.ClientCAs.AddCert(&x509.Certificate{RawSubject: name, Raw: name})
			inner.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error { return check.verify(raw, ours) }
		}
		return inner, nil
	}}
	f.versions(config)
	conn := tls.Server(raw, config)
	err := conn.Handshake()
	if err == nil {
		var line string
		if line, err = bufio.NewReader(conn).ReadString('\n'); err == nil {
			_, err = fmt.Fprint(conn, line)
		}
		out.Echo = line
		conn.Close()
	}
	out.settle(conn, check, err)
	return out
}
