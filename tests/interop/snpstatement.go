package main

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-sev-guest/abi"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	"github.com/google/go-sev-guest/verify/trust"
)

// The documents of Constellation's SEV-SNP variants, here that of GCP: a report and its certificates inside a vTPM document.

var oidSNP = asn1.ObjectIdentifier{1, 3, 9900, 3, 2}

type document struct {
	Attestation  json.RawMessage
	InstanceInfo []byte
	UserData     []byte
}

type instanceInfo struct {
	ReportSigner      []byte
	CertChain         []byte
	AttestationReport []byte
	Azure             json.RawMessage
	GCP               json.RawMessage
}

func snpIssuer(p *snpPlatform) issuer {
	return func(user, nonce []byte) (pkix.Extension, error) {
		report, err := p.report(pad64(extraData(user, nonce)))
		if err != nil {
			return pkix.Extension{}, err
		}
		cert := func(c *x509.Certificate) []byte {
			return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		}
		info, err := json.Marshal(instanceInfo{ReportSigner: cert(p.vcek), CertChain: cert(p.ask), AttestationReport: report})
		if err != nil {
			return pkix.Extension{}, err
		}
		doc, err := json.Marshal(document{InstanceInfo: info, UserData: user})
		return pkix.Extension{Id: oidSNP, Value: doc}, err
	}
}

func snpStatement(roots map[string][]*trust.AMDRootCerts) statement {
	return statement{"gcp-sev-snp", oidSNP, func(raw, user, nonce []byte) error {
		var doc document
		if err := json.Unmarshal(raw, &doc); err != nil {
			return err
		}
		if !bytes.Equal(doc.UserData, user) {
			return errors.New("user data is not the hash of the certificate's key")
		}
		var info instanceInfo
		if err := json.Unmarshal(doc.InstanceInfo, &info); err != nil {
			return err
		}
		report, err := abi.ReportToProto(info.AttestationReport)
		if err != nil {
			return err
		}
		signer, _ := pem.Decode(info.ReportSigner)
		if signer == nil {
			return errors.New("ReportSigner is not PEM")
		}
		chain := &spb.CertificateChain{}
		keys, err := abi.ParseSignerInfo(report.GetSignerInfo())
		if err != nil {
			return err
		}
		if keys.SigningKey == abi.VlekReportSigner {
			chain.VlekCert = signer.Bytes
		} else {
			chain.VcekCert = signer.Bytes
		}
		if err := verifySnp(&spb.Attestation{Report: report, CertificateChain: chain}, roots, time.Now(), nil); err != nil {
			return err
		}
		want := pad64(extraData(user, nonce))
		if !bytes.Equal(report.ReportData, want[:]) {
			return fmt.Errorf("report data %x, expected %x", report.ReportData, want)
		}
		return nil
	}}
}
