package signcli

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/text/unicode/norm"

	"congvan/signing"
	"congvan/signing/augment"
	"congvan/signing/inspect"
	"congvan/signing/pades"
	"congvan/signing/trust"
	"congvan/signing/tsp"
)

// Level is a baseline level of ETSI EN 319 142-1.
type Level = signing.Level

// Levels, from the least.
const (
	LevelB   = signing.LevelB
	LevelT   = signing.LevelT
	LevelLT  = signing.LevelLT
	LevelLTA = signing.LevelLTA
)

// slow is how long a timestamp server may take: official ones need minutes.
const slow = 3 * time.Minute

// SignOptions of Sign.
type SignOptions struct {
	In, Out    string
	Request    signing.Request // Time is filled in
	Credential signing.Credential
	Keys       signing.Keys
	PIN        []byte
	PSS        bool // RSASSA-PSS
	Level      Level
	TSA        string   // address; needed above B-B
	Trust      []string // anchors; none: the certificates' own roots stand in where a level needs a path
	Engine     *pades.Engine
	Clock      func() time.Time
	Rand       io.Reader
	Warn       io.Writer
}

// Errors of Sign beside those of the signing module.
var (
	ErrFinding  = errors.New("the file must not be signed")
	ErrLevel    = errors.New("the level asked for was not reached")
	ErrRejected = errors.New("the validator does not accept the result")
)

// job is the work on one signature. The key is asked once; nothing is written before
// the result is complete and judged.
type job struct {
	SignOptions
	input *file
	tail  []byte // everything appended so far
	tsa   *tsp.Client
	chain []*x509.Certificate // the signer's, with what was fetched above it
	token *tsp.Token          // of the signature
	raise bool                // the place is our own choice and may move to the upper edge
}

// Sign signs one file: exactly to the level asked for, or not at all. It returns the
// report of its own validator on the result, which is at Out only when err is nil.
func Sign(ctx context.Context, o SignOptions) (*signing.Report, error) {
	input, err := openFile(o.In)
	if err != nil {
		return nil, err
	}
	defer input.Close()
	if info, err := os.Stat(o.Out); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", o.Out)
	}
	j := &job{SignOptions: o, input: input, chain: o.Credential.Chain}
	j.Request.Time = o.Clock()
	if o.Level.Reaches(LevelT) {
		j.Request.Timestamped = true
		if j.tsa, err = tsp.NewClient(tsp.Options{URL: o.TSA, Timeout: slow, Rand: o.Rand}); err != nil {
			return nil, err
		}
	}
	for _, step := range []func(context.Context) error{j.look, j.checkSigner, j.sign, j.longTerm, j.archive} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	report, err := j.judge(ctx)
	if err != nil {
		return nil, err
	}
	return report, j.write()
}

// look refuses files that a signature must not cover and tells what else is in them.
func (j *job) look(ctx context.Context) error {
	in, err := j.Engine.Inspect(ctx, j.input.signing())
	if err != nil {
		return err
	}
	if in.Encrypted {
		return signing.ErrEncrypted
	}
	for _, f := range in.Findings {
		if f.Weight == inspect.Refuse {
			return fmt.Errorf("%w: %s: %s", ErrFinding, f.Code, f.Detail)
		}
		_, _ = fmt.Fprintf(j.Warn, "%s: %s: %s\n", f.Weight, f.Code, f.Detail)
	}
	return j.place(in.PageSizes)
}

// place fills in what the text looks leave open: the block stands at the top right of
// its page (NĐ 30/2020 Annex I) and names signer and time.
func (j *job) place(pages []signing.Place) error {
	r := &j.Request
	if r.Appearance.Look != signing.LookAttachment && r.Appearance.Look != signing.LookCopy {
		return nil
	}
	if len(r.Appearance.Lines) == 0 {
		r.Appearance.Lines = []string{
			norm.NFC.String(j.chain[0].Subject.CommonName), r.Time.Format("02-01-2006 15:04:05 -07:00"),
		}
	}
	if r.Place.W != 0 || r.Field != "" {
		return nil
	}
	const width, height, margin = 70, 18, 5
	if r.Place.Page > len(pages) {
		return fmt.Errorf("%w: name the place on page %d with --rect", signing.ErrPlace, r.Place.Page)
	}
	r.Place.X, r.Place.Y = max(0, pages[r.Place.Page-1].W-width-margin), margin
	r.Place.W, r.Place.H = width, height
	j.raise = true
	return nil
}

// checkSigner judges the certificate before the key is asked (NĐ 68/2024 Đ.29): with
// anchors its path and revocation too.
func (j *job) checkSigner(ctx context.Context) error {
	leaf := j.chain[0]
	if err := trust.Usable(leaf, j.Request.Time); err != nil {
		return err
	}
	if len(j.Trust) == 0 {
		return nil
	}
	store, err := openTrust(j.Trust, j.chain[1:], hostsOf(j.chain), j.Clock, j.Warn)
	if err != nil {
		return err
	}
	return store.CheckSigner(ctx, j.chain, j.Request.Time)
}

// sign makes the signature and, above B-B, puts a timestamp into it at once: the
// unsigned attribute is all that it changes.
func (j *job) sign(ctx context.Context) error {
	base := j.input.signing()
	prepared, err := j.prepare(ctx)
	if err != nil {
		return err
	}
	der, err := j.Engine.BuildCMS(ctx, prepared.Digest, j.Credential, j.Keys, signing.SignOptions{Hash: j.Request.Hash, PSS: j.PSS, PIN: j.PIN})
	if err != nil {
		return err
	}
	if j.tsa != nil {
		der, j.token, err = augment.Stamp(ctx, func(ctx context.Context, digest []byte) (*tsp.Token, error) {
			return j.tsa.Timestamp(ctx, digest, crypto.SHA256)
		}, der)
		if err != nil {
			return err
		}
	}
	if j.tail, err = prepared.Complete(der); err != nil {
		return err
	}
	return checker(nil, j.Clock).CheckExtension(ctx, base, j.file(), j.Request)
}

// longTerm adds what a later reader needs to judge signer and timestamp offline.
func (j *job) longTerm(ctx context.Context) error {
	if !j.Level.Reaches(LevelLT) {
		return nil
	}
	material, err := j.material(ctx)
	if err != nil {
		return err
	}
	more, err := j.Engine.LongTerm(ctx, j.file(), j.Request.Field, material)
	j.tail = append(j.tail, more...)
	return err
}

// archive adds the document timestamp that keeps the long-term data believable.
func (j *job) archive(ctx context.Context) error {
	if !j.Level.Reaches(LevelLTA) {
		return nil
	}
	var prepared *signing.Prepared
	err := named(signing.TimestampField(1), func(field string) (err error) {
		prepared, err = j.Engine.PrepareTimestamp(ctx, j.file(), field, 0)
		return err
	})
	if err != nil {
		return err
	}
	token, err := j.tsa.Timestamp(ctx, prepared.Digest, crypto.SHA256)
	if err != nil {
		return err
	}
	more, err := prepared.Complete(token.Raw)
	j.tail = append(j.tail, more...)
	return err
}

// named tries a field name, then numbered ones, until one is free.
func named(name string, try func(field string) error) error {
	err := try(name)
	for n := 2; errors.Is(err, signing.ErrFieldExists) && n < 1000; n++ {
		err = try(fmt.Sprintf("%s-%d", name, n))
	}
	return err
}

// prepare makes room for the signature: in the field named, else in a new one.
func (j *job) prepare(ctx context.Context) (prepared *signing.Prepared, err error) {
	try := func(field string) error {
		j.Request.Field = field
		prepared, err = j.Engine.Prepare(ctx, j.input.signing(), j.Request)
		if errors.Is(err, signing.ErrCovers) && j.raise {
			j.raise, j.Request.Place.Y = false, 1
			prepared, err = j.Engine.Prepare(ctx, j.input.signing(), j.Request)
		}
		return err
	}
	if j.Request.Field != "" {
		err = try(j.Request.Field)
		return prepared, err
	}
	name := "cv-signature"
	if look := j.Request.Appearance.Look; look != signing.LookNone && look != "" {
		name = "cv-" + string(look)
	}
	err = named(name, try)
	return prepared, err
}

// file is the file as far as it is made.
func (j *job) file() signing.File {
	return signing.Extended(signing.File{R: j.input.File, Size: j.input.size}, j.tail)
}
