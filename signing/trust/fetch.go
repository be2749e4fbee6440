package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is one thing to fetch. With a Body it is a POST.
type Request struct {
	URL         string
	Body        []byte
	ContentType string
	Limit       int64 // bytes of the answer
}

// Fetcher gets things from the network. The addresses come out of foreign files.
type Fetcher interface {
	Fetch(ctx context.Context, r Request) ([]byte, error)
}

// ErrNotAllowed says that an address is not on the allow-list, or not of a kind that is fetched.
var ErrNotAllowed = errors.New("trust: address not allowed")

// GuardOptions of NewGuard.
type GuardOptions struct {
	// Hosts that may be asked: "host" for any port, or "host:port". They may be private:
	// the administrator names the government network here.
	Hosts   []string
	Timeout time.Duration // of one request; 0 means 5 s
	Keep    time.Duration // how long answers are kept; 0 means 10 min
	Clock   func() time.Time
}

// Guard is the Fetcher of the product: allow-listed hosts only, no redirects, no proxy,
// bounded in time and size, with a small cache that also remembers failures for a
// tenth of the time. It is safe for concurrent use.
type Guard struct {
	options GuardOptions
	client  *http.Client

	mu    sync.Mutex
	cache map[[32]byte]cached
	bytes int64
}

type cached struct {
	data  []byte
	err   error
	until time.Time
}

const (
	maxCached      = 256
	maxCachedBytes = 64 << 20
)

// NewGuard makes a Guard.
func NewGuard(o GuardOptions) (*Guard, error) {
	if o.Clock == nil {
		return nil, errors.New("trust: GuardOptions.Clock is needed")
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Keep <= 0 {
		o.Keep = 10 * time.Minute
	}
	dialer := &net.Dialer{Timeout: o.Timeout}
	return &Guard{options: o, cache: map[[32]byte]cached{}, client: &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, Proxy: nil, MaxIdleConnsPerHost: 2,
			IdleConnTimeout: time.Minute, ResponseHeaderTimeout: o.Timeout, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Fetch implements Fetcher.
func (g *Guard) Fetch(ctx context.Context, r Request) ([]byte, error) {
	if err := g.allow(r.URL); err != nil {
		return nil, err
	}
	key := sha256.Sum256(slices.Concat([]byte(r.URL), []byte{0}, r.Body))
	now := g.options.Clock()
	g.mu.Lock()
	hit := g.cache[key]
	g.mu.Unlock()
	if now.Before(hit.until) {
		return hit.data, hit.err
	}
	data, err := g.get(ctx, r)
	if ctx.Err() != nil { // the caller gave up, which says nothing about the host
		return nil, ctx.Err()
	}
	keep := g.options.Keep
	if err != nil {
		keep /= 10
	}
	g.keep(key, cached{data, err, now.Add(keep)})
	return data, err
}

func (g *Guard) allow(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
		return fmt.Errorf("%w: %q", ErrNotAllowed, address)
	}
	for _, h := range g.options.Hosts {
		if strings.EqualFold(h, u.Hostname()) || strings.EqualFold(h, u.Host) {
			return nil
		}
	}
	return fmt.Errorf("%w: host %q is not on the list", ErrNotAllowed, u.Host)
}

func (g *Guard) get(ctx context.Context, r Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, g.options.Timeout)
	defer cancel()
	method := http.MethodGet
	if r.Body != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if r.ContentType != "" {
		request.Header.Set("Content-Type", r.ContentType)
	}
	response, err := g.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("trust: %s answered %s", r.URL, response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, r.Limit+1))
	if err != nil {
		return nil, fmt.Errorf("trust: %s: %w", r.URL, err)
	}
	if int64(len(data)) > r.Limit {
		return nil, fmt.Errorf("trust: %s answered more than %d bytes", r.URL, r.Limit)
	}
	return data, nil
}

// keep stores an answer; when the cache is full it starts afresh, which costs a few
// requests and needs no bookkeeping.
func (g *Guard) keep(key [32]byte, c cached) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bytes -= int64(len(g.cache[key].data))
	if len(g.cache) >= maxCached || g.bytes+int64(len(c.data)) > maxCachedBytes {
		clear(g.cache)
		g.bytes = 0
	}
	g.cache[key] = c
	g.bytes += int64(len(c.data))
}
