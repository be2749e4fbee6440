// Package lgsp is the client of a provincial integration platform's façade of the document
// axis ("way B" of docs/axis.md): REST with a bearer token, JSON and multipart. It offers
// what the connector needs of package vxp's client, in the same words, so that either
// carries the same messages.
package lgsp

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"congvan/internal/axis/transport"
	"congvan/internal/axis/vxp"
)

// Config says how to reach the façade. Fields with a default may stay zero.
type Config struct {
	Endpoint    string // base address, http or https; the operations are below v1/
	SystemID    string // X-SystemId
	SecretKey   string // X-SecretKey
	Username    string
	Password    string
	Application string // applicationCode of the sign-in
	Now         func() time.Time
	TLS         *tls.Config // nil: the system's authorities

	Timeout         time.Duration // of an operation without a file; default 30 s
	TransferTimeout time.Duration // of sending or fetching a file; default 15 min
	TokenLife       time.Duration // how long a token is used; default 25 min of the 30 it is given for
	MaxFetch        int64         // bytes of a fetched message; default 600 MiB
	MaxList         int64         // bytes of a list's answer; default 64 MiB
}

// Client calls the façade. It is safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client

	mu    sync.Mutex
	token string
	until time.Time
}

// ErrNoSentList says that the façade does not list what was sent: whether an uncertain
// message arrived cannot be found out, and it is sent again under the same identifier.
var ErrNoSentList = vxp.ErrNotOffered

// New makes a client; it opens no connection.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.Endpoint)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("lgsp: endpoint %q is not an http or https address", cfg.Endpoint)
	}
	switch {
	case cfg.SystemID == "" || cfg.SecretKey == "" || !plain(cfg.SystemID) || !plain(cfg.SecretKey):
		return nil, errors.New("lgsp: system id or secret key missing or not plain ASCII")
	case cfg.Username == "" || cfg.Password == "":
		return nil, errors.New("lgsp: user name or password missing")
	case cfg.Now == nil:
		return nil, errors.New("lgsp: no clock")
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	cfg.TransferTimeout = cmp.Or(cfg.TransferTimeout, 15*time.Minute)
	cfg.TokenLife = cmp.Or(cfg.TokenLife, 25*time.Minute)
	cfg.MaxFetch = cmp.Or(cfg.MaxFetch, 600<<20)
	cfg.MaxList = cmp.Or(cfg.MaxList, 64<<20)
	return &Client{cfg: cfg, base: base.JoinPath("v1"), http: transport.NewHTTP(cfg.TLS)}, nil
}

func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// call is one operation.
type call struct {
	op          string
	method      string
	query       url.Values
	contentType string
	body        func() io.Reader // a new one for every attempt
	once        bool             // the body cannot be given a second time
	size        int64
	timeout     time.Duration
}

// do makes the call with a token, and once more with a new one if it was not taken.
func (c *Client) do(ctx context.Context, k call) (*http.Response, error) {
	token, err := c.signedIn(ctx, "")
	if err != nil {
		return nil, err
	}
	resp, err := c.request(ctx, k, token)
	var x *vxp.Error
	if !errors.As(err, &x) || x.HTTPStatus != http.StatusUnauthorized || k.once {
		if x != nil && x.HTTPStatus == http.StatusUnauthorized {
			c.forget(token)
			x.Retryable = true // the token had run out; the next attempt has a new one
		}
		return resp, err
	}
	if token, err = c.signedIn(ctx, token); err != nil {
		return nil, err
	}
	return c.request(ctx, k, token)
}

// signedIn is the token in use; another than refused.
func (c *Client) signedIn(ctx context.Context, refused string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != "" && c.token != refused && c.cfg.Now().Before(c.until) {
		return c.token, nil
	}
	c.token = ""
	body, err := json.Marshal(map[string]any{
		"username": c.cfg.Username, "password": c.cfg.Password, "applicationCode": c.cfg.Application,
		"otp": nil, "twoFactorProvider": nil, "typeObjs": []int{0, 1},
	})
	if err != nil {
		return "", err
	}
	resp, err := c.request(ctx, call{
		op: "auth/login", method: http.MethodPost, query: url.Values{"allow_anonymous": {"true"}},
		contentType: "application/json", size: int64(len(body)), body: func() io.Reader { return bytes.NewReader(body) },
	}, "")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var a struct {
		answer
		Data struct {
			Token string `json:"token"`
		} `json:"data"`
	}
	if err := c.decode(resp, &a, 1<<20); err != nil {
		return "", &vxp.Error{Op: "auth/login", Retryable: true, Err: err}
	}
	if a.Data.Token == "" || !plain(a.Data.Token) {
		// Without a token nothing goes, whatever the words.
		return "", &vxp.Error{Op: "auth/login", Code: vxp.CodeWrongSecret, Desc: vxp.Clean(a.Message)}
	}
	c.token, c.until = a.Data.Token, c.cfg.Now().Add(c.cfg.TokenLife)
	return c.token, nil
}

func (c *Client) forget(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = ""
	}
}

// request makes one HTTP request and returns a successful answer; its Body must be closed.
// Errors are *vxp.Error or the context's.
func (c *Client) request(ctx context.Context, k call, token string) (*http.Response, error) {
	var body io.Reader
	if k.body != nil {
		body = k.body()
	}
	address := c.base.JoinPath(k.op)
	address.RawQuery = k.query.Encode()
	req, err := http.NewRequestWithContext(ctx, k.method, address.String(), body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = k.size
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-SystemId", c.cfg.SystemID)
	req.Header.Set("X-SecretKey", c.cfg.SecretKey)
	if k.contentType != "" {
		req.Header.Set("Content-Type", k.contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, sent, err := transport.Do(ctx, c.http, cmp.Or(k.timeout, c.cfg.Timeout), req)
	switch {
	case err != nil:
		return nil, &vxp.Error{Op: k.op, Retryable: true, Uncertain: sent, Err: err}
	case !transport.Succeeded(resp):
		defer resp.Body.Close()
		return nil, c.refused(k.op, resp)
	}
	return resp, nil
}

// refused reads an answer whose HTTP status says that the call failed.
func (c *Client) refused(op string, resp *http.Response) *vxp.Error {
	e := &vxp.Error{Op: op, HTTPStatus: resp.StatusCode}
	e.Retryable, e.Uncertain, e.RetryAfter = transport.Judge(resp)
	var a sent
	if c.decode(resp, &a, 64<<10) == nil {
		e.Code, e.Desc = vxp.Clean(string(a.Data.ErrorCode)), vxp.Clean(cmp.Or(a.Data.ErrorDesc, a.Message))
	}
	return e
}

// decode reads a JSON answer of at most so many bytes.
func (c *Client) decode(resp *http.Response, into any, most int64) error {
	limited := &io.LimitedReader{R: resp.Body, N: most + 1}
	err := json.NewDecoder(limited).Decode(into)
	if limited.N <= 0 {
		return transport.ErrTooLarge
	}
	return transport.Malformed(err)
}

// boundary parts a multipart body; it follows from the message's hash, which no message
// holds of itself.
func boundary(sum [sha256.Size]byte) string { return "congvan-" + hex.EncodeToString(sum[:]) }
