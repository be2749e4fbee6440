package walk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"congvan/internal/app"
	"congvan/internal/axis/axistest"
	"congvan/internal/demo"
	"congvan/internal/seed"
	"congvan/internal/store/pgtest/pgserver"
	"congvan/storage/s3"
	"congvan/storage/storagetest/s3server"
)

// World is the demonstration: two installations of two provinces, each its own process
// with its own data folder, tokens and database, and the axis simulator between them.
type World struct {
	A, B, Axis    *Process
	Installations []*Process // one for each site, in their order; A and B are the first two
	Authority     *Authority
	Dir           string

	closers []func()
}

// WorldOptions say what to start and where.
type WorldOptions struct {
	Congvan, Axissim string      // binaries
	Dir              string      // kept between runs; what is there is not made again
	DB               string      // sqlite or postgres
	Blobs            string      // fs or s3
	Documents        int         // demonstration documents made on the first run
	Sites            []demo.Site // installations; those of the demonstration when nil, else two or more
	Ports            []int       // of the simulator and then of each installation; missing or 0: a free one
	AuthorityPort    int         // of the certification authority; 0: where it was before, else a free one
	Progress         io.Writer
	Clock            func() time.Time
	Rand             io.Reader
}

// StartWorld prepares what is missing and starts the three processes. On error nothing
// keeps running.
func StartWorld(ctx context.Context, o WorldOptions) (w *World, err error) {
	w = &World{Dir: o.Dir}
	defer func() {
		if err != nil {
			w.Stop()
			w = nil
		}
	}()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return w, err
	}
	if o.Sites == nil {
		o.Sites = demo.Sites()
	}
	secrets, err := w.axis(ctx, o)
	if err != nil {
		return w, err
	}
	backends, err := w.backends(ctx, o)
	if err != nil {
		return w, err
	}
	authority := filepath.Join(o.Dir, "ca")
	if w.Authority, err = StartAuthority(ctx, authority, o.AuthorityPort, o.Clock, o.Rand); err != nil {
		return w, err
	}
	w.closers = append(w.closers, w.Authority.Stop)
	for i, site := range o.Sites {
		c := app.Config{Trust: w.Authority.Trust(), Data: filepath.Join(o.Dir, site.Key), Mode: "demo", LogLevel: "info"}
		c.Axis = app.Axis{Endpoint: w.Axis.Base, SystemID: systemID(site), SecretFile: secrets[site.Key], Poll: 300 * time.Millisecond}
		if err := backends(ctx, site.Key, &c); err != nil {
			return w, err
		}
		file, err := seed.Prepare(ctx, seed.Options{
			Config: c, Site: site, CADir: authority, Address: w.Authority.Base, Documents: share(o.Documents, site), Progress: o.Progress, Clock: o.Clock, Rand: o.Rand,
		})
		if err != nil {
			return w, fmt.Errorf("prepare %s: %w", site.Name, err)
		}
		p := NewProcess(site.Key, o.Dir, []string{"CONGVAN_AXIS_ENDPOINT=" + w.Axis.Base},
			o.Congvan, "serve", "--config", file, "--listen", o.listen(i+1), "--addr-file", AddrFile(o.Dir, site.Key))
		if err := p.Start(ctx, "/api/v1/health"); err != nil {
			return w, err
		}
		w.closers = append(w.closers, func() { _ = p.Stop() })
		w.Installations = append(w.Installations, p)
	}
	w.A, w.B = w.Installations[0], w.Installations[1]
	return w, nil
}

// share of the demonstration documents: an agency alone gets a quarter.
func share(documents int, s demo.Site) int {
	local := 0
	for _, a := range s.Agencies {
		if a.Local {
			local++
		}
	}
	if local == 1 {
		return documents / 4
	}
	return documents
}

// listen is the address of the i-th process.
func (o *WorldOptions) listen(i int) string {
	port := 0
	if i < len(o.Ports) {
		port = o.Ports[i]
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// Stop ends everything that StartWorld began, in the opposite order.
func (w *World) Stop() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		w.closers[i]()
	}
	w.closers = nil
}

func systemID(s demo.Site) string { return "he-thong-" + s.Key }

// axis starts the simulator with all installations registered: every local agency of a
// site under its system. The secrets are made on the first run.
func (w *World) axis(ctx context.Context, o WorldOptions) (map[string]string, error) {
	secrets := map[string]string{}
	var systems []axistest.System
	for _, site := range o.Sites {
		file := filepath.Join(o.Dir, "axis-"+site.Key+".secret")
		key, err := seed.Secret(file, o.Rand)
		if err != nil {
			return nil, err
		}
		secrets[site.Key] = file
		system := axistest.System{ID: systemID(site), Secret: key}
		for _, a := range site.Agencies {
			if a.Local {
				system.Agencies = append(system.Agencies, axistest.Agency{
					Code: a.Codes[0].Value, Code102: a.Codes[1].Value, Name: a.Name,
				})
			}
		}
		systems = append(systems, system)
	}
	b, err := json.MarshalIndent(map[string]any{"systems": systems}, "", "  ")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(o.Dir, "axissim.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, err
	}
	w.Axis = NewProcess("axissim", o.Dir, nil, o.Axissim, "--listen", o.listen(0),
		"--addr-file", AddrFile(o.Dir, "axissim"), "--dir", filepath.Join(o.Dir, "axis"), "--config", file)
	if err := w.Axis.Start(ctx, "/"); err != nil {
		return nil, err
	}
	w.closers = append(w.closers, func() { _ = w.Axis.Stop() })
	return secrets, nil
}

// backends starts a database server and an S3 server where asked, and tells how each
// installation uses its own part of them.
func (w *World) backends(ctx context.Context, o WorldOptions) (func(context.Context, string, *app.Config) error, error) {
	var pg *pgserver.Server
	var bucket *s3server.Server
	if o.DB == "postgres" {
		dir, err := os.MkdirTemp("", "congvan-pg-")
		if err != nil {
			return nil, err
		}
		if pg, err = pgserver.Start(ctx, dir); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		w.closers = append(w.closers, func() { pg.Stop(); _ = os.RemoveAll(dir) })
	}
	if o.Blobs == "s3" {
		binary, err := s3server.Find()
		if err != nil {
			return nil, err
		}
		if bucket, err = s3server.Start(ctx, filepath.Join(o.Dir, "s3"), binary); err != nil {
			return nil, err
		}
		w.closers = append(w.closers, bucket.Stop)
	}
	return func(ctx context.Context, key string, c *app.Config) error {
		if pg != nil {
			dsn, err := pg.CreateDatabase(ctx, "congvan_"+key, "")
			if err != nil {
				return err
			}
			c.Database = app.Database{Driver: "postgres", DSN: dsn}
		}
		if bucket == nil {
			return nil
		}
		name := "congvan-" + key
		err := s3.CreateBucket(ctx, s3.Config{
			Endpoint: bucket.Endpoint, Bucket: name, AccessKey: bucket.AccessKey, SecretKey: bucket.SecretKey,
		}, false)
		if err != nil {
			return err
		}
		access, secret := filepath.Join(o.Dir, "s3.access"), filepath.Join(o.Dir, "s3.secret")
		c.Blobs = app.Blobs{Kind: "s3", Endpoint: bucket.Endpoint, Bucket: name, Insecure: true, AccessKeyFile: access, SecretKeyFile: secret}
		return errors.Join(os.WriteFile(access, []byte(bucket.AccessKey), 0o600), os.WriteFile(secret, []byte(bucket.SecretKey), 0o600))
	}, nil
}
