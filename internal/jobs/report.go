package jobs

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"congvan/internal/fault"
)

// reporter logs a failed attempt once, and gives up what no retry can mend: input that is
// wrong and things that are not there.
type reporter struct{ log *slog.Logger }

// HandleError decides on an act's error.
func (r reporter) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	kind := fault.KindOf(err)
	hopeless := kind == fault.Invalid || kind == fault.NotFound
	level, text := slog.LevelWarn, "job failed, will be tried again"
	if hopeless || job.Attempt >= job.MaxAttempts {
		level, text = slog.LevelError, "job given up"
	}
	r.log.LogAttrs(ctx, level, text, append(about(job), slog.String("error", err.Error()))...)
	return &river.ErrorHandlerResult{SetCancelled: hopeless}
}

// HandlePanic logs a defect of ours; the job is tried again.
func (r reporter) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	r.log.LogAttrs(ctx, slog.LevelError, "job panicked", append(about(job), slog.Any("panic", value), slog.String("trace", trace))...)
	return nil
}

func about(job *rivertype.JobRow) []slog.Attr {
	var t task
	_ = json.Unmarshal(job.EncodedArgs, &t) // for the log only: an unreadable one shows as empty
	return []slog.Attr{slog.String("act", string(t.Act)), slog.String("id", t.ID), slog.Int64("job", job.ID), slog.Int("attempt", job.Attempt)}
}

// quiet is the logger handed to River: its warnings and errors, without those about failed
// attempts, which the reporter has logged with what they were about.
func quiet(l *slog.Logger) *slog.Logger { return slog.New(quietHandler{l.Handler()}) }

type quietHandler struct{ slog.Handler }

func (h quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, ": Job errored") || strings.Contains(r.Message, ": Job panicked") || strings.Contains(r.Message, ": panic recovery") {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs)}
}

func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name)}
}
