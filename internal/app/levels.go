package app

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"congvan/internal/flow"
	"congvan/signing/augment"
	"congvan/signing/tsp"
	"congvan/web"
)

// tsaTimeout bounds one request to a timestamp server in a job; while a person waits the
// flow allows less.
const tsaTimeout = 40 * time.Second

// timestampServers makes a client for each address; metrics may be nil.
func timestampServers(addresses []string, metrics prometheus.Registerer) ([]augment.TSA, error) {
	var taken *prometheus.HistogramVec
	if metrics != nil {
		taken = prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "congvan_timestamp_seconds", Help: "Requests to timestamp servers by result.", Buckets: prometheus.ExponentialBuckets(0.005, 3, 9),
		}, []string{"server", "result"})
		if err := metrics.Register(taken); err != nil {
			return nil, err
		}
	}
	var out []augment.TSA
	for _, address := range addresses {
		c, err := tsp.NewClient(tsp.Options{URL: address, Timeout: tsaTimeout, Rand: rand.Reader})
		if err != nil {
			return nil, fmt.Errorf("trust.tsa: %w", err)
		}
		if taken == nil {
			out = append(out, c)
			continue
		}
		out = append(out, timed{c, address, taken})
	}
	return out, nil
}

// timed measures a timestamp server.
type timed struct {
	augment.TSA
	address string
	taken   *prometheus.HistogramVec
}

func (t timed) Timestamp(ctx context.Context, digest []byte, hash crypto.Hash) (*tsp.Token, error) {
	began := time.Now()
	token, err := t.TSA.Timestamp(ctx, digest, hash)
	result := "ok"
	switch {
	case errors.Is(err, tsp.ErrUnavailable), ctx.Err() != nil:
		result = "unavailable"
	case err != nil:
		result = "refused"
	}
	t.taken.WithLabelValues(t.address, result).Observe(time.Since(began).Seconds())
	return token, err
}

// watchEvery is how often the watch looks at what waits.
const watchEvery = 15 * time.Second

// watchLevels looks at the documents whose signatures wait for their level: figures always,
// and at a quarter of grace an alarm in the log and on every page (D7).
func (a *App) watchLevels(ctx context.Context) {
	if a.Signing.Augmenter == nil {
		return
	}
	gauge := func(name, help string, value func(flow.Waiting) float64) {
		a.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			if w := a.waiting.Load(); w != nil {
				return value(*w)
			}
			return 0
		}))
	}
	since := func(t time.Time) float64 {
		if t.IsZero() {
			return 0
		}
		return a.Clock().Sub(t).Seconds()
	}
	gauge("congvan_level_waiting_documents", "Documents whose signatures have not reached their level.", func(w flow.Waiting) float64 { return float64(w.Documents) })
	gauge("congvan_level_oldest_seconds", "How long the oldest of them has waited.", func(w flow.Waiting) float64 { return since(w.Oldest) })
	gauge("congvan_level_missing_seconds", "How long timestamps or revocation information have been missing.", func(w flow.Waiting) float64 { return since(w.Missing) })
	every(ctx, watchEvery, func() {
		w, err := a.Flow.WaitingLevels(ctx)
		if err != nil {
			if ctx.Err() == nil {
				a.Log.Warn("signature levels", "error", err)
			}
			return
		}
		before := a.outage()
		a.waiting.Store(&w)
		switch now := a.outage(); {
		case now != nil && (before == nil || now.Over && !before.Over):
			a.Log.Error("ALARM: timestamp service or revocation information is missing", "since", now.Since, "accepting_until", now.Until, "over", now.Over, "documents", w.Documents)
		case now == nil && before != nil:
			a.Log.Info("timestamp service and revocation information are back")
		}
	})
}

// outage is what the pages tell: nil below the alarm.
func (a *App) outage() *web.Outage {
	w := a.waiting.Load()
	if w == nil || w.Missing.IsZero() {
		return nil
	}
	now := a.Clock()
	if now.Sub(w.Missing) < a.Flow.Alarm() {
		return nil
	}
	until := w.Missing.Add(a.Flow.Grace)
	return &web.Outage{Since: w.Missing, Until: until, Over: !now.Before(until)}
}
