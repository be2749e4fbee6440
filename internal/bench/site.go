package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"congvan/internal/app"
	"congvan/internal/authz"
	"congvan/internal/demo"
	"congvan/internal/flow"
	"congvan/internal/seed"
	"congvan/internal/testpdf"
	"congvan/internal/walk"
	"congvan/storage/s3"
	"congvan/storage/storagetest/s3server"
)

// site is the installation that is measured.
type site struct {
	dir     string
	congvan string
	file    string // configuration
	config  app.Config
	demo    demo.Site
	leader  flow.Credential // of the agency whose documents are signed
	agency  flow.Credential
}

// Everything is measured at one agency; numbers are taken at another, so that the lists
// of the first stay as they are.
const (
	agency    = "svd"
	numbering = "stn"
)

// prepare makes the installation and fills it with synthetic documents.
func (b *bench) prepare(ctx context.Context) error {
	s := site{dir: b.Dir, congvan: b.Congvan, demo: demo.Sites()[0]}
	var err error
	// Timestamps come from this process, over loopback: what they cost is part of a request.
	ca := filepath.Join(s.dir, "ca")
	if b.authority, err = walk.StartAuthority(ctx, ca, 0, b.Clock, b.Rand); err != nil {
		return err
	}
	s.file, err = seed.Prepare(ctx, seed.Options{
		Config: app.Config{Data: filepath.Join(s.dir, "data"), Mode: "demo", LogLevel: "warn", Trust: b.authority.Trust()},
		Site:   s.demo, CADir: ca, Address: b.authority.Base, Progress: b.Progress, Clock: b.Clock, Rand: b.Rand,
	})
	if err != nil {
		return err
	}
	if s.config, err = app.LoadConfig(s.file); err != nil {
		return err
	}
	b.site = s
	return b.inside(ctx, func(a *app.App) error {
		err := a.Store.Read(ctx, func(tx flow.ReadTx) (err error) {
			gd := b.site.actor(agency, "gd")
			if b.site.leader, err = tx.Credential(flow.OwnerPerson, gd.PersonID); err != nil {
				return err
			}
			b.site.agency, err = tx.Credential(flow.OwnerAgency, gd.AgencyID)
			return err
		})
		if err != nil {
			return err
		}
		return b.fill(ctx, a)
	})
}

// inside runs fn with the installation opened in this process, without a server.
func (b *bench) inside(ctx context.Context, fn func(*app.App) error) error {
	a, err := app.Build(ctx, b.site.config, app.Options{
		Clock: b.Clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Take: func(flow.Job) bool { return false },
	})
	if err != nil {
		return err
	}
	return errors.Join(fn(a), a.Close())
}

// actor is somebody of the demonstration, as the sign-in would find them.
func (s site) actor(agencyKey, key string) authz.Subject {
	for _, a := range s.demo.Agencies {
		for _, p := range a.Staff {
			if p.Username == key+"."+agencyKey {
				return authz.Subject{
					AccountID: "acc-" + p.Username, PersonID: p.Person.ID, PersonName: p.Person.FullName, PositionID: p.Position.ID,
					Title: p.Position.Title, AgencyID: a.ID, UnitID: p.Position.UnitID, Roles: p.Position.Roles,
				}
			}
		}
	}
	return authz.Subject{}
}

// serve starts the server on the installation; before wraps its command line, as a tracer does.
func (s site) serve(ctx context.Context, name string, before []string, env ...string) (*walk.Process, error) {
	args := slices.Concat(before, []string{s.congvan, "serve", "--config", s.file, "--listen", "127.0.0.1:0", "--addr-file", walk.AddrFile(s.dir, name)})
	p := walk.NewProcess(name, s.dir, env, args...)
	return p, p.Start(ctx, "/api/v1/health")
}

// with runs fn while the server runs.
func (s site) with(ctx context.Context, name string, before, env []string, fn func(*walk.Process) error) error {
	p, err := s.serve(ctx, name, before, env...)
	if err != nil {
		return err
	}
	return errors.Join(fn(p), p.Stop())
}

// clients are people signed in at a server.
type clients map[string]*walk.Client

// signIn signs in people of the agency by role: cv official, tp unit head, tt checker, gd
// leader, vt clerk.
func signIn(ctx context.Context, base string, who ...string) (clients, error) {
	out := clients{}
	for _, key := range who {
		c, err := walk.SignIn(ctx, base, key+"."+agency, demo.Password)
		if err != nil {
			return nil, err
		}
		out[key] = c
	}
	return out, nil
}

// read takes in an address of the server whole and throws it away.
func read(ctx context.Context, c *walk.Client, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+path, nil)
	if err != nil {
		return err
	}
	resp, err := c.HTTP().Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || resp.Request.URL.Path != req.URL.Path { // a redirect leads to the sign-in
		return fmt.Errorf("%s answers %s", path, resp.Status)
	}
	return nil
}

// pdf makes a letter of exactly size bytes out of a sample.
func (b *bench) pdf(name string, size int64) (string, error) {
	base, err := os.ReadFile(filepath.Join(b.Samples, "cong-van-1.pdf"))
	if err != nil {
		return "", fmt.Errorf("samples: %w", err)
	}
	path := filepath.Join(b.Dir, name)
	f, err := os.Create(path) //nolint:gosec // in our own folder
	if err != nil {
		return "", err
	}
	return path, errors.Join(testpdf.Big(f, bytes.NewReader(base), int64(len(base)), size), f.Close())
}

// startS3 starts an S3 server and returns what makes ours use it.
func (s site) startS3(ctx context.Context, binary string) (env []string, stop func(), err error) {
	dir := filepath.Join(s.dir, "s3")
	server, err := s3server.Start(ctx, dir, binary)
	if err != nil {
		return nil, nil, err
	}
	const bucket = "congvan-bench"
	access, secret := filepath.Join(dir, "access"), filepath.Join(dir, "secret")
	err = errors.Join(
		s3.CreateBucket(ctx, s3.Config{Endpoint: server.Endpoint, Bucket: bucket, AccessKey: server.AccessKey, SecretKey: server.SecretKey}, false),
		os.WriteFile(access, []byte(server.AccessKey), 0o600), os.WriteFile(secret, []byte(server.SecretKey), 0o600))
	if err != nil {
		server.Stop()
		return nil, nil, err
	}
	return []string{
		"CONGVAN_BLOBS_KIND=s3", "CONGVAN_BLOBS_ENDPOINT=" + server.Endpoint, "CONGVAN_BLOBS_BUCKET=" + bucket,
		"CONGVAN_BLOBS_INSECURE=" + strconv.FormatBool(true), "CONGVAN_BLOBS_ACCESS_KEY_FILE=" + access, "CONGVAN_BLOBS_SECRET_KEY_FILE=" + secret,
	}, server.Stop, nil
}
