package main

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"congvan/signing/pkcs11"
	"congvan/signing/signingtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"congvan": main})
}

// TestScripts runs testdata/script: sign and verify as a shell sees them. Each script
// finds in its folder the sample letters, a test hierarchy (root.pem, trust/), signers
// (NAME.pem with its chain, NAME.key) and a token; $TSA, $TOKEN_KEY and others name the
// rest.
func TestScripts(t *testing.T) {
	o := signingtest.NewOnline(t)
	files := map[string][]byte{
		"root.pem": read(t, o.RootFile), "trust/root.pem": read(t, o.RootFile), "trust/notes.txt": []byte("no certificate"),
		"offline/root.pem": read(t, o.RootFile), "offline/ca.crl": o.CRL(o.CA, signingtest.CRLSpec{}), "offline/root.crl": o.CRL(o.Root, signingtest.CRLSpec{}),
		"pin": []byte("123456\n"), "bad-pin": []byte("999999\n"),
	}
	leader := o.Signer(signingtest.Spec{CN: "Nguyễn Văn Thử", O: "Sở Thử nghiệm"})
	revoked := o.Signer(signingtest.Spec{CN: "Người Bị Thu Hồi"})
	o.Revoke(revoked.Cert, time.Now().Add(-time.Hour))
	for name, id := range map[string]*signingtest.Identity{
		"leader": leader, "revoked": revoked, "expired": o.Expired("Người Hết Hạn"), "alone": o.SelfSigned("Người Tự Ký"),
	} {
		files[name+".pem"] = signingtest.PEM(id.Chain...)
		files[name+".key"] = read(t, strings.TrimPrefix(id.KeyFile(t), "file:"))
	}
	tokens := signingtest.NewTokens(t, pkcs11.Options{Clock: time.Now})
	tokens.Token("so-thu-nghiem", "123456")
	agency := o.Signer(signingtest.Spec{CN: "Sở Thử nghiệm", OrganID: "H99.14", Public: tokens.RSA("so-thu-nghiem", "con-dau", "123456", 2048)})
	files["agency.pem"] = signingtest.PEM(agency.Chain...)
	for _, name := range []string{"cong-van-1.pdf", "cong-van-1-xref-stream.pdf", "cong-van-1-truncated.pdf", "cong-van-1-user-password.pdf", "not-a-pdf.pdf"} {
		files[name] = read(t, filepath.Join("..", "..", "testdata", name))
	}
	files["seal.png"] = ring(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for _, name := range slices.Sorted(maps.Keys(files)) {
				path := filepath.Join(e.WorkDir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					return err
				}
				if err := os.WriteFile(path, files[name], 0o600); err != nil {
					return err
				}
			}
			e.Setenv("TSA", o.TSA)
			e.Setenv("TOKEN_KEY", tokens.PersonalURI("so-thu-nghiem", "con-dau"))
			e.Setenv("SERVICE_KEY", tokens.PersonalURI("so-thu-nghiem", "con-dau")+"?pin-source=file:"+filepath.Join(e.WorkDir, "pin"))
			for k, v := range tokens.Env {
				e.Setenv(k, v)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "conforms": conforms, "flip": flip},
	})
}

// code CODE PROGRAM ARG… runs a program that must end with an exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code CODE PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// flip IN OUT OFFSET writes a copy with one bit changed.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	at, err := strconv.Atoi(args[2])
	ts.Check(err)
	data[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

// ring is a red ring on nothing.
func ring(t testing.TB) []byte {
	const size = 120
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			if d := math.Hypot(float64(x)-size/2, float64(y)-size/2); d > 50 && d < 56 {
				m.SetNRGBA(x, y, color.NRGBA{R: 215, G: 25, B: 30, A: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
