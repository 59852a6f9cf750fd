package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/google/go-tdx-guest/abi"
	"github.com/google/go-tdx-guest/pcs"
	tpb "github.com/google/go-tdx-guest/proto/tdx"
	"github.com/google/go-tdx-guest/validate"
	"github.com/google/go-tdx-guest/verify"
)

// tdxQuestion is one quote for go-tdx-guest.
type tdxQuestion struct {
	Name   string   `json:"name"`
	Quote  string   `json:"quote"`  // path
	Root   string   `json:"root"`   // path, PEM or DER; empty: the root that the library embeds
	Getter string   `json:"getter"` // path of URL -> {headers, body_base64}; empty: without collateral
	At     string   `json:"at"`     // RFC 3339
	Policy *tdxPins `json:"policy"` // also run validate with these values (it knows version 4 only)
}

// tdxPins are reference values for go-tdx-guest's validate package, hex.
type tdxPins struct {
	MrTd          string   `json:"mr_td"`
	MrConfigID    string   `json:"mr_config_id"`
	MrOwner       string   `json:"mr_owner"`
	MrOwnerConfig string   `json:"mr_owner_config"`
	MrSeam        string   `json:"mr_seam"`
	Rtmrs         []string `json:"rtmrs"`
	ReportData    string   `json:"report_data"`
	MinimumTcb    string   `json:"minimum_tee_tcb_svn"`
}

func (p *tdxPins) options() (*validate.Options, error) {
	o := &validate.Options{}
	body := &o.TdQuoteBodyOptions
	body.EnableTdDebugCheck = true
	for _, field := range []struct {
		text string
		to   *[]byte
	}{{p.MrTd, &body.MrTd}, {p.MrConfigID, &body.MrConfigID}, {p.MrOwner, &body.MrOwner}, {p.MrOwnerConfig, &body.MrOwnerConfig},
		{p.MrSeam, &body.MrSeam}, {p.ReportData, &body.ReportData}, {p.MinimumTcb, &body.MinimumTeeTcbSvn}} {
		value, err := hex.DecodeString(field.text)
		if err != nil {
			return nil, err
		}
		if len(value) > 0 {
			*field.to = value
		}
	}
	for _, text := range p.Rtmrs {
		value, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		body.Rtmrs = append(body.Rtmrs, value)
	}
	var err error
	o.HeaderOptions.QeVendorID, err = hex.DecodeString("939a7233f79c4ca9940a0db3957f0607")
	return o, err
}

// mapGetter answers the library's requests from a file; what is not in it does not exist.
type mapGetter map[string]struct {
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body_base64"`
}

func readGetter(path string) (mapGetter, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var g mapGetter
	return g, json.Unmarshal(text, &g)
}

func (g mapGetter) Get(url string) (map[string][]string, []byte, error) {
	answer, found := g[url]
	if !found {
		return nil, nil, fmt.Errorf("no collateral for %s", url)
	}
	headers := map[string][]string{}
	for name, values := range answer.Headers { // as net/http would deliver them
		headers[http.CanonicalHeaderKey(name)] = values
	}
	body, err := base64.StdEncoding.DecodeString(answer.Body)
	return headers, body, err
}

type tdxAnswer struct {
	Name     string            `json:"name"`
	Stage    string            `json:"stage"` // decode, verify, validate, ok
	Error    string            `json:"error,omitempty"`
	Status   string            `json:"status,omitempty"`    // of the platform or the module, as the library merges them
	QeStatus string            `json:"qe_status,omitempty"` // of the quoting enclave
	NoLevel  bool              `json:"no_level,omitempty"`  // the library found no level
	Fields   map[string]string `json:"fields,omitempty"`
}

func rootPool(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	der, err := readDER(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool, nil
}

func tdxOptions(root, getter, at string) (*verify.Options, error) {
	roots, err := rootPool(root)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if at != "" {
		if now, err = time.Parse(time.RFC3339, at); err != nil {
			return nil, err
		}
	}
	o := &verify.Options{TrustedRoots: roots, Now: &verify.TimeSet{PckCertChain: now, TcbInfo: now, QeIdentity: now, PckCrl: now, RootCaCrl: now}}
	if getter != "" {
		o.GetCollateral, o.CheckRevocations = true, true
		if o.Getter, err = readGetter(getter); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// tdBody is what the bodies of the library's two quote messages share.
type tdBody interface {
	GetTeeTcbSvn() []byte
	GetMrSeam() []byte
	GetMrSignerSeam() []byte
	GetSeamAttributes() []byte
	GetTdAttributes() []byte
	GetXfam() []byte
	GetMrTd() []byte
	GetMrConfigId() []byte
	GetMrOwner() []byte
	GetMrOwnerConfig() []byte
	GetRtmrs() [][]byte
	GetReportData() []byte
}

func tdxFields(quote any) map[string]string {
	out := map[string]string{}
	var body tdBody
	var signed *tpb.Ecdsa256BitQuoteV4AuthData
	switch q := quote.(type) {
	case *tpb.QuoteV4:
		body, signed = q.GetTdQuoteBody(), q.GetSignedData()
	case *tpb.QuoteV5:
		v5 := q.GetTdQuoteBodyDescriptor().GetTdQuoteBodyV5()
		body, signed = v5, q.GetSignedData()
		out["tee_tcb_svn2"], out["mr_servicetd"] = hex.EncodeToString(v5.GetTeeTcbSvn2()), hex.EncodeToString(v5.GetMrServiceTd())
	default:
		return nil
	}
	inner := signed.GetCertificationData().GetQeReportCertificationData()
	for name, value := range map[string][]byte{"tee_tcb_svn": body.GetTeeTcbSvn(), "mr_seam": body.GetMrSeam(), "mrsigner_seam": body.GetMrSignerSeam(),
		"seam_attributes": body.GetSeamAttributes(), "td_attributes": body.GetTdAttributes(), "xfam": body.GetXfam(), "mr_td": body.GetMrTd(),
		"mr_config_id": body.GetMrConfigId(), "mr_owner": body.GetMrOwner(), "mr_owner_config": body.GetMrOwnerConfig(),
		"report_data": body.GetReportData(), "signature": signed.GetSignature(), "attestation_key": signed.GetEcdsaAttestationKey(),
		"qe_report_signature": inner.GetQeReportSignature(), "qe_auth_data": inner.GetQeAuthData().GetData(),
		"qe_mrsigner": inner.GetQeReport().GetMrSigner(), "qe_mrenclave": inner.GetQeReport().GetMrEnclave()} {
		out[name] = hex.EncodeToString(value)
	}
	for i, value := range body.GetRtmrs() {
		out[fmt.Sprintf("rtmr%d", i)] = hex.EncodeToString(value)
	}
	return out
}

func askTdx(q tdxQuestion) (a tdxAnswer) {
	a.Name = q.Name
	fail := func(stage string, err error) tdxAnswer {
		a.Stage, a.Error = stage, err.Error()
		return a
	}
	defer func() { // a foreign library that falls over on hostile input has refused it
		if r := recover(); r != nil {
			a.Stage, a.Error = "verify", fmt.Sprint("panic: ", r)
		}
	}()
	raw, err := os.ReadFile(q.Quote)
	if err != nil {
		return fail("decode", err)
	}
	quote, err := abi.QuoteToProto(raw)
	if err != nil {
		return fail("decode", err)
	}
	a.Fields = tdxFields(quote)
	options, err := tdxOptions(q.Root, q.Getter, q.At)
	if err != nil {
		return fail("verify", err)
	}
	failed := verify.TdxQuote(quote, options)
	if options.GetCollateral {
		var level, qe pcs.TcbLevel
		var missing error
		if level, qe, missing = verify.SupportedTcbLevelsFromCollateral(quote, options); missing == nil {
			a.Status, a.QeStatus = string(level.TcbStatus), string(qe.TcbStatus)
		} else if failed != nil && !errors.Is(missing, verify.ErrCollateralNil) {
			a.NoLevel = true
		}
	}
	if failed != nil {
		return fail("verify", failed)
	}
	if q.Policy != nil {
		pins, err := q.Policy.options()
		if err == nil {
			err = validate.TdxQuote(quote, pins)
		}
		if err != nil {
			return fail("validate", err)
		}
	}
	a.Stage = "ok"
	return a
}
