package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"congvan/internal/conservation"
	"congvan/internal/store"
)

// AuditAxis computes the conservation of messages beside a running server: of what began at
// since or later (zero: all). A row that was fetched before settled and is not decided
// counts as a difference.
func AuditAxis(ctx context.Context, cfg Config, since, settled time.Time) (rep conservation.Report, err error) {
	db, err := OpenBeside(ctx, cfg, time.Now)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Audit(ctx, since, settled)
}

// messages reports the conservation of messages as figures: the sums of all cohorts,
// brought up to date from the journal's new entries whenever they are asked for.
type messages struct {
	store *store.Store

	mu    sync.Mutex
	tally conservation.Tally

	outgoing, incoming, wrong *prometheus.Desc
}

func newMessages(s *store.Store) *messages {
	return &messages{
		store:    s,
		outgoing: prometheus.NewDesc("congvan_deliveries", "Deliveries by agency and by where they are: accepted is the sum of the others.", []string{"agency", "state"}, nil),
		incoming: prometheus.NewDesc("congvan_axis_rows", "Rows fetched from the axis by agency and outcome: fetched is the sum of the others.", []string{"agency", "outcome"}, nil),
		wrong:    prometheus.NewDesc("congvan_conservation_differences", "Deliveries and rows by which the sums of the journal do not add up.", nil, nil),
	}
}

// Describe names the figures.
func (m *messages) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.outgoing
	ch <- m.incoming
	ch <- m.wrong
}

// collectTime bounds what one request for the figures reads of the journal.
const collectTime = 20 * time.Second

// Collect gives the figures; a database that does not answer shows as a failed scrape.
func (m *messages) Collect(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ctx, stop := context.WithTimeout(context.Background(), collectTime)
	defer stop()
	if err := m.store.Tally(ctx, &m.tally); err != nil {
		ch <- prometheus.NewInvalidMetric(m.wrong, err)
		return
	}
	rep := m.tally.Report(time.Time{}, time.Time{})
	sums := map[[2]string]int{}
	for _, l := range rep.Outgoing {
		for state, n := range map[string]int{
			"accepted": l.Accepted, "pending": l.Pending, "delivered": l.Delivered, "dead_lettered": l.DeadLettered, "recalled": l.Recalled,
		} {
			sums[[2]string{l.Agency, state}] += n
		}
	}
	emit(ch, m.outgoing, sums)
	clear(sums)
	for _, l := range rep.Incoming {
		for outcome, n := range map[string]int{
			"fetched": l.Fetched, "document": l.Documents, "duplicate": l.Duplicates, "status_applied": l.StatusesApplied,
			"status_unmatched": l.StatusesUnmatched, "quarantined": l.Quarantined, "in_work": l.InWork,
		} {
			sums[[2]string{l.Agency, outcome}] += n
		}
	}
	emit(ch, m.incoming, sums)
	ch <- prometheus.MustNewConstMetric(m.wrong, prometheus.GaugeValue, float64(len(rep.Differences)))
}

func emit(ch chan<- prometheus.Metric, d *prometheus.Desc, sums map[[2]string]int) {
	for labels, n := range sums {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels[0], labels[1])
	}
}
