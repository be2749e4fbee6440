package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"congvan/internal/auth"
	"congvan/internal/calendar"
	"congvan/internal/demo"
	"congvan/internal/httpd"
	"congvan/signing"
	"congvan/signing/validation"
	"congvan/web"
)

// Serve builds an installation and serves it until ctx ends.
func Serve(ctx context.Context, cfg Config, o Options) (err error) {
	a, err := Build(ctx, cfg, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	h, err := a.Handler(ctx)
	if err != nil {
		return err
	}
	debug.FreeOSMemory() // of starting, above all 19 MiB for a password hash: an idle server need not keep it
	return a.Serve(ctx, h)
}

// Handler is the API and the pages of the installation.
func (a *App) Handler(ctx context.Context) (*httpd.Server, error) {
	secure := a.Config.TLSCert != ""
	who, err := auth.New(auth.Options{
		Store: a.Store, Sessions: a.Store.Sessions(), Clock: a.Clock, Rand: rand.Reader, Secure: secure, Cookie: a.Config.Demo.Cookie,
	})
	if err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	s, err := httpd.New(httpd.Deps{
		Flow: a.Flow, Views: a.Views, Auth: who, Blobs: a.Blobs, Spool: a.Spool, Catalogue: a.Catalogue, Clock: a.Clock, Rand: rand.Reader,
		Log: a.Log, Explain: explain, Health: a.health, TrustedProxies: a.Config.TrustedProxies, TLS: secure, Demo: a.Signing.Demo,
	})
	if err != nil {
		return nil, err
	}
	pages, err := a.pages(ctx, who)
	if err != nil {
		return nil, err
	}
	s.Mount(pages.Mount, pages.NotFound)
	return s, nil
}

func (a *App) pages(ctx context.Context, who *auth.Auth) (*web.Web, error) {
	d := web.Deps{
		Flow: a.Flow, Views: a.Views, Sessions: who, Catalogue: a.Catalogue, Spool: a.Spool, Explain: explain, Clock: a.Clock,
		Log: a.Log, Demo: a.Signing.Demo, Place: map[string]string{}, Outage: a.outage,
	}
	agencies, err := a.Store.Agencies(ctx, "", "", 1000)
	if err != nil {
		return nil, err
	}
	for _, g := range agencies {
		d.Place[g.ID] = g.Name
	}
	if a.Config.Mode == "demo" {
		for _, site := range demo.Sites() {
			for _, g := range site.Agencies {
				if site.Key == a.Config.Demo.Site {
					d.Accounts = append(d.Accounts, g.Staff...)
				}
			}
		}
	}
	return web.New(d)
}

// health looks at what an answer needs: the database and the files.
func (a *App) health(ctx context.Context) []httpd.Check {
	ctx, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	return []httpd.Check{{Name: "database", Err: a.Store.Ping(ctx)}}
}

// explain says a report in sentences: the verdict first, then each signature with who and
// when, then the reasons.
func explain(lang string, r *signing.Report) []string {
	pick := func(e validation.Explanation) string {
		if lang == "en" {
			return e.EN
		}
		return e.VI
	}
	out := []string{pick(validation.ExplainVerdict(r.Verdict))}
	for _, s := range r.Signatures {
		line := s.Signer + ": " + pick(validation.ExplainVerdict(s.Verdict))
		if s.Time != nil {
			line += " (" + s.Time.In(calendar.Zone()).Format("02/01/2006 15:04:05") + ")"
		}
		out = append(out, line)
		for _, code := range s.Reasons {
			if e, ok := validation.Explain(code); ok {
				out = append(out, "– "+pick(e))
			}
		}
	}
	for _, code := range r.Reasons {
		if e, ok := validation.Explain(code); ok {
			out = append(out, "– "+pick(e))
		}
	}
	return out
}
