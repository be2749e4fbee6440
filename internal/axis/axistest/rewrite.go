package axistest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"
)

var (
	traceEnd = regexp.MustCompile(`</((?:\w+:)?)TraceHeader>`)
	betwixt  = regexp.MustCompile(`>\s+<`)
)

// rewrite copies a message as a relay would hand it on: other white space between the
// tags and one more TraceHeader, by the same prefix as the others.
func rewrite(from, to, organID string, at time.Time) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	head, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil {
		return err
	}
	if ends := traceEnd.FindAllSubmatchIndex(head, -1); len(ends) > 0 {
		last := ends[len(ends)-1]
		p := string(head[last[2]:last[3]])
		trace := fmt.Sprintf("\n<%[1]sTraceHeader>\n<%[1]sOrganId>%[2]s</%[1]sOrganId> <%[1]sTimestamp>%[3]s</%[1]sTimestamp>\n</%[1]sTraceHeader>\n",
			p, organID, clockText(at))
		before := betwixt.ReplaceAll(head[:last[1]], []byte(">\n\t<"))
		head = bytes.Join([][]byte{before, []byte(trace), head[last[1]:]}, nil)
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, io.MultiReader(bytes.NewReader(head), in))
	return err
}
