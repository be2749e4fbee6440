package axistest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
)

const headerPrefix = "XroadVnpt-"

// authenticate checks the signature over the parameters and takes these from the
// signed text, so that an unsigned header counts for nothing.
func (s *Simulator) authenticate(c *call) *refusal {
	text := c.Header.Get(headerPrefix + "sign-header")
	keys, params := signedParams(text)
	wrong := func(what string) *refusal {
		return refuse(codeWrongSecret, "Sai SystemId hoac SecretKey (%s)", what)
	}
	if keys == nil {
		return wrong("sign-header")
	}
	s.mu.Lock()
	secret, known := s.secrets[params["systemid"]]
	s.mu.Unlock()
	if !known {
		return wrong("systemid")
	}
	h := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(h, text)
	given, err := hex.DecodeString(c.Header.Get(headerPrefix + "hash-header"))
	if err != nil || !hmac.Equal(h.Sum(nil), given) {
		return wrong("hash-header")
	}
	if c.Header.Get(headerPrefix+"sign-header-key") != strings.Join(keys, ";") {
		return wrong("sign-header-key")
	}
	for _, k := range keys {
		name := headerPrefix + k
		if c.Header.Get(name) != params[k] {
			return wrong(name)
		}
	}
	if params["timestamp"] == "" || params["Content-Type"] != c.Header.Get("Content-Type") {
		return wrong("timestamp, Content-Type")
	}
	c.system, c.params = params["systemid"], params
	return nil
}

// signedParams reads the signed JSON object; its keys come back in order and without
// their prefix, nil if it is anything else.
func signedParams(text string) (keys []string, params map[string]string) {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, nil
	}
	params = map[string]string{}
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, nil
		}
		v, err := dec.Token()
		if err != nil {
			return nil, nil
		}
		key, prefixed := strings.CutPrefix(k.(string), headerPrefix)
		value, isString := v.(string)
		if !prefixed || !isString {
			return nil, nil
		}
		keys = append(keys, key)
		params[key] = value
	}
	return keys, params
}
