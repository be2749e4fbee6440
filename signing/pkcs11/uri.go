package pkcs11

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"congvan/signing"

	pkcs11uri "github.com/stefanberger/go-pkcs11uri"
)

const maxPINFile = 4 << 10

// reference is a parsed key URI.
type reference struct {
	selector            string // the attributes that choose the token, canonical
	token, serial       string
	manufacturer, model string
	slot                *uint
	object              string
	id                  []byte
	hasObject, hasID    bool
	pinFile             string // service keys only
	uri                 string
}

func (r *reference) service() bool { return r.pinFile != "" }

// parseURI reads an RFC 7512 URI. It refuses secrets in the URI and a URI that names
// another module: neither the module nor the key may be chosen from outside.
func parseURI(uri, module string) (*reference, error) {
	u := pkcs11uri.New()
	if err := u.Parse(uri); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrURI, err)
	}
	r := &reference{uri: uri}
	for name, field := range map[string]*string{"token": &r.token, "serial": &r.serial, "manufacturer": &r.manufacturer, "model": &r.model} {
		if v, ok := u.GetPathAttribute(name, false); ok {
			*field = v
		}
	}
	r.object, r.hasObject = u.GetPathAttribute("object", false)
	id, hasID := u.GetPathAttribute("id", false)
	r.id, r.hasID = []byte(id), hasID
	if v, ok := u.GetPathAttribute("slot-id", false); ok {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%w: slot-id %q", ErrURI, v)
		}
		slot := uint(n)
		r.slot = &slot
	}
	if r.token == "" && r.serial == "" && r.slot == nil {
		return nil, fmt.Errorf("%w: name the token with token=, serial= or slot-id=", ErrURI)
	}
	if !r.hasObject && !r.hasID {
		return nil, fmt.Errorf("%w: name the key with object= or id=", ErrURI)
	}
	if v, ok := u.GetPathAttribute("type", false); ok && v != "private" {
		return nil, fmt.Errorf("%w: type=%s is not a private key", ErrURI, v)
	}
	if _, ok := u.GetQueryAttribute("pin-value", false); ok {
		return nil, fmt.Errorf("%w: a PIN must not stand in a URI, use pin-source=file:PATH", ErrURI)
	}
	if v, ok := u.GetQueryAttribute("module-path", false); ok && v != module {
		return nil, fmt.Errorf("%w: module-path is not the configured module", ErrURI)
	}
	if v, ok := u.GetQueryAttribute("pin-source", false); ok {
		path, err := pinPath(v)
		if err != nil {
			return nil, err
		}
		r.pinFile = path
	}
	slot := ""
	if r.slot != nil {
		slot = strconv.FormatUint(uint64(*r.slot), 10)
	}
	r.selector = strings.Join([]string{r.token, r.serial, r.manufacturer, r.model, slot}, "\x00")
	return r, nil
}

func pinPath(source string) (string, error) {
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "" && u.Scheme != "file" || u.Host != "" || !filepath.IsAbs(u.Path) {
		return "", fmt.Errorf("%w: pin-source must be file: with an absolute path", ErrURI)
	}
	return u.Path, nil
}

// readPIN reads the PIN of a service token; a final line end is not part of it. mark
// changes when the file does.
func readPIN(path string) (pin []byte, mark string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("%w: PIN file: %v", signing.ErrTokenUnavailable, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, "", fmt.Errorf("%w: PIN file: %v", signing.ErrTokenUnavailable, err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPINFile))
	if err != nil {
		return nil, "", fmt.Errorf("%w: PIN file: %v", signing.ErrTokenUnavailable, err)
	}
	pin = bytes.TrimRight(data, "\r\n")
	if len(pin) == 0 {
		return nil, "", fmt.Errorf("%w: PIN file %s is empty", signing.ErrTokenUnavailable, path)
	}
	return pin, fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano()), nil
}

// URI writes the RFC 7512 URI of a private key. pinFile is the absolute path of the
// PIN file of a service key, empty for a personal key.
func URI(token, object, pinFile string) (string, error) {
	if token == "" || object == "" {
		return "", fmt.Errorf("%w: token and object are needed", ErrURI)
	}
	out := "pkcs11:token=" + escape(token) + ";object=" + escape(object) + ";type=private"
	if pinFile != "" {
		if !filepath.IsAbs(pinFile) {
			return "", fmt.Errorf("%w: PIN file %s is not an absolute path", ErrURI, pinFile)
		}
		// the file: URI inside is escaped twice: once for itself, once for its place here
		out += "?pin-source=" + escape((&url.URL{Scheme: "file", Path: pinFile}).String())
	}
	return out, nil
}

// escape percent-encodes all but the unreserved characters and "/" and ":", which RFC
// 7512 allows in a value.
func escape(s string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/", "%3A", ":").Replace(url.QueryEscape(s))
}
