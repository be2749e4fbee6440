package jobs

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// Delay is how long a job waits after its attempt-th failure: 1 s, 2 s, 5 s, 10 s, 30 s,
// 60 s, then 5 minutes each, a fifth more or less, so that jobs that failed together do
// not come back together. The same job and attempt always wait equally long.
func Delay(id int64, attempt int) time.Duration {
	steps := [...]time.Duration{1, 2, 5, 10, 30, 60, 300}
	base := steps[min(max(attempt, 1), len(steps))-1] * time.Second
	h := fnv.New32a()
	_ = binary.Write(h, binary.BigEndian, [2]int64{id, int64(attempt)})
	const spread = 400 // of a thousand: ±20 %
	return base * time.Duration(1000-spread/2+int(h.Sum32()%(spread+1))) / 1000
}

// retry is Delay as River wants it.
type retry struct{ clock func() time.Time }

// NextRetry is when the job runs again.
func (r retry) NextRetry(job *rivertype.JobRow) time.Time {
	return r.clock().Add(Delay(job.ID, job.Attempt))
}
