package signingtest

import (
	"crypto"
	"encoding/asn1"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/digitorus/timestamp"
)

// Policy is the timestamp policy of the test authority.
var Policy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1, 1}

// TSASpec describes how a timestamp server behaves; the zero value behaves well.
type TSASpec struct {
	Identity *Identity                     // nil: a new TSA
	Change   func(ts *timestamp.Timestamp) // before it is signed: time, nonce, imprint
	Answer   http.HandlerFunc              // instead of an answer: slow, rejected, broken
	Leaf     bool                          // include the TSA's certificate only, without its chain
}

// ServeTSA runs an RFC 3161 server made with an independent implementation.
func (p *PKI) ServeTSA(s TSASpec) *httptest.Server {
	p.tb.Helper()
	if s.Identity == nil {
		s.Identity = p.TSA()
	}
	return serve(p.tb, func(w http.ResponseWriter, r *http.Request) {
		if s.Answer != nil {
			s.Answer(w, r)
			return
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		if err != nil {
			return
		}
		der, err := p.Timestamp(body, s)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(der)
	})
}

// Timestamp answers one DER TimeStampReq with a DER TimeStampResp.
func (p *PKI) Timestamp(request []byte, s TSASpec) ([]byte, error) {
	in, err := timestamp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	out := timestamp.Timestamp{
		HashAlgorithm: in.HashAlgorithm, HashedMessage: in.HashedMessage, Nonce: in.Nonce,
		Time: p.Clock().UTC(), Policy: Policy, AddTSACertificate: in.Certificates,
	}
	if !s.Leaf {
		out.Certificates = s.Identity.Chain[1:]
	}
	if in.TSAPolicyOID != nil {
		out.Policy = in.TSAPolicyOID
	}
	if s.Change != nil {
		s.Change(&out)
	}
	return out.CreateResponseWithOpts(s.Identity.Cert, s.Identity.Key, crypto.SHA256)
}
