package httpd

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"congvan/internal/fault"
	"congvan/internal/flow"
)

// pin is a secret in JSON that never becomes a string: bytes can be cleared.
type pin []byte

// UnmarshalJSON copies a JSON string's characters.
func (p *pin) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' {
		return fault.New(fault.Invalid, "json_type_wrong").Field("pin").With("want", "string")
	}
	out := make([]byte, 0, len(b)) // never grows, so that no copy stays behind
	for b = b[1 : len(b)-1]; len(b) > 0; {
		if b[0] != '\\' {
			out, b = append(out, b[0]), b[1:]
			continue
		}
		r, size := escaped(b)
		out, b = utf8.AppendRune(out, r), b[size:]
	}
	*p = out
	return nil
}

// escaped reads one escape sequence of a JSON string that was found to be well-formed.
func escaped(b []byte) (r rune, size int) {
	if b[1] != 'u' {
		if i := bytes.IndexByte([]byte("bfnrt"), b[1]); i >= 0 {
			return rune("\b\f\n\r\t"[i]), 2
		}
		return rune(b[1]), 2
	}
	hex := func(b []byte) rune {
		n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
		if err != nil {
			return utf8.RuneError
		}
		return rune(n)
	}
	r = hex(b)
	if utf16.IsSurrogate(r) && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		return utf16.DecodeRune(r, hex(b[6:])), 12
	}
	return r, 6
}

// bindSign reads the body of a signature, {"viewed_sha256": …, "pin": …}, so that every
// copy of the PIN but the one handed on is cleared; that one the flow clears.
func bindSign(c *gin.Context) (flow.SignInput, error) {
	var in flow.SignInput
	b, err := readJSON(c)
	if err != nil {
		return in, err
	}
	defer clear(b)
	var fields map[string]json.RawMessage
	defer func() {
		for _, raw := range fields {
			clear(raw)
		}
	}()
	if err := json.Unmarshal(b, &fields); err != nil {
		return in, jsonFault(err, len(b))
	}
	var secret pin
	for name, raw := range fields {
		switch name {
		case "viewed_sha256":
			err = json.Unmarshal(raw, &in.Viewed)
		case "pin":
			err = secret.UnmarshalJSON(raw)
		default:
			err = fault.New(fault.Invalid, "json_field_unknown").Field(name).With("name", name)
		}
		if err != nil {
			clear(secret)
			return flow.SignInput{}, jsonFault(err, len(b))
		}
	}
	in.PIN = secret
	return in, nil
}
