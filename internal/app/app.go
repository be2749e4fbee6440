package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"congvan/internal/axis"
	"congvan/internal/axis/edxml"
	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/jobs"
	"congvan/internal/query"
	"congvan/internal/store"
	"congvan/signing"
	"congvan/signing/pkcs11"
	"congvan/storage"
	"congvan/storage/fs"
	"congvan/storage/s3"
	"congvan/storage/spool"
)

// App is an installation put together. Its parts may be used directly by commands and
// tests; Run serves.
type App struct {
	Config    Config
	Clock     func() time.Time
	Log       *slog.Logger
	Store     *store.Store
	Blobs     storage.Blobs
	Spool     *spool.Spool
	Keys      pkcs11.Keys
	Signing   *Signing
	Flow      *flow.Flow
	Views     *query.Views
	Catalogue *fault.Catalogue
	Inbox     *axis.Inbox // nil without an axis
	Jobs      *jobs.Jobs
	Metrics   *prometheus.Registry

	lists   axis.Lists                   // of the axis's agencies; nil where it offers none
	waiting atomic.Pointer[flow.Waiting] // as the watch over the levels saw it last

	closers []io.Closer
}

// Options are what a command or a test hands in besides the configuration.
type Options struct {
	Clock func() time.Time // default time.Now
	Log   *slog.Logger
	// Take is told of every job and says whether it is queued as well: seeding runs jobs at
	// once. Nil queues all.
	Take func(j flow.Job) (queue bool)
	// HSMHost is the command line that ends in pkcs11.ServeHost, to which the path of a socket
	// is appended. Without it, or with keys.host = "inprocess", the module runs in this process.
	HSMHost []string
}

// Build opens everything that cfg names: database, files, keys, trust, axis. On error
// nothing stays open.
func Build(ctx context.Context, cfg Config, o Options) (a *App, err error) {
	a = &App{Config: cfg, Clock: o.Clock, Log: o.Log, Metrics: newMetrics()}
	if a.Clock == nil {
		a.Clock = time.Now
	}
	if a.Log == nil {
		a.Log = slog.Default()
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
			a = nil
		}
	}()
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return a, fmt.Errorf("data folder: %w", err)
	}
	if a.Catalogue, err = fault.NewCatalogue(); err != nil {
		return a, err
	}
	if err := a.openStore(ctx, o); err != nil {
		return a, err
	}
	if err := a.openBlobs(ctx); err != nil {
		return a, err
	}
	if err := a.openKeys(ctx, o.HSMHost); err != nil {
		return a, err
	}
	if a.Signing, err = openSigning(cfg, a.Clock, a.Metrics); err != nil {
		return a, err
	}
	a.Metrics.MustRegister(newMessages(a.Store))
	a.Views = &query.Views{
		Store: a.Store, Clock: a.Clock, Grace: cfg.Signing.Grace(),
		Watch: calendar.Watch{DayEnds: cfg.Receipt.DayEnds, Warn: cfg.Receipt.Warn},
	}
	courier, err := a.openAxis()
	if err != nil {
		return a, err
	}
	ports := flow.Ports{
		Store: a.Store, Blobs: a.Blobs, Engine: a.Signing.Engine, Validator: a.Signing.Validator, Keys: a.Keys,
		Trust: a.Signing, Clock: a.Clock, Rand: rand.Reader, Augmenter: a.Signing.Augmenter, Offline: a.Signing.Offline,
	}
	if courier != nil {
		ports.Courier = courier
	}
	if n := cfg.Demo.CrashAfter; n > 0 {
		crashAfter(n, &ports, a.Log)
	}
	a.Flow = flow.New(ports, flow.Limits{
		UploadBytes: cfg.UploadMB << 20, Codes: cfg.Axis.codes(), Level: signing.Level(cfg.Signing.Level), Grace: cfg.Signing.Grace(),
	})
	if courier != nil {
		if courier.Dialect.Codes != edxml.SchemeQD20 {
			courier.Codes = a.Flow.WireCode
		}
		courier.Directory, a.Inbox.Receiver, a.Inbox.Blobs = a.Flow, a.Flow, ports.Blobs
		a.Flow.Rereader = a.Inbox
	}
	return a, nil
}

// work says which act does which job. Jobs run only once the flow is there.
func (a *App) work() map[flow.JobKind]func(ctx context.Context, id string) error {
	return map[flow.JobKind]func(ctx context.Context, id string) error{
		flow.JobDeliver:  func(ctx context.Context, id string) error { return a.Flow.Deliver(ctx, id) },
		flow.JobDispatch: func(ctx context.Context, id string) error { return a.Flow.Dispatch(ctx, id) },
		flow.JobValidate: func(ctx context.Context, id string) error { return a.Flow.Validate(ctx, id) },
		flow.JobNotify:   func(ctx context.Context, id string) error { return a.Flow.Notify(ctx, id) },
		flow.JobVerify:   func(ctx context.Context, id string) error { return a.Flow.Verify(ctx, id) },
		flow.JobLevel:    func(ctx context.Context, id string) error { return a.Flow.Raise(ctx, id) },
		flow.JobChange:   func(ctx context.Context, id string) error { return a.Flow.SendChange(ctx, id) },
	}
}

// away are the jobs that wait for the axis. The time-out of a delivery is that of a message
// of several hundred megabytes, with time to record what came of it.
func away() map[flow.JobKind]time.Duration {
	return map[flow.JobKind]time.Duration{flow.JobDeliver: 16 * time.Minute, flow.JobDispatch: 16 * time.Minute, flow.JobNotify: 3 * time.Minute}
}

// Do does one job at once, as the queue would.
func (a *App) Do(ctx context.Context, j flow.Job) error { return a.work()[j.Kind](ctx, j.ID) }

// Close releases everything in the opposite order.
func (a *App) Close() error {
	var errs error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = errors.Join(errs, a.closers[i].Close())
	}
	a.closers = nil
	return errs
}

func (a *App) openBlobs(ctx context.Context) (err error) {
	a.Spool = spool.New(filepath.Join(a.Config.Data, "tmp"), a.Config.UploadMB<<20)
	b := a.Config.Blobs
	if b.Kind == "fs" {
		a.Blobs, err = fs.Open(filepath.Join(a.Config.Data, "blobs"), a.Clock())
		return err
	}
	access, err := secret(b.AccessKeyFile)
	if err != nil {
		return fmt.Errorf("blobs.access_key_file: %w", err)
	}
	key, err := secret(b.SecretKeyFile)
	if err != nil {
		return fmt.Errorf("blobs.secret_key_file: %w", err)
	}
	a.Blobs, err = s3.Open(ctx, s3.Config{
		Endpoint: b.Endpoint, Bucket: b.Bucket, Region: b.Region, AccessKey: access, SecretKey: key, Secure: !b.Insecure,
	})
	return err
}

// openAxis connects to the axis: no courier without one.
func (a *App) openAxis() (*axis.Courier, error) {
	c := a.Config.Axis
	if c.Endpoint == "" {
		return nil, nil //nolint:nilnil // no axis is a valid configuration
	}
	key, err := secret(c.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("axis.secret_file: %w", err)
	}
	var verify *tls.Config
	if c.CAFile != "" {
		b, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("axis.ca_file: %w", err)
		}
		verify = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		if !verify.RootCAs.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("axis.ca_file %s: no certificate in PEM", c.CAFile)
		}
	}
	dialect := c.dialect()
	client, err := a.wire(c, dialect, key, verify)
	if err != nil {
		return nil, fmt.Errorf("axis: %w", err)
	}
	tmp := filepath.Join(a.Config.Data, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, err
	}
	a.Inbox = &axis.Inbox{Wire: client, Blobs: a.Blobs, Dir: tmp, Limits: edxml.DefaultLimits(), Clock: a.Clock, Log: a.Log}
	rest := axis.NewRest(a.Clock)
	a.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "congvan_axis_resting_recipients", Help: "Recipients that are left alone for a while because the axis does not answer in time for them.",
	}, func() float64 { return float64(rest.Resting()) }))
	return &axis.Courier{Wire: client, Blobs: a.Blobs, Dialect: dialect, Rest: rest}, nil
}

// Serve listens and answers until ctx ends, with everything that runs beside: jobs, the
// axis inbox, journal checkpoints, renewal of the demonstration's revocation lists.
func (a *App) Serve(ctx context.Context, handler http.Handler) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		TLSConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if err := writeAddr(a.Config.AddrFile, l.Addr().String()); err != nil {
		return errors.Join(err, l.Close())
	}
	stopMetrics, err := a.serveMetrics(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer stopMetrics()
	var beside sync.WaitGroup
	bctx, stop := context.WithCancel(ctx)
	for _, run := range []func(context.Context){a.pollAxis, a.syncAgencies, a.checkpoints, a.renewDemo, a.sweep, a.watchLevels} {
		beside.Go(func() { run(bctx) })
	}
	if err := a.Jobs.Start(bctx); err != nil {
		stop()
		return errors.Join(err, l.Close())
	}
	served := make(chan error, 1)
	go func() {
		if a.Config.TLSCert != "" {
			served <- srv.ServeTLS(l, a.Config.TLSCert, a.Config.TLSKey)
		} else {
			served <- srv.Serve(l)
		}
	}()
	a.Log.Info("listening", "address", l.Addr().String(), "mode", a.Config.Mode)
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = errors.Join(err, srv.Shutdown(sctx), a.Jobs.Stop(sctx))
	stop()
	beside.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, a.checkpoint(sctx))
}

// writeAddr tells a waiting test where we listen, whole or not at all.
func writeAddr(file, addr string) error {
	if file == "" {
		return nil
	}
	tmp := file + ".new"
	if err := os.WriteFile(tmp, []byte(addr), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

// A round of the inbox that lasts longer than slowRound is waiting for something slow; then
// others begin beside it, up to maxRounds.
const (
	slowRound = 10 * time.Second
	maxRounds = 8
)

// pollAxis fetches from the axis at once and then at every interval; a failed round is
// logged and the next one tries again.
func (a *App) pollAxis(ctx context.Context) {
	if a.Inbox == nil {
		return
	}
	var rounds sync.WaitGroup
	defer rounds.Wait()
	running := make(chan struct{}, maxRounds)
	var began time.Time
	every(ctx, a.Config.Axis.Poll, func() {
		if n := len(running); n == maxRounds || n > 0 && a.Clock().Sub(began) < slowRound {
			return
		}
		began = a.Clock()
		running <- struct{}{}
		rounds.Go(func() {
			defer func() { <-running }()
			if _, err := a.Inbox.Poll(ctx); err != nil && ctx.Err() == nil {
				a.Log.Warn("axis poll", "error", err)
			}
		})
	})
}

// sweep removes sessions that have ended.
func (a *App) sweep(ctx context.Context) {
	every(ctx, time.Hour, func() {
		if err := a.Store.Sessions().Sweep(ctx); err != nil && ctx.Err() == nil {
			a.Log.Warn("sessions", "error", err)
		}
	})
}

// every runs fn at once and then again after each interval until ctx ends.
func every(ctx context.Context, interval time.Duration, fn func()) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		fn()
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
