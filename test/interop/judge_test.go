//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"congvan/internal/signcli"
	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pdf"
	"congvan/signing/signingtest"
)

// Programs, as the table names them.
const (
	pdfsig  = "pdfsig"
	openssl = "openssl"
	qpdf    = "qpdf"
	pyHanko = "pyHanko"
	euDSS   = "EU DSS"
	congvan = "congvan"
)

var programs = []string{pdfsig, openssl, qpdf, pyHanko, euDSS, congvan}

// opinion is what one program says about one file.
type opinion struct {
	Accepts bool                     `json:"accepts"`
	Levels  map[string]signing.Level `json:"levels,omitempty"` // of the fields, where the program names levels
	Detail  string                   `json:"detail,omitempty"`
}

// opinions by program and path.
type opinions map[string]map[string]opinion

// judge asks every program about every file: pyHanko and DSS in one process each, the
// small ones file by file beside them.
func (w *world) judge(files []artifact) opinions {
	said := opinions{}
	var mu sync.Mutex
	put := func(program, path string, o opinion) {
		mu.Lock()
		defer mu.Unlock()
		if said[program] == nil {
			said[program] = map[string]opinion{}
		}
		said[program][path] = o
	}
	var all sync.WaitGroup
	for _, d := range []struct {
		program string
		driver  *driver
		opine   func(answer) opinion
	}{{pyHanko, w.py, pyHankoSays}, {euDSS, w.java, dssSays}} {
		all.Go(func() {
			began := time.Now()
			for _, a := range files {
				put(d.program, a.Path, opinionOf(d.driver.ask(w.t, map[string]any{"do": "verify", "file": a.Path}), d.opine))
			}
			w.t.Logf("%s: %d files in %.1f s", d.program, len(files), time.Since(began).Seconds())
		})
	}
	all.Go(func() {
		began := time.Now()
		verifier := w.verifier()
		for _, a := range files {
			for program, ask := range map[string]func(context.Context, artifact) opinion{
				pdfsig: askPdfsig, openssl: w.askOpenSSL, qpdf: askQPDF,
				congvan: func(ctx context.Context, a artifact) opinion { return askCongvan(ctx, verifier, a) },
			} {
				put(program, a.Path, ask(w.t.Context(), a))
			}
		}
		w.t.Logf("pdfsig, openssl, qpdf, congvan: %d files in %.1f s", len(files), time.Since(began).Seconds())
	})
	all.Wait()
	return said
}

func (w *world) verifier() *signcli.Verifier {
	v, err := signcli.NewVerifier(signcli.VerifyOptions{Trust: []string{w.RootFile}, Hosts: []string{"127.0.0.1"}, Clock: time.Now, Warn: silent})
	must(w.t, err)
	return v
}

func askCongvan(ctx context.Context, v *signcli.Verifier, a artifact) opinion {
	r, err := v.File(ctx, a.Path)
	if err != nil {
		return opinion{Detail: err.Error()}
	}
	o := opinion{Accepts: r.Verdict == signing.Valid, Levels: map[string]signing.Level{}, Detail: string(r.Verdict)}
	for _, s := range r.Signatures {
		o.Levels[s.Field] = signing.Level(s.Level)
		o.Detail += fmt.Sprintf(" %s %s %v %v;", s.Field, s.Verdict, s.Reasons, s.Changes)
	}
	return o
}

// askPdfsig looks at cryptographic integrity alone: trust needs its own certificate
// store, document timestamps it does not verify.
func askPdfsig(ctx context.Context, a artifact) opinion {
	out, err := output(ctx, "pdfsig", "-nocert", a.Path)
	good := strings.Count(out, "Signature Validation: Signature is Valid.")
	return opinion{Accepts: err == nil && good == len(a.Signatures), Detail: fmt.Sprintf("%d of %d valid", good, len(a.Signatures))}
}

func askQPDF(ctx context.Context, a artifact) opinion {
	out, err := output(ctx, "qpdf", "--check", a.Path)
	return opinion{Accepts: err == nil && !strings.Contains(out, "WARNING"), Detail: strings.TrimSpace(lastLines(out, 2))}
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}

// askOpenSSL verifies every CAdES signature with its certificates and every timestamp
// token, over exactly the bytes that the dictionaries name.
func (w *world) askOpenSSL(ctx context.Context, a artifact) opinion {
	dir, err := os.MkdirTemp(w.dir, "openssl-")
	must(w.t, err)
	defer os.RemoveAll(dir)
	data := read(w.t, a.Path)
	found, err := signaturesOf(ctx, data)
	if err != nil {
		return opinion{Detail: err.Error()}
	}
	o := opinion{Accepts: len(found) >= len(a.Signatures)}
	for _, s := range found {
		if err := w.verifyOne(ctx, dir, s); err != nil {
			o.Accepts = false
			o.Detail += s.field + ": " + err.Error() + "; "
		}
	}
	return o
}

// signed is a signature or document timestamp cut out of a file.
type signed struct {
	field     string
	timestamp bool
	content   []byte
	cms       *cms.SignedData
}

func signaturesOf(ctx context.Context, data []byte) ([]signed, error) {
	f, err := pdf.Open(ctx, bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		return nil, err
	}
	fields, err := f.Fields()
	if err != nil {
		return nil, err
	}
	var out []signed
	for _, field := range fields {
		value, err := f.Dict(field.Value)
		if err != nil || value["ByteRange"] == nil {
			continue
		}
		var r [4]int64
		ranges, err := f.Array(value["ByteRange"])
		if err != nil || len(ranges) != 4 {
			return nil, fmt.Errorf("%s: ByteRange: %v", field.Name, err)
		}
		for i, n := range ranges {
			if r[i], err = f.Int(n); err != nil {
				return nil, err
			}
		}
		contents, ok := value["Contents"].(pdf.String)
		if !ok || r[1] > int64(len(data)) || r[2]+r[3] > int64(len(data)) {
			return nil, fmt.Errorf("%s: no Contents, or a ByteRange outside the file", field.Name)
		}
		sd, err := cms.Parse(contents)
		if err != nil {
			return nil, err
		}
		out = append(out, signed{field.Name, value["SubFilter"] == pdf.Name("ETSI.RFC3161"), slices.Concat(data[:r[1]], data[r[2]:r[2]+r[3]]), sd})
	}
	return out, nil
}

func (w *world) verifyOne(ctx context.Context, dir string, s signed) error {
	if s.timestamp {
		return w.verifyToken(ctx, dir, s.content, s.cms.Raw())
	}
	content, der := filepath.Join(dir, "content"), filepath.Join(dir, "cms")
	must(w.t, os.WriteFile(content, s.content, 0o600))
	must(w.t, os.WriteFile(der, s.cms.Raw(), 0o600))
	out, err := output(ctx, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", der, "-content", content,
		"-CAfile", w.RootFile, "-purpose", "any", "-out", os.DevNull)
	if err != nil {
		return fmt.Errorf("openssl cms: %s", lastLines(out, 2))
	}
	if token := s.cms.Timestamp; token != nil {
		return w.verifyToken(ctx, dir, s.cms.Signature, token)
	}
	return nil
}

// verifyToken holds a timestamp token against the bytes it is over.
func (w *world) verifyToken(ctx context.Context, dir string, data, token []byte) error {
	content, der, chain := filepath.Join(dir, "stamped"), filepath.Join(dir, "token"), filepath.Join(dir, "chain")
	must(w.t, os.WriteFile(content, data, 0o600))
	must(w.t, os.WriteFile(der, token, 0o600))
	must(w.t, os.WriteFile(chain, signingtest.PEM([]*x509.Certificate{w.CA.Cert}...), 0o600))
	out, err := output(ctx, "openssl", "ts", "-verify", "-data", content, "-in", der, "-token_in", "-CAfile", w.RootFile, "-untrusted", chain)
	if err != nil {
		return fmt.Errorf("openssl ts: %s", lastLines(out, 2))
	}
	return nil
}

// answer is a line of a driver's verify; each driver fills in what it knows.
type answer struct {
	File       string
	Error      string
	Signatures []struct {
		Kind, Field, Level, Verdict, Sub string
		Validate, Adesverify             string
		Modification, Indication         string
		Errors, Warnings, Undefined      []string
	}
}

func opinionOf(line []byte, opine func(answer) opinion) opinion {
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return opinion{Detail: fmt.Sprintf("%v in %q", err, line)}
	}
	if a.Error != "" {
		return opinion{Detail: a.Error}
	}
	return opine(a)
}

func pyHankoSays(a answer) opinion {
	o := opinion{Accepts: len(a.Signatures) > 0, Levels: map[string]signing.Level{}}
	for _, s := range a.Signatures {
		o.Accepts = o.Accepts && s.Validate == "passed" && s.Adesverify == "passed"
		o.Levels[s.Field] = signing.Level(s.Level)
		o.Detail += strings.TrimSpace(fmt.Sprintf("%s %s %s %s", s.Field, s.Modification, s.Indication, strings.Join(s.Errors, "; "))) + "; "
	}
	return o
}

func dssSays(a answer) opinion {
	o := opinion{Accepts: len(a.Signatures) > 0, Levels: map[string]signing.Level{}}
	for _, s := range a.Signatures {
		o.Accepts = o.Accepts && (s.Verdict == "TOTAL_PASSED" || s.Kind == "timestamp" && s.Verdict == "PASSED")
		if s.Kind == "signature" {
			o.Levels[s.Field] = signing.Level(strings.Replace(s.Level, "PAdES-BASELINE-", "B-", 1))
		}
		o.Detail += strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", s.Field, s.Verdict, s.Sub, strings.Join(s.Errors, "; "), strings.Join(s.Undefined, "; "))) + "; "
	}
	return o
}

// fingerprint names a file in the record.
func fingerprint(data []byte) string {
	sum := sha256.Sum256(data)
	return fmt.Sprintf("%x", sum[:8])
}
