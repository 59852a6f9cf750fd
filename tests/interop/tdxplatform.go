package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// tdxPlatform is a software Intel TDX platform made by this program: its own CA hierarchy and collateral under Intel's names, one
// machine, one guest. Layouts: Intel TDX DCAP quoting library API (quote version 4), Intel SGX PCK certificate and CRL profile,
// Intel PCS API version 4.
type tdxPlatform struct {
	root, ca, pck, signer *x509.Certificate
	pckKey, attestation   *ecdsa.PrivateKey
	rootCRL, pckCRL       []byte
	tcbInfo, qeIdentity   []byte // whole answers of a PCS
}

const (
	tdxFmspc = "1d7e409a7e55"
	pcsBase  = "https://api.trustedservices.intel.com/sgx/certification/v4/"
)

var (
	sgxOID     = asn1.ObjectIdentifier{1, 2, 840, 113741, 1, 13, 1}
	qeMrsigner = sha256.Sum256([]byte("quoting enclave of the interoperability test"))
	tdxComps   = [16]byte{3, 3, 2, 2, 4, 1, 0, 5}
	teeTcbSvn  = [16]byte{5, 1, 3}
)

func intelName(cn string) []byte {
	return encodeName(rdn(nameCN, cn), rdn(nameO, "Intel Corporation"), rdn(nameL, "Santa Clara"), rdn(nameST, "CA"), rdn(nameC, "US"))
}

type sgxItem struct {
	ID    asn1.ObjectIdentifier
	Value asn1.RawValue
}

func item(value []byte, suffix ...int) sgxItem {
	return sgxItem{append(append(asn1.ObjectIdentifier{}, sgxOID...), suffix...), asn1.RawValue{FullBytes: value}}
}

func sgxExtension() (pkix.Extension, error) {
	octets := func(b []byte) []byte { return must(asn1.Marshal(b)) }
	list := func(items ...sgxItem) []byte { return must(asn1.Marshal(items)) }
	var tcb []sgxItem
	for i, svn := range tdxComps {
		tcb = append(tcb, item(derInt(int(svn)), 2, i+1))
	}
	tcb = append(tcb, item(derInt(13), 2, 17), item(octets(tdxComps[:]), 2, 18))
	ppid, instance := make([]byte, 16), make([]byte, 16)
	for _, b := range [][]byte{ppid, instance} {
		if _, err := rand.Read(b); err != nil {
			return pkix.Extension{}, err
		}
	}
	truth := func(b bool) []byte { return must(asn1.Marshal(b)) }
	value := list(item(octets(ppid), 1), item(list(tcb...), 2), item(octets([]byte{0, 0}), 3), item(octets(must(hex.DecodeString(tdxFmspc))), 4),
		item(must(asn1.Marshal(asn1.Enumerated(1))), 5), item(octets(instance), 6),
		item(list(item(truth(true), 7, 1), item(truth(true), 7, 2), item(truth(true), 7, 3)), 7))
	return pkix.Extension{Id: sgxOID, Value: value}, nil
}

func newTdxPlatform() (*tdxPlatform, error) {
	p := &tdxPlatform{}
	var rootKey, caKey, signerKey *ecdsa.PrivateKey
	for _, key := range []**ecdsa.PrivateKey{&rootKey, &caKey, &signerKey, &p.pckKey, &p.attestation} {
		var err error
		if *key, err = newKey(); err != nil {
			return nil, err
		}
	}
	now := time.Now().UTC().Truncate(time.Second)
	certificate := func(cn, crl string, usage x509.KeyUsage, ca bool, pathLen int, pub *ecdsa.PublicKey) *x509.Certificate {
		id := sha1.Sum(must(pub.ECDH()).Bytes()) // the key identifier of RFC 5280
		return &x509.Certificate{RawSubject: intelName(cn), SerialNumber: new(big.Int).SetBytes(append([]byte{0x53, 0x49, 0x4d}, id[:12]...)),
			NotBefore: now.Add(-2 * time.Hour), NotAfter: now.AddDate(7, 0, 0), SignatureAlgorithm: x509.ECDSAWithSHA256, KeyUsage: usage, IsCA: ca,
			BasicConstraintsValid: true, MaxPathLen: pathLen, MaxPathLenZero: ca && pathLen == 0, CRLDistributionPoints: []string{crl}, SubjectKeyId: id[:]}
	}
	const rootCRL = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
	const pckCRL = pcsBase + "pckcrl?ca=platform&encoding=der"
	const authority = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	const signs = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	root := certificate("Intel SGX Root CA", rootCRL, authority, true, 1, &rootKey.PublicKey)
	root.AuthorityKeyId = root.SubjectKeyId
	ca := certificate("Intel SGX PCK Platform CA", rootCRL, authority, true, 0, &caKey.PublicKey)
	signer := certificate("Intel SGX TCB Signing", rootCRL, signs, false, -1, &signerKey.PublicKey)
	pck := certificate("Intel SGX PCK Certificate", pckCRL, signs, false, -1, &p.pckKey.PublicKey)
	extension, err := sgxExtension()
	if err != nil {
		return nil, err
	}
	pck.ExtraExtensions = []pkix.Extension{extension}
	if p.root, err = signCertificate(root, root, &rootKey.PublicKey, rootKey); err != nil {
		return nil, err
	}
	if p.ca, err = signCertificate(ca, p.root, &caKey.PublicKey, rootKey); err != nil {
		return nil, err
	}
	if p.signer, err = signCertificate(signer, p.root, &signerKey.PublicKey, rootKey); err != nil {
		return nil, err
	}
	if p.pck, err = signCertificate(pck, p.ca, &p.pckKey.PublicKey, caKey); err != nil {
		return nil, err
	}
	crl := func(issuer *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, error) {
		list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.AddDate(0, 1, 0)}
		return x509.CreateRevocationList(rand.Reader, list, issuer, key)
	}
	if p.rootCRL, err = crl(p.root, rootKey); err != nil {
		return nil, err
	}
	if p.pckCRL, err = crl(p.ca, caKey); err != nil {
		return nil, err
	}
	return p, p.collateral(now, signerKey)
}

func rawSign(key *ecdsa.PrivateKey, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return nil, err
	}
	out := make([]byte, 64)
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return out, nil
}

func (p *tdxPlatform) collateral(now time.Time, signerKey *ecdsa.PrivateKey) error {
	dates := fmt.Sprintf(`"issueDate":"%s","nextUpdate":"%s"`, now.Add(-time.Hour).Format(time.RFC3339), now.AddDate(0, 1, 0).Format(time.RFC3339))
	zeros := func(n int) string { return hex.EncodeToString(make([]byte, n)) }
	components := func(svns [16]byte) string {
		var list []map[string]int
		for _, svn := range svns {
			list = append(list, map[string]int{"svn": int(svn)})
		}
		return string(must(json.Marshal(list)))
	}
	module := fmt.Sprintf(`"mrsigner":"%s","attributes":"%s","attributesMask":"FFFFFFFFFFFFFFFF"`, zeros(48), zeros(8))
	const date = `"tcbDate":"2024-03-13T00:00:00Z","tcbStatus":"UpToDate"`
	info := fmt.Sprintf(`{"id":"TDX","version":3,%s,"fmspc":"%s","pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":17,"tdxModule":{%s},`+
		`"tdxModuleIdentities":[{"id":"TDX_01",%s,"tcbLevels":[{"tcb":{"isvsvn":4},%s}]}],`+
		`"tcbLevels":[{"tcb":{"sgxtcbcomponents":%s,"pcesvn":13,"tdxtcbcomponents":%s},%s}]}`,
		dates, tdxFmspc, module, module, date, components(tdxComps), components(teeTcbSvn), date)
	identity := fmt.Sprintf(`{"id":"TD_QE","version":2,%s,"tcbEvaluationDataNumber":17,"miscselect":"00000000","miscselectMask":"FFFFFFFF",`+
		`"attributes":"11000000000000000000000000000000","attributesMask":"FBFFFFFFFFFFFFFF0000000000000000","mrsigner":"%X","isvprodid":2,`+
		`"tcbLevels":[{"tcb":{"isvsvn":4},%s}]}`, dates, qeMrsigner, date)
	for _, part := range []struct {
		member, text string
		to           *[]byte
	}{{"tcbInfo", info, &p.tcbInfo}, {"enclaveIdentity", identity, &p.qeIdentity}} {
		signature, err := rawSign(signerKey, []byte(part.text))
		if err != nil {
			return err
		}
		*part.to = []byte(fmt.Sprintf(`{"%s":%s,"signature":"%x"}`, part.member, part.text, signature))
	}
	return nil
}

func pemChain(certificates ...*x509.Certificate) (out []byte) {
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// save writes what a verifier of this platform needs, under the names of Intel's sample application, and one quote.
func (p *tdxPlatform) save(dir string) error {
	folder := filepath.Join(dir, "collateral")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "root.pem"), pemChain(p.root), 0o644); err != nil {
		return err
	}
	quote, err := p.quote([64]byte{})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "quote.bin"), quote, 0o644); err != nil {
		return err
	}
	for name, data := range map[string][]byte{"pckSignChain.pem": pemChain(p.ca, p.root), "tcbSignChain.pem": pemChain(p.signer, p.root),
		"tcbInfo.json": p.tcbInfo, "qeIdentity.json": p.qeIdentity, "rootCaCrl.der": p.rootCRL, "intermediateCaCrl.der": p.pckCRL} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func rawKey(key *ecdsa.PrivateKey) []byte {
	out := make([]byte, 64)
	key.X.FillBytes(out[:32])
	key.Y.FillBytes(out[32:])
	return out
}

// qeReport is the quoting enclave's statement about the attestation key.
func (p *tdxPlatform) qeReport(authData []byte) []byte {
	r := make([]byte, 384)
	copy(r, tdxComps[:])
	copy(r[48:], []byte{0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7})
	copy(r[128:], qeMrsigner[:])
	binary.LittleEndian.PutUint16(r[256:], 2)
	binary.LittleEndian.PutUint16(r[258:], 4)
	hash := sha256.Sum256(append(rawKey(p.attestation), authData...))
	copy(r[320:], hash[:])
	return r
}

// quote signs a version 4 quote of this platform over 64 bytes of report data.
func (p *tdxPlatform) quote(reportData [64]byte) ([]byte, error) {
	le := binary.LittleEndian
	q := make([]byte, 48+584)
	le.PutUint16(q, 4)
	le.PutUint16(q[2:], 2)
	le.PutUint32(q[4:], 0x81)
	copy(q[12:], must(hex.DecodeString("939a7233f79c4ca9940a0db3957f0607")))
	body := q[48:]
	copy(body, teeTcbSvn[:])
	seam := sha512.Sum384([]byte("TDX module of the interoperability test"))
	copy(body[16:], seam[:])
	le.PutUint64(body[120:], 1<<28)
	le.PutUint64(body[128:], 0x602E7)
	guest := sha512.Sum384([]byte("guest image of the interoperability test"))
	copy(body[136:], guest[:])
	copy(body[520:], reportData[:])
	signature, err := rawSign(p.attestation, q)
	if err != nil {
		return nil, err
	}
	authData := make([]byte, 32)
	for i := range authData {
		authData[i] = byte(i)
	}
	report := p.qeReport(authData)
	reportSignature, err := rawSign(p.pckKey, report)
	if err != nil {
		return nil, err
	}
	chain := pemChain(p.pck, p.ca, p.root)
	inner := append(append([]byte{}, report...), reportSignature...)
	inner = append(le.AppendUint16(inner, uint16(len(authData))), authData...)
	inner = append(le.AppendUint32(le.AppendUint16(inner, 5), uint32(len(chain))), chain...)
	signed := append(signature, rawKey(p.attestation)...)
	signed = append(le.AppendUint32(le.AppendUint16(signed, 6), uint32(len(inner))), inner...)
	return append(le.AppendUint32(q, uint32(len(signed))), signed...), nil
}
