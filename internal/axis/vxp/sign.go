package vxp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// prefix stands before every parameter's name on the wire.
const prefix = "XroadVnpt-"

// param is one signed parameter; order matters, for the signature is over all in turn.
type param struct{ key, value string }

// zone is Vietnam's: the axis keeps local time (QĐ 28/2018 Đ.14.4).
var zone = time.FixedZone("+07", 7*3600)

// timestamp is ddMMyyyy'T'HHmmss+SSSS, the last part being milliseconds.
func timestamp(t time.Time) string {
	t = t.In(zone)
	return t.Format("02012006T150405") + fmt.Sprintf("+%04d", t.Nanosecond()/1e6)
}

// sign writes the parameters and their signature into a request's fresh header. Names
// keep the operator's letter case.
func (c *Client) sign(h http.Header, contentType string, params []param) error {
	signed := append([]param{
		{"timestamp", timestamp(c.cfg.Now())},
		{"systemid", c.cfg.SystemID},
		{"Content-Type", contentType},
	}, params...)
	keys := make([]string, len(signed))
	for i, p := range signed {
		if !headerSafe(p.value) {
			return fmt.Errorf("parameter %s is not plain ASCII", p.key)
		}
		keys[i] = p.key
		h[prefix+p.key] = []string{p.value}
	}
	text := signedText(signed)
	h["Content-Type"] = []string{contentType}
	h["User-Agent"] = []string{"JAVASDKAgent/1.0.0 XRoad/VPCP"}
	h[prefix+"version"] = []string{"3.0.201608"}
	h[prefix+"sign-header-key"] = []string{strings.Join(keys, ";")}
	h[prefix+"sign-header"] = []string{text}
	h[prefix+"hash-header"] = []string{mac(c.cfg.Secret, text)}
	return nil
}

// signedText is the parameters as one compact JSON object, in order.
func signedText(params []param) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	quote := func(s string) {
		_ = e.Encode(s) // a string always encodes
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('{')
	for i, p := range params {
		if i > 0 {
			b.WriteByte(',')
		}
		quote(prefix + p.key)
		b.WriteByte(':')
		quote(p.value)
	}
	b.WriteByte('}')
	return b.String()
}

// mac is HMAC-SHA256 in lower-case hex; the key is the secret's own text.
func mac(secret, text string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// headerSafe reports whether a value can stand in a header: printable ASCII.
func headerSafe(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
