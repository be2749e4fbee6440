package main

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"congvan/internal/signcli"
	"congvan/signing"
	"congvan/signing/pades"
)

// signFlags are the flags of sign as they are typed.
type signFlags struct {
	in, out, key, cert, pinFile string
	level, tsa                  string
	digest                      string
	pss                         bool
	look, image, text           string
	page                        int
	rect, field                 string
	certify                     int
	trust                       []string
}

func signCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "sign --in A.pdf --out B.pdf --key URI --cert CHAIN.pem [flags]", Short: "Sign one PDF file (PAdES)",
		DisableFlagsInUseLine: true,
		Long: `Signs one PDF file by an incremental update: exactly to the level asked for, or not at all.
Nothing is written at --out unless the result was read again and accepted by the validator.

--key is an RFC 7512 pkcs11: URI or, for development, file:KEY.pem. The module is the URI's
module-path, else CONGVAN_KEYS_MODULE, else SoftHSM2. The PIN is in --pin-file or in the file
of the URI's pin-source, never in the URI itself.

Above B-B --tsa is needed. B-LT and B-LTA ask the OCSP and CRL addresses in the signer's and
the timestamp's certificates; the chain must reach a root: in CHAIN.pem, by its own address or
with --trust. With --trust the signer's path and revocation are checked before the key is used
and the result must be VALID by these anchors.

--rect is left,top,width,height in millimetres from the upper left corner of the page as shown.
leader, agency and initials show --image (PNG); attachment and copy show --text (lines
separated by \n) at the top right unless --rect says otherwise. --field fills an empty
signature field of that name, or names the new one.

Exit codes: 0 signed; 1 not signed; 64 wrong usage.`,
	}
	var a signFlags
	f := c.Flags()
	f.StringVar(&a.in, "in", "", "PDF to sign")
	f.StringVar(&a.out, "out", "", "where the signed PDF goes")
	f.StringVar(&a.key, "key", "", "pkcs11: URI or file:KEY.pem")
	f.StringVar(&a.cert, "cert", "", "PEM file with the signer's certificate first, then its issuers")
	f.StringVar(&a.pinFile, "pin-file", "", "file with the PIN of the key")
	f.StringVar(&a.level, "level", "", "B-B, B-T, B-LT or B-LTA; default B-B, with --tsa B-T")
	f.StringVar(&a.tsa, "tsa", "", "address of an RFC 3161 timestamp server")
	f.StringVar(&a.digest, "digest", "sha256", "sha256, sha384 or sha512: of the document and of the signature")
	f.BoolVar(&a.pss, "pss", false, "RSASSA-PSS instead of PKCS#1 v1.5; RSA keys only")
	f.StringVar(&a.look, "look", "none", "none, leader, agency, attachment, copy or initials")
	f.StringVar(&a.image, "image", "", "PNG for leader, agency and initials")
	f.StringVar(&a.text, "text", "", `lines for attachment and copy, separated by \n; default signer and time`)
	f.IntVar(&a.page, "page", 1, "page of --rect, from 1")
	f.StringVar(&a.rect, "rect", "", "left,top,width,height in mm")
	f.StringVar(&a.field, "field", "", "name of the signature field")
	f.IntVar(&a.certify, "certify", 0, "certify with DocMDP level 1, 2 or 3")
	f.StringArrayVar(&a.trust, "trust", nil, "file or folder with trusted certificates; may be repeated")
	usageErrors(c, cobra.NoArgs)
	c.RunE = func(c *cobra.Command, _ []string) error {
		o, err := a.options()
		if err != nil {
			return usage(err)
		}
		o.Warn = c.ErrOrStderr()
		if err := a.load(&o); err != nil {
			return err
		}
		keys, done, err := signcli.OpenKeys(a.key, os.Getenv("CONGVAN_KEYS_MODULE"), time.Now, rand.Reader)
		if errors.Is(err, signcli.ErrKeyURI) {
			return usage(err)
		}
		if err != nil {
			return advised(err)
		}
		defer func() { _ = done() }()
		o.Keys = keys
		report, err := signcli.Sign(c.Context(), o)
		if err != nil {
			return advised(err)
		}
		for _, s := range report.Signatures {
			if s.Covers == "file" || s.Field == report.Signatures[len(report.Signatures)-1].Field {
				c.Printf("%s: %s %s, %s\n", a.out, s.Level, s.Field, s.Signer)
			}
		}
		return nil
	}
	return c
}

// advised adds what to do about an error of signing, in both languages.
func advised(err error) error {
	if vi, en := signcli.Advice(err); vi != "" {
		return fmt.Errorf("%w\n  %s\n  %s", err, vi, en)
	}
	return err
}

// digests are the values of --digest.
var digests = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// options turns what was typed into a request; every error is one of usage.
func (a signFlags) options() (signcli.SignOptions, error) {
	o := signcli.SignOptions{
		In: a.in, Out: a.out, Level: signcli.Level(a.level), TSA: a.tsa, Trust: a.trust, Clock: time.Now, Rand: rand.Reader,
		Credential: signing.Credential{KeyURI: a.key},
		Request: signing.Request{
			Field: a.field, Certify: a.certify, Place: signing.Place{Page: a.page}, Appearance: signing.Appearance{Look: signing.Look(a.look)},
		},
	}
	for flag, value := range map[string]string{"--in": a.in, "--out": a.out, "--key": a.key, "--cert": a.cert} {
		if value == "" {
			return o, fmt.Errorf("%s is needed", flag)
		}
	}
	switch o.Level {
	case "":
		if o.Level = signcli.LevelB; a.tsa != "" {
			o.Level = signcli.LevelT
		}
	case signcli.LevelB:
	case signcli.LevelT, signcli.LevelLT, signcli.LevelLTA:
		if a.tsa == "" {
			return o, fmt.Errorf("--level %s needs a timestamp server: --tsa", a.level)
		}
	default:
		return o, fmt.Errorf("--level %q: B-B, B-T, B-LT or B-LTA", a.level)
	}
	hash, ok := digests[a.digest]
	if !ok {
		return o, fmt.Errorf("--digest %q: sha256, sha384 or sha512", a.digest)
	}
	o.Request.Hash, o.PSS = hash, a.pss
	if a.certify < 0 || a.certify > 3 {
		return o, fmt.Errorf("--certify %d: 1, 2 or 3", a.certify)
	}
	if a.pinFile != "" && (!strings.HasPrefix(a.key, "pkcs11:") || strings.Contains(a.key, "pin-source=")) {
		return o, errors.New("--pin-file goes with a pkcs11: URI that has no pin-source")
	}
	return o, a.appearance(&o.Request)
}

// appearance reads look and place.
func (a signFlags) appearance(r *signing.Request) error {
	if a.page < 1 {
		return fmt.Errorf("--page %d: pages count from 1", a.page)
	}
	if a.rect != "" {
		if err := parseRect(a.rect, &r.Place); err != nil {
			return err
		}
	}
	switch r.Appearance.Look {
	case signing.LookNone:
		r.Place = signing.Place{Page: a.page}
	case signing.LookLeader, signing.LookAgency, signing.LookInitials:
		if a.image == "" {
			return fmt.Errorf("--look %s needs --image", a.look)
		}
		if a.rect == "" && a.field == "" {
			return fmt.Errorf("--look %s needs a place: --page and --rect, or --field with an empty field", a.look)
		}
	case signing.LookAttachment, signing.LookCopy:
		text := strings.ReplaceAll(a.text, `\n`, "\n")
		r.Appearance.Lines = slices.DeleteFunc(strings.Split(norm.NFC.String(text), "\n"), func(s string) bool { return s == "" })
	default:
		return fmt.Errorf("--look %q: none, leader, agency, attachment, copy or initials", a.look)
	}
	return nil
}

func parseRect(s string, p *signing.Place) error {
	parts := strings.Split(s, ",")
	if len(parts) != 4 {
		return fmt.Errorf("--rect %q: left,top,width,height in mm", s)
	}
	for i, to := range []*float64{&p.X, &p.Y, &p.W, &p.H} {
		v, err := strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return fmt.Errorf("--rect %q: %q is no length in mm", s, parts[i])
		}
		*to = v
	}
	if p.W == 0 || p.H == 0 {
		return fmt.Errorf("--rect %q: width and height cannot be 0", s)
	}
	return nil
}

const maxImage = 32 << 20

// load reads the files that the flags name.
func (a signFlags) load(o *signcli.SignOptions) error {
	chain, err := os.ReadFile(a.cert)
	if err != nil {
		return err
	}
	if o.Credential.Chain, err = signing.ParseChain(chain); err != nil {
		return fmt.Errorf("%s: %w", a.cert, err)
	}
	if a.pinFile != "" {
		if o.PIN, err = signcli.ReadPIN(a.pinFile); err != nil {
			return err
		}
	}
	if a.image != "" {
		info, err := os.Stat(a.image)
		if err != nil {
			return err
		}
		if info.Size() > maxImage {
			return fmt.Errorf("%w: %s has %d bytes, at most %d", signing.ErrImage, a.image, info.Size(), maxImage)
		}
		if o.Request.Appearance.Image, err = os.ReadFile(a.image); err != nil {
			return err
		}
	}
	o.Engine = pades.New(pades.Options{})
	return nil
}
