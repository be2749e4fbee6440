package signcli

import (
	"bytes"
	"os"
	"testing"

	"congvan/signing/cms"
	"congvan/signing/pdf"
	"congvan/signing/signingtest"
)

// OpenSSL verifies both parts of a B-LTA file: the CAdES signature with its timestamp,
// and the token of the document timestamp over all bytes before it.
func TestOpenSSLAgrees(t *testing.T) {
	w := newWorld(t)
	o := w.options(t, w.leader, LevelLTA)
	if _, err := Sign(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	chain := save(t, "chain.pem", signingtest.PEM(w.CA.Cert))
	data := read(t, o.Out)
	file, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	fields, err := file.Fields()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[pdf.Name]int{}
	for _, f := range fields {
		value, err := file.Dict(f.Value)
		if err != nil {
			t.Fatal(err)
		}
		var r [4]int64
		for i, n := range value["ByteRange"].(pdf.Array) {
			r[i] = n.(int64)
		}
		content := save(t, "content", append(bytes.Clone(data[:r[1]]), data[r[2]:r[2]+r[3]]...))
		sd, err := cms.Parse(value["Contents"].(pdf.String))
		if err != nil {
			t.Fatal(err)
		}
		der := save(t, "contents.der", sd.Raw())
		switch kind := value["SubFilter"].(pdf.Name); kind {
		case "ETSI.CAdES.detached":
			kinds[kind]++
			run(t, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", der, "-content", content,
				"-CAfile", w.RootFile, "-purpose", "any", "-out", os.DevNull)
		case "ETSI.RFC3161":
			kinds[kind]++
			run(t, "openssl", "ts", "-verify", "-data", content, "-in", der, "-token_in", "-CAfile", w.RootFile, "-untrusted", chain)
		}
	}
	if len(kinds) != 2 {
		t.Errorf("found %v", kinds)
	}
}
