package tsp

import (
	"bytes"
	"context"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"congvan/signing/cms"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const maxAnswer = 256 << 10

// Options of NewClient.
type Options struct {
	// URL of the timestamp server, from the configuration: never from a file.
	URL string
	// Timeout of one request; 0 means 30 s. Some official servers need minutes.
	Timeout time.Duration
	// Policy to be asked for; nil takes the server's own.
	Policy asn1.ObjectIdentifier
	// Rand makes the nonces.
	Rand io.Reader
}

// Client asks one timestamp server. It is safe for concurrent use.
type Client struct {
	options Options
	http    *http.Client
}

// NewClient makes a client. It follows no redirects and uses no proxy.
func NewClient(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("tsp: %q is not the address of a timestamp server", o.URL)
	}
	if o.Rand == nil {
		return nil, errors.New("tsp: Options.Rand is needed")
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	return &Client{options: o, http: &http.Client{
		Transport:     &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Timestamp gets a token over a digest made by hash and verifies it before it returns
// it: imprint, nonce, policy, signature, certificate. It asks once; trying again is the
// caller's job.
//
// Errors: ErrUnavailable, ErrRefused, ErrAnswer and those of Verify.
func (c *Client) Timestamp(ctx context.Context, digest []byte, hash crypto.Hash) (*Token, error) {
	if cms.WeakHash(hash) || len(digest) != hash.Size() { // one that is not known is weak
		return nil, fmt.Errorf("tsp: digest of %d bytes by %v cannot be stamped", len(digest), hash)
	}
	var random [16]byte
	if _, err := io.ReadFull(c.options.Rand, random[:]); err != nil {
		return nil, fmt.Errorf("tsp: nonce: %w", err)
	}
	random[0] |= 0x40 // of full length
	nonce := new(big.Int).SetBytes(random[:])
	request, err := c.request(cms.OIDByHash(hash), digest, nonce)
	if err != nil {
		return nil, err
	}
	answer, err := c.post(ctx, request)
	if err != nil {
		return nil, err
	}
	der, err := openResponse(answer)
	if err != nil {
		return nil, err
	}
	t, err := Verify(der, func(h crypto.Hash) ([]byte, error) {
		if h != hash {
			return nil, fmt.Errorf("%w: hash %v instead of %v", ErrImprint, h, hash)
		}
		return digest, nil
	})
	switch {
	case err != nil:
		return nil, err
	case t.Nonce == nil || t.Nonce.Cmp(nonce) != 0:
		return nil, fmt.Errorf("%w: nonce", ErrAnswer)
	case c.options.Policy != nil && !t.Policy.Equal(c.options.Policy):
		return nil, fmt.Errorf("%w: policy %v", ErrAnswer, t.Policy)
	}
	return t, nil
}

// request writes a TimeStampReq (RFC 3161 §2.4.1) that wants the certificate back.
func (c *Client) request(hash asn1.ObjectIdentifier, digest []byte, nonce *big.Int) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(hash)
				b.AddASN1NULL()
			})
			b.AddASN1OctetString(digest)
		})
		if c.options.Policy != nil {
			b.AddASN1ObjectIdentifier(c.options.Policy)
		}
		b.AddASN1BigInt(nonce)
		b.AddASN1Boolean(true)
	})
	return b.Bytes()
}

func (c *Client) post(ctx context.Context, body []byte) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodPost, c.options.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("tsp: %w", err)
	}
	request.Header.Set("Content-Type", "application/timestamp-query")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: it answered %s", ErrUnavailable, response.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("%w: answer of more than %d bytes", ErrMalformed, maxAnswer)
	}
	return answer, nil
}

// unavailable tells a server's fault from a caller who gave up.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// openResponse reads a TimeStampResp (RFC 3161 §2.4.2) and returns the token in it.
func openResponse(answer []byte) ([]byte, error) {
	in := cryptobyte.String(answer)
	var body, status, texts cryptobyte.String
	var code int
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() || !body.ReadASN1(&status, cbasn1.SEQUENCE) || !status.ReadASN1Integer(&code) {
		return nil, fmt.Errorf("%w: TimeStampResp", ErrMalformed)
	}
	if code != 0 && code != 1 { // granted, granted with modifications
		var why []string
		for status.ReadASN1(&texts, cbasn1.SEQUENCE); !texts.Empty() && len(why) < 5; {
			var text cryptobyte.String
			if !texts.ReadASN1(&text, cbasn1.UTF8String) {
				break
			}
			why = append(why, strings.ToValidUTF8(string(text[:min(len(text), 200)]), "?"))
		}
		return nil, fmt.Errorf("%w: status %d %s", ErrRefused, code, strings.Join(why, "; "))
	}
	return body, nil // without a token, none can be read from it
}
