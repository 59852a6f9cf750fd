package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"time"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/kds"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	"github.com/google/go-sev-guest/validate"
	"github.com/google/go-sev-guest/verify"
	"github.com/google/go-sev-guest/verify/trust"
)

// question is one piece of evidence for go-sev-guest. Evidence is a report, or a report followed by a certificate table;
// VEK, ASK and ARK are files that complete it.
type question struct {
	Name     string `json:"name"`
	Evidence string `json:"evidence"` // path
	Vek      string `json:"vek"`      // path, DER or PEM; empty: in the table
	Ask      string `json:"ask"`      // path: ASK or ASVK
	Ark      string `json:"ark"`      // path
	Product  string `json:"product"`  // Milan, Genoa, Turin
	At       string `json:"at"`       // RFC 3339
	Crl      string `json:"crl"`      // path: check revocation with this CRL
	Defaults bool   `json:"defaults"` // the library's default options: roots from the attestation itself
	Policy   *pins  `json:"policy"`   // also run validate with these values
}

// pins are reference values for go-sev-guest's validate package, hex.
type pins struct {
	Measurement string `json:"measurement"`
	HostData    string `json:"host_data"`
	ChipID      string `json:"chip_id"`
	ReportData  string `json:"report_data"`
	MinimumTCB  string `json:"minimum_tcb"` // 8 bytes as in the report
	Vmpl        *int   `json:"vmpl"`
	Strict      bool   `json:"forbid_provisional"`
}

func (p *pins) options() (*validate.Options, error) {
	o := &validate.Options{GuestPolicy: abi.SnpPolicy{SMT: true}, VMPL: p.Vmpl, PermitProvisionalFirmware: !p.Strict}
	for _, field := range []struct {
		text string
		to   *[]byte
	}{{p.Measurement, &o.Measurement}, {p.HostData, &o.HostData}, {p.ChipID, &o.ChipID}, {p.ReportData, &o.ReportData}} {
		value, err := hex.DecodeString(field.text)
		if err != nil {
			return nil, err
		}
		if len(value) > 0 {
			*field.to = value
		}
	}
	if p.MinimumTCB != "" {
		tcb, err := hex.DecodeString(p.MinimumTCB)
		if err != nil || len(tcb) != 8 {
			return nil, fmt.Errorf("minimum_tcb: expected 8 bytes")
		}
		o.MinimumTCB = kds.DecomposeTCBVersion(kds.TCBVersion(binary.LittleEndian.Uint64(tcb)))
	}
	return o, nil
}

// crlGetter answers every URL with one CRL, which is all that the library asks for when certificate fetching is off.
type crlGetter struct{ der []byte }

func (g crlGetter) Get(string) ([]byte, error) { return g.der, nil }

type answer struct {
	Name  string `json:"name"`
	Stage string `json:"stage"` // decode, verify, validate, ok
	Error string `json:"error,omitempty"`
}

func readDER(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(data); block != nil {
		return block.Bytes, nil
	}
	return data, nil
}

func rootsOf(product, ask, ark string) (map[string][]*trust.AMDRootCerts, error) {
	askDER, err := readDER(ask)
	if err != nil {
		return nil, err
	}
	arkDER, err := readDER(ark)
	if err != nil {
		return nil, err
	}
	root := trust.AMDRootCertsProduct(product)
	if err := root.Decode(askDER, arkDER); err != nil {
		return nil, err
	}
	return map[string][]*trust.AMDRootCerts{product: {root}}, nil
}

func verifySnp(attestation *spb.Attestation, roots map[string][]*trust.AMDRootCerts, now time.Time, crl []byte) error {
	options := &verify.Options{DisableCertFetching: true, TrustedRoots: roots, Now: now}
	if crl != nil {
		options.CheckRevocations, options.Getter = true, crlGetter{crl}
	}
	return verify.SnpAttestation(attestation, options)
}

func ask(q question) (a answer) {
	a.Name = q.Name
	defer func() { // a foreign library that falls over on hostile input has refused it
		if r := recover(); r != nil {
			a.Stage, a.Error = "verify", fmt.Sprint("panic: ", r)
		}
	}()
	data, err := os.ReadFile(q.Evidence)
	if err != nil {
		return answer{q.Name, "decode", err.Error()}
	}
	attestation, err := abi.ReportCertsToProto(data)
	if err != nil {
		return answer{q.Name, "decode", err.Error()}
	}
	var roots map[string][]*trust.AMDRootCerts
	if !q.Defaults {
		if roots, err = rootsOf(q.Product, q.Ask, q.Ark); err != nil {
			return answer{q.Name, "verify", err.Error()}
		}
	}
	var crl []byte
	if q.Crl != "" {
		if crl, err = readDER(q.Crl); err != nil {
			return answer{q.Name, "verify", err.Error()}
		}
	}
	chain := attestation.CertificateChain
	if q.Vek != "" {
		vek, err := readDER(q.Vek)
		if err != nil {
			return answer{q.Name, "verify", err.Error()}
		}
		info, err := abi.ParseSignerInfo(attestation.GetReport().GetSignerInfo())
		if err == nil && info.SigningKey == abi.VlekReportSigner {
			chain.VlekCert = vek
		} else {
			chain.VcekCert = vek
		}
	}
	now := time.Now()
	if q.At != "" {
		if now, err = time.Parse(time.RFC3339, q.At); err != nil {
			return answer{q.Name, "verify", err.Error()}
		}
	}
	if err := verifySnp(attestation, roots, now, crl); err != nil {
		return answer{q.Name, "verify", err.Error()}
	}
	if q.Policy != nil {
		options, err := q.Policy.options()
		if err == nil {
			err = validate.SnpAttestation(attestation, options)
		}
		if err != nil {
			return answer{q.Name, "validate", err.Error()}
		}
	}
	return answer{q.Name, "ok", ""}
}
