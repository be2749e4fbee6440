// Package vxp is the client of the document axis's own protocol ("way A" of docs/axis.md:
// the operations of the operator's SDK): one HTTP request per operation, its parameters
// in XroadVnpt- headers, an HMAC-SHA256 over them. It carries messages as bytes and
// knows nothing of what is in them; package edxml does.
package vxp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"congvan/internal/axis/transport"
)

// Config says how to reach the axis. Fields with a default may stay zero.
type Config struct {
	Endpoint string // base address, http or https
	SystemID string // our registration on the axis
	Secret   string // the registration's key; its UTF-8 bytes sign
	Now      func() time.Time

	TLS        *tls.Config // nil: the system's authorities
	PaddedHash bool        // hash-file as 64 hex digits instead of the SDK's form
	Download   bool        // fetch by downloadEdoc where the axis offers it

	Timeout         time.Duration // of an operation without a file; default 30 s
	TransferTimeout time.Duration // of sending or fetching a file; default 15 min
	MaxFetch        int64         // bytes of a fetched message; default 600 MiB
	MaxList         int64         // bytes of a list's answer; default 256 MiB
}

// Client calls the axis. It is safe for concurrent use.
type Client struct {
	cfg        Config
	base       *url.URL
	http       *http.Client
	noDownload atomic.Bool // the axis was seen not to offer downloadEdoc
}

// New makes a client; it opens no connection.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.Endpoint)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("vxp: endpoint %q is not an http or https address", cfg.Endpoint)
	}
	switch {
	case cfg.SystemID == "" || !headerSafe(cfg.SystemID):
		return nil, errors.New("vxp: system id missing or not plain ASCII")
	case cfg.Secret == "":
		return nil, errors.New("vxp: secret missing")
	case cfg.Now == nil:
		return nil, errors.New("vxp: no clock")
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	cfg.TransferTimeout = cmp.Or(cfg.TransferTimeout, 15*time.Minute)
	cfg.MaxFetch = cmp.Or(cfg.MaxFetch, 600<<20)
	cfg.MaxList = cmp.Or(cfg.MaxList, 256<<20)
	c := &Client{cfg: cfg, base: base, http: transport.NewHTTP(cfg.TLS)}
	c.noDownload.Store(!cfg.Download)
	return c, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// call is one operation to be made.
type call struct {
	op          string
	method      string // default POST
	contentType string // default application/json
	params      []param
	body        io.Reader
	size        int64
	timeout     time.Duration // default Config.Timeout
}

// do makes the call and returns a successful HTTP answer; its Body must be closed,
// which also ends the call's time limit. Errors are *Error or the context's.
func (c *Client) do(ctx context.Context, k call) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, cmp.Or(k.method, http.MethodPost), c.base.JoinPath(k.op).String(), k.body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = k.size
	if err := c.sign(req.Header, cmp.Or(k.contentType, "application/json"), k.params); err != nil {
		return nil, &Error{Op: k.op, Err: err}
	}
	resp, sent, err := transport.Do(ctx, c.http, cmp.Or(k.timeout, c.cfg.Timeout), req)
	switch {
	case err != nil:
		return nil, &Error{Op: k.op, Retryable: true, Uncertain: sent, Err: err}
	case !transport.Succeeded(resp):
		defer resp.Body.Close()
		return nil, httpError(k.op, resp)
	}
	return resp, nil
}

// httpError reads an answer whose HTTP status says that the call failed.
func httpError(op string, resp *http.Response) *Error {
	e := &Error{Op: op, HTTPStatus: resp.StatusCode}
	e.Retryable, e.Uncertain, e.RetryAfter = transport.Judge(resp)
	if a, err := readAnswer(io.LimitReader(resp.Body, 64<<10), nil); err == nil {
		e.Code, e.Desc = Clean(a["errorcode"]), Clean(a["errordesc"])
	}
	return e
}

// Clean makes foreign words fit to show and log: one line, no control characters, short.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u202e' {
			return ' '
		}
		return r
	}, s)
	return fmt.Sprintf("%.500s", strings.TrimSpace(s))
}
