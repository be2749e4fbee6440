package app

import (
	"context"
	"errors"
	"time"

	"congvan/internal/axis"
	"congvan/internal/journal"
)

// ErrNoAgencies says that there is no list of agencies to take: no axis is configured, or
// its protocol has none.
var ErrNoAgencies = errors.New("no axis is configured that gives a list of agencies")

// SyncAgencies takes the axis's list of agencies into the directory, once; by is who asked
// for it, for the journal.
func (a *App) SyncAgencies(ctx context.Context, by journal.Actor) (axis.Synchronised, error) {
	if a.lists == nil {
		return axis.Synchronised{}, ErrNoAgencies
	}
	return axis.SyncAgencies(ctx, a.lists, a.Store, a.Clock, by)
}

// syncAgencies does so whenever the newest list is older than the configured interval.
func (a *App) syncAgencies(ctx context.Context) {
	interval := a.Config.Axis.Agencies
	if a.lists == nil || interval < 0 {
		return
	}
	every(ctx, min(interval, time.Hour), func() {
		_, _, latest, err := a.Store.Listing(ctx, a.Clock())
		if err == nil && a.Clock().Sub(latest) < interval {
			return
		}
		var done axis.Synchronised
		if err == nil {
			done, err = a.SyncAgencies(ctx, journal.Actor{AccountID: "system", Name: "Hệ thống"})
		}
		switch {
		case ctx.Err() != nil:
		case err != nil:
			a.Log.Warn("axis agencies", "error", err)
		default:
			a.Log.Info("axis agencies", "rows", done.Rows, "added", done.Added, "changed", done.Changed, "closed", done.Closed)
		}
	})
}
