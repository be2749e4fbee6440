package bench

import (
	"context"
	"crypto"
	_ "crypto/sha256" // the digest that is signed
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/walk"
	"congvan/signing"
	"congvan/signing/pkcs11"
)

const (
	letterSize = 100 << 10 // bytes
	signExtra  = 40        // ms that issue 2 allows beside the token and the disk
)

// letter is a document that waits for its signature: 100 KB, no two of the same bytes, so
// that none is stored already.
type letter struct {
	id, blob, manifest string
}

// letters takes n of them from upload to both approvals, over the API.
func (b *bench) letters(ctx context.Context, who clients, name string, n int) ([]letter, error) {
	out := make([]letter, 0, n)
	for i := range n {
		file, err := b.pdf(fmt.Sprintf("%s-%03d.pdf", name, i), letterSize+int64(b.made))
		if err != nil {
			return nil, err
		}
		b.made++
		l, err := b.letter(ctx, who, file)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
		_ = os.Remove(file)
	}
	return out, nil
}

func (b *bench) letter(ctx context.Context, who clients, file string) (letter, error) {
	id, err := who["cv"].Upload(ctx, file)
	if err != nil {
		return letter{}, err
	}
	page, err := b.draft(ctx, who["cv"], id)
	if err != nil {
		return letter{}, err
	}
	l := letter{id: page.Document.ID, manifest: page.Manifest, blob: document.MainFile(page.Document.Files).Version.Blob}
	seen := map[string]string{"manifest": l.manifest}
	return l, errors.Join(l.do(ctx, who["cv"], "submit", nil), l.do(ctx, who["tp"], "approve-content", seen), l.do(ctx, who["tt"], "approve-format", seen))
}

func (b *bench) draft(ctx context.Context, c *walk.Client, upload string) (query.OutgoingPage, error) {
	var page query.OutgoingPage
	err := c.Do(ctx, http.MethodPost, "/outgoing?secrecy=0", map[string]any{
		"type_code": register.CongVan, "subject": "V/v đo tốc độ của hệ thống quản lý văn bản (văn bản thử nghiệm)", "urgency": 0,
		"signer_id": b.site.actor(agency, "gd").PositionID, "recipients": []string{"H26.15"},
		"files": []flow.FileInput{{Role: document.Main, UploadID: upload}}, "to_places": []string{"Như trên"},
	}, &page)
	return page, err
}

func (l letter) do(ctx context.Context, c *walk.Client, act string, body any) error {
	return c.Do(ctx, http.MethodPost, "/outgoing/"+l.id+"/"+act, body, nil)
}

func (l letter) sign(ctx context.Context, who clients) error {
	return l.do(ctx, who["gd"], "sign", map[string]string{"viewed_sha256": l.blob, "pin": demo.PIN})
}

func (l letter) number(ctx context.Context, who clients) error {
	return l.do(ctx, who["vt"], "number", flow.NumberInput{})
}

func (l letter) seal(ctx context.Context, who clients) error {
	return l.do(ctx, who["vt"], "seal", nil)
}

// signed are the times of one signing act, each beside the shares of token and disk that
// were taken just before it.
type signed struct {
	what          string
	fsyncs        int // of one request
	request, disk spread
}

// signing measures the leader's and the clerk's request as they come over HTTP. Between any
// two, the token and the disk are asked for their own share, so that all meet the same
// machine.
func (b *bench) signing(ctx context.Context) error {
	token, err := pkcs11.Open(pkcs11.Options{
		Module: b.site.config.Keys.Module, Env: map[string]string{"SOFTHSM2_CONF": b.site.config.Keys.ConfFile}, Sessions: 1, Clock: b.Clock,
	})
	if err != nil {
		return err
	}
	defer func() { _ = token.Close() }()
	sign := signed{what: "Leader's signing request, 100 KB, p95", fsyncs: b.fsyncs.sign}
	seal := signed{what: "Agency's sealing request, 100 KB, p95", fsyncs: b.fsyncs.seal}
	var raw, login spread
	var used time.Duration
	err = b.site.with(ctx, "signing", nil, nil, func(p *walk.Process) error {
		who, err := signIn(ctx, p.Base, "cv", "tp", "tt", "gd", "vt")
		if err != nil {
			return err
		}
		letters, err := b.letters(ctx, who, "ky", b.Signed)
		if err != nil {
			return err
		}
		if err := b.raw(ctx, token, &raw, &login); err != nil { // the first opens sessions
			return err
		}
		raw, login = nil, nil
		used, err = spent(p.PID(), func() error {
			for _, l := range letters {
				err := errors.Join(
					b.raw(ctx, token, &raw, &login),
					b.act(&sign, func() error { return l.sign(ctx, who) }),
					l.number(ctx, who),
					b.act(&seal, func() error { return l.seal(ctx, who) }))
				if err != nil {
					return err
				}
			}
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	b.add(Row{What: "Token: raw RSA signature, p95", Unit: "ms", Measured: raw.p(95), Note: raw.String()})
	b.add(Row{What: "Token: a person's login, signature and logout, p95", Unit: "ms", Measured: login.p(95), Note: login.String()})
	b.add(Row{
		What: "Server's processor time for one document", Unit: "ms", Measured: ms(used) / float64(b.Signed),
		Note: "signed, numbered, sealed, and both signatures validated by the jobs",
	})
	b.signRow(sign, raw)
	b.signRow(seal, raw)
	return nil
}

// act times one request and, before it, the fsyncs of one request.
func (b *bench) act(s *signed, do func() error) error {
	disk, err := b.disk(s.fsyncs, 1)
	if err != nil {
		return err
	}
	took, err := b.took(do)
	s.disk, s.request = append(s.disk, disk...), append(s.request, took)
	return err
}

// raw asks the token alone: the agency's key on a session that is logged in, and a person's
// key with everything that a PIN typed for one act costs.
func (b *bench) raw(ctx context.Context, token *pkcs11.Provider, raw, login *spread) error {
	digest := make([]byte, crypto.SHA256.Size())
	for _, key := range []struct {
		uri string
		pin []byte
		to  *spread
	}{{b.site.agency.KeyURI, nil, raw}, {b.site.leader.KeyURI, []byte(demo.PIN), login}} {
		took, err := b.took(func() error {
			_, err := token.Sign(ctx, key.uri, digest, signing.SignOptions{Hash: crypto.SHA256, PIN: key.pin})
			return err
		})
		if err != nil {
			return err
		}
		*key.to = append(*key.to, took)
	}
	return nil
}

func (b *bench) signRow(s signed, raw spread) {
	r := Row{
		What: s.what, Unit: "ms", Measured: s.request.p(95), Limit: raw.p(95) + s.disk.p(95) + signExtra,
		Note: fmt.Sprintf("%s; limit = raw %s + %d fsyncs %s + %d", s.request, figure(raw.p(95)), s.fsyncs, figure(s.disk.p(95)), signExtra),
	}
	if b.fsyncs.missing != "" {
		r.Note += "; " + b.fsyncs.missing
	}
	b.add(r)
}
