package main

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/google/go-tdx-guest/abi"
	"github.com/google/go-tdx-guest/validate"
	"github.com/google/go-tdx-guest/verify"
)

// The document of Constellation's qemu-tdx variant: a quote whose report data is the hash of user data and nonce.

var oidTDX = asn1.ObjectIdentifier{1, 3, 9900, 5, 99}

type tdxDocument struct {
	RawQuote []byte
	UserData []byte
}

func tdxIssuer(p *tdxPlatform) issuer {
	return func(user, nonce []byte) (pkix.Extension, error) {
		quote, err := p.quote(pad64(extraData(user, nonce)))
		if err != nil {
			return pkix.Extension{}, err
		}
		doc, err := json.Marshal(tdxDocument{quote, user})
		return pkix.Extension{Id: oidTDX, Value: doc}, err
	}
}

// tdxStatement judges with go-tdx-guest: the given root, collateral from a file, and CRLs.
func tdxStatement(root, getter string) statement {
	return statement{"qemu-tdx", oidTDX, func(raw, user, nonce []byte) error {
		var doc tdxDocument
		if err := json.Unmarshal(raw, &doc); err != nil {
			return err
		}
		if !bytes.Equal(doc.UserData, user) {
			return errors.New("user data is not the hash of the certificate's key")
		}
		quote, err := abi.QuoteToProto(doc.RawQuote)
		if err != nil {
			return err
		}
		options, err := tdxOptions(root, getter, "")
		if err != nil {
			return err
		}
		if err := verify.TdxQuote(quote, options); err != nil {
			return err
		}
		want := pad64(extraData(user, nonce))
		pins := &tdxPins{ReportData: hex.EncodeToString(want[:])}
		expected, err := pins.options()
		if err != nil {
			return err
		}
		return validate.TdxQuote(quote, expected)
	}}
}
