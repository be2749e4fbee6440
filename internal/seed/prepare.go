// Package seed makes an installation of the demonstration: invented agencies and people,
// test certificates, and documents that have gone through the real acts on past days.
// Production mode refuses what it makes.
package seed

import (
	"context"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"congvan/internal/account"
	"congvan/internal/app"
	"congvan/internal/auth"
	"congvan/internal/calendar"
	"congvan/internal/demo"
	"congvan/internal/demo/images"
	"congvan/internal/demo/pki"
	"congvan/internal/flow"
	"congvan/internal/store"
	"congvan/signing"
)

// Options of Prepare.
type Options struct {
	Config    app.Config // Data and the backends; keys and the anchors of trust are filled in
	Site      demo.Site
	CADir     string // of the demonstration authority, shared by the sites
	Address   string // where the authority answers; empty: nowhere
	Documents int    // made on the first run, over the last 60 days
	Progress  io.Writer
	Clock     func() time.Time
	Rand      io.Reader
}

// Prepare makes what is missing of an installation and returns its configuration file. A
// second call finds everything and repeats nothing.
func Prepare(ctx context.Context, o Options) (string, error) {
	if err := os.MkdirAll(o.Config.Data, 0o700); err != nil {
		return "", err
	}
	file, done := filepath.Join(o.Config.Data, "congvan.toml"), filepath.Join(o.Config.Data, "prepared")
	now := o.Clock()
	_, err := os.Stat(done)
	prepared := err == nil
	if o.Documents > 0 && !prepared { // the stories begin in the past, and so does the authority
		now = firstMorning(now)
	}
	clock := &storyClock{now: now}
	p, err := keys(ctx, o, clock)
	if err != nil {
		return "", fmt.Errorf("demonstration keys: %w", err)
	}
	cfg := o.Config
	cfg.Keys = app.Keys{Module: p.Module, ConfFile: p.Env["SOFTHSM2_CONF"]}
	cfg.Trust.Anchors, cfg.Trust.CRLs = []string{p.RootFile}, p.CRLFiles
	cfg.Demo = app.Demo{CADir: o.CADir, PKIDir: pkiDir(o.Config.Data), Cookie: "congvan_" + o.Site.Key, Site: o.Site.Key}
	if err := writeConfig(file, cfg); err != nil {
		return "", err
	}
	if prepared {
		return file, nil
	}
	if err := cfg.Fill(); err != nil {
		return "", err
	}
	if err := people(ctx, cfg, o, p); err != nil {
		return "", fmt.Errorf("demonstration people: %w", err)
	}
	if o.Documents > 0 {
		if err := documents(ctx, cfg, o, p, clock); err != nil {
			return "", fmt.Errorf("demonstration documents: %w", err)
		}
	}
	clock.now = o.Clock()
	if err := p.RenewCRLs(); err != nil {
		return "", err
	}
	return file, os.WriteFile(done, []byte(o.Clock().UTC().Format(time.RFC3339)+"\n"), 0o600)
}

func pkiDir(data string) string { return filepath.Join(data, "pki") }

// keys makes the test certificates: a token for each person who signs, one for the agencies.
func keys(ctx context.Context, o Options, clock *storyClock) (*pki.PKI, error) {
	opt := pki.Options{
		Dir: pkiDir(o.Config.Data), CADir: o.CADir, Address: o.Address, Clock: clock.Now, Rand: o.Rand, Authority: app.DemoAuthority,
	}
	for _, a := range o.Site.Agencies {
		if !a.Local || len(a.Staff) == 0 {
			continue // without people it only receives
		}
		opt.Agencies = append(opt.Agencies, pki.Subject{ID: a.ID, Name: a.Name, OrganID: a.Codes[0].Value})
		for _, s := range a.Staff {
			if s.PIN != "" {
				opt.Persons = append(opt.Persons, pki.Subject{ID: s.Person.ID, Name: s.Person.FullName, Agency: a.Name, PIN: s.PIN})
			}
		}
	}
	return pki.Ensure(ctx, opt)
}

// storyClock is a clock that stands where the story is.
type storyClock struct{ now time.Time }

// Now is the story's time.
func (c *storyClock) Now() time.Time { return c.now }

// people writes agencies, units, people, positions, authorities, credentials and accounts.
func people(ctx context.Context, cfg app.Config, o Options, p *pki.PKI) error {
	db, err := app.OpenStore(ctx, cfg, o.Clock)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	// The accounts share one password, so they share one hash: argon2id is slow on purpose.
	hash, err := auth.HashPassword(demo.Password, auth.Cost{}, o.Rand)
	if err != nil {
		return err
	}
	return db.Administer(ctx, func(tx store.Admin) error {
		if err := tx.PutCalendar(calendar.Demonstration()); err != nil {
			return err
		}
		for _, a := range o.Site.Agencies {
			if err := putAgency(tx, a, p, hash); err != nil {
				return fmt.Errorf("%s: %w", a.Name, err)
			}
		}
		return nil
	})
}

func putAgency(tx store.Admin, a demo.AgencyOf, p *pki.PKI, hash string) error {
	if err := tx.PutAgency(a.Agency); err != nil {
		return err
	}
	if !a.Local || len(a.Staff) == 0 {
		return nil
	}
	for _, u := range a.Units {
		if err := tx.PutUnit(u); err != nil {
			return err
		}
	}
	seal := images.Seal(images.SealText{Superior: a.Superior, Agency: a.Name})
	if err := putCredential(tx, flow.OwnerAgency, a.ID, p.Agencies[a.ID], seal); err != nil {
		return err
	}
	for _, s := range a.Staff {
		if err := putStaff(tx, s, p, hash); err != nil {
			return err
		}
	}
	return nil
}

func putStaff(tx store.Admin, s demo.Staff, p *pki.PKI, hash string) error {
	if err := tx.PutPerson(s.Person); err != nil {
		return err
	}
	if err := tx.PutPosition(s.Position); err != nil {
		return err
	}
	if s.Authority != nil {
		if err := s.Authority.Validate(); err != nil {
			return err
		}
		if err := tx.PutAuthority(*s.Authority); err != nil {
			return err
		}
	}
	if s.PIN != "" {
		if err := putCredential(tx, flow.OwnerPerson, s.Person.ID, p.Persons[s.Person.ID], images.Signature(s.Person.FullName)); err != nil {
			return err
		}
	}
	return tx.PutAccount(account.Account{
		ID: "acc-" + s.Username, Username: account.Fold(s.Username), PersonID: s.Person.ID, PasswordHash: hash, Language: "vi",
	})
}

func putCredential(tx store.Admin, owner flow.Owner, id string, c signing.Credential, image []byte) error {
	if len(c.Chain) == 0 {
		return errors.New("no certificate was made")
	}
	var chain strings.Builder
	for _, x := range c.Chain {
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: x.Raw}); err != nil {
			return err
		}
	}
	cred := flow.Credential{
		ID: "crd-" + id, Owner: owner, OwnerID: id, KeyURI: c.KeyURI, ChainPEM: []byte(chain.String()),
		Fingerprint: signing.Fingerprint(c.Chain[0]), Image: image, Demo: true,
	}
	if owner == flow.OwnerAgency {
		cred.SealMM = images.SealDiameterMM
	}
	return tx.PutCredential(cred)
}

func writeConfig(file string, cfg app.Config) error {
	b, err := toml.Marshal(cfg)
	if err != nil {
		return err
	}
	head := "# Cấu hình trình diễn, tạo tự động. Demonstration configuration, made by congvan.\n"
	return os.WriteFile(file, append([]byte(head), b...), 0o600)
}

// Secret reads a secret's file, and makes it with 32 bytes of random when missing.
func Secret(file string, random io.Reader) (string, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		var raw [32]byte
		if _, err := io.ReadFull(random, raw[:]); err != nil {
			return "", err
		}
		s := hex.EncodeToString(raw[:])
		return s, os.WriteFile(file, []byte(s), 0o600)
	}
	return strings.TrimSpace(string(b)), err
}
