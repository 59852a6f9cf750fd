package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Constellation's aTLS: the verifier's nonce travels in SNI (to the server) or as the only CA name of the certificate
// request (to the client), the attester answers with a self-signed certificate whose extension holds a document bound to
// its public key and the nonce.

var oidDummy = asn1.ObjectIdentifier{1, 3, 9900, 1, 1}

var alpn = []string{"http/1.1", "h2"}

const nonceSize = 32

type dummyDocument struct {
	UserData []byte
	Nonce    []byte
}

func newNonce() ([]byte, error) {
	nonce := make([]byte, nonceSize)
	_, err := rand.Read(nonce)
	return nonce, err
}

func userData(pub crypto.PublicKey) ([]byte, error) {
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(spki)
	return sum[:], nil
}

func extraData(user, nonce []byte) []byte {
	sum := sha256.Sum256(append(bytes.Clone(user), nonce...))
	return sum[:]
}

func pad64(in []byte) (out [64]byte) {
	copy(out[:], in)
	return out
}

// issuer makes the evidence extension; nil presents a certificate without one.
type issuer func(user, nonce []byte) (pkix.Extension, error)

func dummyIssuer(user, nonce []byte) (pkix.Extension, error) {
	doc, err := json.Marshal(dummyDocument{user, nonce})
	return pkix.Extension{Id: oidDummy, Value: doc}, err
}

func leaf(key *ecdsa.PrivateKey, nonce []byte, issue issuer) (*tls.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Constellation"},
		NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(2 * time.Hour)}
	if issue != nil {
		user, err := userData(key.Public())
		if err != nil {
			return nil, err
		}
		ext, err := issue(user, nonce)
		if err != nil {
			return nil, err
		}
		template.ExtraExtensions = []pkix.Extension{ext}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// statement is one kind of evidence document: how one of the peer's is judged.
type statement struct {
	name   string
	oid    asn1.ObjectIdentifier
	verify func(document, user, nonce []byte) error
}

// verifier judges a peer's certificate; nil accepts any.
type verifier struct {
	accepts statement
	variant string // what the peer has shown
}

func (v *verifier) verify(raw [][]byte, nonce []byte) error {
	if v == nil {
		return nil
	}
	if len(raw) == 0 {
		return errors.New("no certificate")
	}
	cert, err := x509.ParseCertificate(raw[0])
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return err
	}
	user, err := userData(cert.PublicKey)
	if err != nil {
		return err
	}
	for _, ext := range cert.Extensions {
		if ext.Id.Equal(v.accepts.oid) {
			v.variant = v.accepts.name
			return v.accepts.verify(ext.Value, user, nonce)
		}
	}
	return errors.New("no certificate extension of the accepted variant " + v.accepts.name)
}

func dummyStatement() statement {
	return statement{"dummy", oidDummy, func(raw, user, nonce []byte) error {
		var doc dummyDocument
		if err := json.Unmarshal(raw, &doc); err != nil {
			return err
		}
		if !bytes.Equal(doc.Nonce, nonce) {
			return errors.New("dummy: nonce mismatch")
		}
		if !bytes.Equal(doc.UserData, user) {
			return errors.New("dummy: user data mismatch")
		}
		return nil
	}}
}

func encodeNonce(nonce []byte) string { return base64.StdEncoding.EncodeToString(nonce) }

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// nonceFromCAs reads the server's nonce from the certificate request.
func nonceFromCAs(cas [][]byte) ([]byte, error) {
	if len(cas) != 1 {
		return nil, fmt.Errorf("expected one CA name, got %d", len(cas))
	}
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(cas[0], &rdns); err != nil || len(rest) != 0 {
		return nil, fmt.Errorf("CA name does not parse: %v", err)
	}
	var name pkix.Name
	name.FillFromRDNSequence(&rdns)
	return base64.StdEncoding.DecodeString(name.CommonName)
}
