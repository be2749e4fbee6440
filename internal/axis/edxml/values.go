package edxml

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// zone is Asia/Ho_Chi_Minh, without daylight saving since 1975: wire times carry no
// zone and are local (QĐ 28/2018 Đ.14.4).
var zone = time.FixedZone("+07", 7*3600)

// Zone is the time zone of every date and time on the wire.
func Zone() *time.Location { return zone }

const (
	dateLayout      = "2006/01/02"
	timestampLayout = "2006/01/02 15:04:05"
)

// Date is a day as on the wire, yyyy/MM/dd. A foreign value that no known form fits is
// kept verbatim, and Time says so.
type Date string

// DateOf is the Vietnamese day of t.
func DateOf(t time.Time) Date { return Date(t.In(zone).Format(dateLayout)) }

// Time is the day's midnight in Vietnam; false if the value is not a date.
func (d Date) Time() (time.Time, bool) {
	t, err := time.ParseInLocation(dateLayout, string(d), zone)
	return t, err == nil
}

// ParseDate brings the forms seen on the axis (yyyy/M/d, yyyy-M-d, d/M/yyyy, each with
// or without a time of day) to yyyy/MM/dd; anything else comes back unchanged.
func ParseDate(s string) Date {
	day, _, _ := strings.Cut(s, " ")
	for _, layout := range []string{"2006/1/2", "2006-1-2", "2/1/2006", "2-1-2006"} {
		if t, err := time.ParseInLocation(layout, day, zone); err == nil {
			return DateOf(t)
		}
	}
	if t, ok := parseISO(s); ok {
		return DateOf(t)
	}
	return Date(s)
}

// Timestamp is a moment as on the wire, yyyy/MM/dd HH:mm:ss in Vietnamese local time.
// A foreign value that no known form fits is kept verbatim, and Time says so.
type Timestamp string

// TimestampOf is t to the second in Vietnamese local time.
func TimestampOf(t time.Time) Timestamp { return Timestamp(t.In(zone).Format(timestampLayout)) }

// Time is the moment; false if the value is not a timestamp.
func (s Timestamp) Time() (time.Time, bool) {
	t, err := time.ParseInLocation(timestampLayout, string(s), zone)
	return t, err == nil
}

// ParseTimestamp brings the forms seen on the axis to yyyy/MM/dd HH:mm:ss; anything
// else comes back unchanged.
func ParseTimestamp(s string) Timestamp {
	for _, layout := range []string{"2006/1/2 15:4:5", "2006-1-2 15:4:5", "2/1/2006 15:4:5"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return TimestampOf(t)
		}
	}
	if t, ok := parseISO(s); ok {
		return TimestampOf(t)
	}
	return Timestamp(s)
}

// parseISO reads ISO 8601 with a zone, or without one as Vietnamese time.
func parseISO(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05", s, zone)
	return t, err == nil
}

// Number is a whole number as on the wire; empty means absent, which is not zero.
type Number string

// NumberOf is n in decimal.
func NumberOf(n int) Number { return Number(strconv.Itoa(n)) }

// Int is the value; false if it is absent or not a number.
func (n Number) Int() (int, bool) {
	i, err := strconv.Atoi(string(n))
	return i, err == nil
}

// UnmarshalJSON takes a JSON number as well as its text.
func (n *Number) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*n = Number(s)
		return nil
	}
	var i int
	if err := json.Unmarshal(b, &i); err != nil {
		return fmt.Errorf("edxml: %.40s is not a whole number", b)
	}
	*n = NumberOf(i)
	return nil
}

// Digest is a SHA-256; its text form is lower-case hex.
type Digest [32]byte

// String is the digest in lower-case hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText writes the hex form.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the hex form.
func (d *Digest) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(d) {
		return fmt.Errorf("edxml: %q is not a SHA-256 in hex", text)
	}
	copy(d[:], b)
	return nil
}

// Unpadded is the form that the widespread client of the axis puts into hash-file:
// every byte in hex without its leading zero.
func (d Digest) Unpadded() string {
	var b strings.Builder
	for _, x := range d {
		b.WriteString(strconv.FormatUint(uint64(x), 16))
	}
	return b.String()
}

var organID = regexp.MustCompile(`^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$`)

// MaxOrganID is the longest agency identifier (QĐ 20/2020 Đ.4).
const MaxOrganID = 35

// ValidOrganID reports whether s can be an agency identifier, of the old form
// (000.00.13.H53), the new one (H53.13) or those systems use besides (vxp.saas.03).
func ValidOrganID(s string) bool { return len(s) <= MaxOrganID && organID.MatchString(s) }
