package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// snpPlatform is a software AMD SEV-SNP platform made by this program: its own CA hierarchy under AMD's names, one chip, one
// guest. Layouts: SEV-SNP ABI (AMD 56860) ATTESTATION_REPORT and AMD 57230 for the certificate extensions.
type snpPlatform struct {
	ark, ask, vcek *x509.Certificate
	vcekKey        *ecdsa.PrivateKey
	chipID         [64]byte
	measurement    [48]byte
	tcb            [8]byte
}

type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// Types of distinguished name attributes.
const (
	nameCN = 3
	nameC  = 6
	nameL  = 7
	nameST = 8
	nameO  = 10
	nameOU = 11
)

func rdn(kind int, text string) attribute {
	tag := asn1.TagUTF8String
	if kind == nameC {
		tag = asn1.TagPrintableString
	}
	return attribute{asn1.ObjectIdentifier{2, 5, 4, kind}, asn1.RawValue{Tag: tag, Bytes: []byte(text)}}
}

// encodeName encodes a distinguished name in the order given, one attribute per RDN.
func encodeName(attributes ...attribute) []byte {
	var body []byte
	for _, a := range attributes {
		body = append(body, must(asn1.MarshalWithParams([]attribute{a}, "set"))...)
	}
	return must(asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true, Bytes: body}))
}

// amdName is AMD's distinguished name in AMD's order.
func amdName(cn string) []byte {
	return encodeName(rdn(nameOU, "Engineering"), rdn(nameC, "US"), rdn(nameL, "Santa Clara"), rdn(nameST, "CA"),
		rdn(nameO, "Advanced Micro Devices"), rdn(nameCN, cn))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func signCertificate(template, parent *x509.Certificate, pub, key any) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func amdExtension(suffix []int, value []byte) pkix.Extension {
	return pkix.Extension{Id: append(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 3704, 1}, suffix...), Value: value}
}

func derInt(v int) []byte { return must(asn1.Marshal(v)) }

func newSnpPlatform(product string) (*snpPlatform, error) {
	p := &snpPlatform{tcb: [8]byte{4, 0, 0, 0, 0, 0, 0x18, 0xD9}}
	if _, err := rand.Read(p.chipID[:]); err != nil {
		return nil, err
	}
	p.measurement = sha512.Sum384([]byte("guest image of the interoperability test"))
	now := time.Now().UTC().Truncate(time.Second)
	crl := "https://kdsintf.amd.com/vcek/v1/" + product + "/crl"
	ca := func(cn string, serial int64, usage x509.KeyUsage) *x509.Certificate {
		return &x509.Certificate{RawSubject: amdName(cn), SerialNumber: big.NewInt(serial), NotBefore: now.Add(-time.Hour),
			NotAfter: now.AddDate(25, 0, 0), SignatureAlgorithm: x509.SHA384WithRSAPSS, KeyUsage: usage, IsCA: true,
			BasicConstraintsValid: true, CRLDistributionPoints: []string{crl}}
	}
	arkKey, err := rsa.GenerateKey(rand.Reader, 4096)
	if err != nil {
		return nil, err
	}
	askKey, err := rsa.GenerateKey(rand.Reader, 4096)
	if err != nil {
		return nil, err
	}
	if p.vcekKey, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		return nil, err
	}
	arkTemplate := ca("ARK-"+product, 0x990000, x509.KeyUsageCertSign|x509.KeyUsageCRLSign)
	if p.ark, err = signCertificate(arkTemplate, arkTemplate, arkKey.Public(), arkKey); err != nil {
		return nil, err
	}
	if p.ask, err = signCertificate(ca("SEV-"+product, 0x990001, x509.KeyUsageCertSign), p.ark, askKey.Public(), arkKey); err != nil {
		return nil, err
	}
	name, err := asn1.MarshalWithParams(product+"-B0", "ia5")
	if err != nil {
		return nil, err
	}
	spl := func(i, v int) pkix.Extension { return amdExtension([]int{3, i}, derInt(v)) }
	vcek := &x509.Certificate{RawSubject: amdName("SEV-VCEK"), SerialNumber: big.NewInt(0), NotBefore: now.Add(-time.Hour),
		NotAfter: now.AddDate(7, 0, 0), SignatureAlgorithm: x509.SHA384WithRSAPSS,
		ExtraExtensions: []pkix.Extension{amdExtension([]int{1}, derInt(0)), amdExtension([]int{2}, name), spl(1, int(p.tcb[0])),
			spl(2, int(p.tcb[1])), spl(4, 0), spl(5, 0), spl(6, 0), spl(7, 0), spl(3, int(p.tcb[6])), spl(8, int(p.tcb[7])),
			amdExtension([]int{4}, p.chipID[:])}}
	issuer := *p.ask
	issuer.SubjectKeyId = nil // AMD's VCEKs carry no authority key identifier
	if p.vcek, err = signCertificate(vcek, &issuer, p.vcekKey.Public(), askKey); err != nil {
		return nil, err
	}
	return p, p.writeCRL(arkKey, now)
}

var crlDER []byte

func (p *snpPlatform) writeCRL(arkKey *rsa.PrivateKey, now time.Time) (err error) {
	list := &x509.RevocationList{SignatureAlgorithm: x509.SHA384WithRSAPSS, Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour),
		NextUpdate: now.AddDate(1, 0, 0)}
	crlDER, err = x509.CreateRevocationList(rand.Reader, list, p.ark, arkKey)
	return err
}

// save writes what a verifier of this platform needs: the root, and the CRL in a folder of collateral.
func (p *snpPlatform) save(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "collateral"), 0o755); err != nil {
		return err
	}
	ark := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.ark.Raw})
	if err := os.WriteFile(filepath.Join(dir, "ark.pem"), ark, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "collateral", "crl.der"), crlDER, 0o644)
}

// report signs a version 3 report of this platform over 64 bytes of report data.
func (p *snpPlatform) report(reportData [64]byte) ([]byte, error) {
	r := make([]byte, 1184)
	le32 := binary.LittleEndian.PutUint32
	le32(r[0x000:], 3)
	binary.LittleEndian.PutUint64(r[0x008:], 0x30000)
	le32(r[0x034:], 1)
	for _, at := range []int{0x038, 0x180, 0x1E0, 0x1F0} {
		copy(r[at:], p.tcb[:])
	}
	binary.LittleEndian.PutUint64(r[0x040:], 0x25)
	copy(r[0x050:], reportData[:])
	copy(r[0x090:], p.measurement[:])
	if _, err := rand.Read(r[0x140:0x160]); err != nil {
		return nil, err
	}
	for i := 0x160; i < 0x180; i++ {
		r[i] = 0xFF
	}
	copy(r[0x188:], []byte{0x19, 0x01, 0x01})
	copy(r[0x1A0:], p.chipID[:])
	copy(r[0x1E8:], []byte{29, 55, 1})
	copy(r[0x1EC:], []byte{29, 55, 1})
	digest := sha512.Sum384(r[:0x2A0])
	R, S, err := ecdsa.Sign(rand.Reader, p.vcekKey, digest[:])
	if err != nil {
		return nil, err
	}
	little := func(v *big.Int, out []byte) {
		for i, b := range v.FillBytes(make([]byte, 48)) {
			out[47-i] = b
		}
	}
	little(R, r[0x2A0:])
	little(S, r[0x2E8:])
	return r, nil
}
