package bench

import (
	"context"
	"fmt"
	"net/url"

	"congvan/internal/walk"
)

// readLimit is what issue 2 allows for lists and documents, in ms.
const readLimit = 50

// reading measures lists and documents as a clerk sees them, who sees all of the agency.
func (b *bench) reading(ctx context.Context) error {
	return b.site.with(ctx, "reading", nil, nil, func(p *walk.Process) error {
		who, err := signIn(ctx, p.Base, "vt", "gd", "cv")
		if err != nil {
			return err
		}
		deep, err := b.turn(ctx, who["vt"])
		if err != nil {
			return err
		}
		middle := b.Documents / 2 / 10 * 10 // an issued one, and a resolved one
		out, in := fmt.Sprintf("/out-tong-hop-%06d", middle), fmt.Sprintf("/inc-tong-hop-%06d", middle)
		words := url.QueryEscape("van thu luu tru don vi")
		for _, r := range []struct{ what, who, path string }{
			{"API: outgoing, newest 50", "vt", "/api/v1/outgoing?limit=50"},
			{fmt.Sprintf("API: outgoing, page %d of 100", b.Depth+1), "vt", "/api/v1/outgoing?limit=100&after=" + deep},
			{"API: incoming, newest 50", "vt", "/api/v1/incoming?limit=50"},
			{"API: incoming, an official's", "cv", "/api/v1/incoming?limit=50"},
			{"API: incoming, search of 6 words", "vt", "/api/v1/incoming?limit=50&q=" + words},
			{"API: home", "vt", "/api/v1/home"},
			{"API: an outgoing document", "vt", "/api/v1/outgoing" + out},
			{"API: an incoming document", "vt", "/api/v1/incoming" + in},
			{"Page: home, leader", "gd", "/"},
			{"Page: outgoing", "vt", "/van-ban-di"},
			{"Page: incoming", "vt", "/van-ban-den"},
			{"Page: incoming, search of 6 words", "vt", "/van-ban-den?tim=" + words},
			{"Page: an outgoing document", "vt", "/van-ban-di" + out},
			{"Page: an incoming document", "vt", "/van-ban-den" + in},
		} {
			var times spread
			for range b.Reads {
				took, err := b.took(func() error { return read(ctx, who[r.who], r.path) })
				if err != nil {
					return err
				}
				times = append(times, took)
			}
			b.add(Row{What: r.what + ", p95", Unit: "ms", Measured: times.p(95), Limit: readLimit, Note: times.String()})
		}
		return nil
	})
}

// turn turns pages of the outgoing list and returns the cursor behind the last.
func (b *bench) turn(ctx context.Context, c *walk.Client) (string, error) {
	cursor := ""
	for range b.Depth {
		var page struct {
			Next string `json:"next"`
		}
		if err := c.Get(ctx, "/outgoing?limit=100&after="+url.QueryEscape(cursor), &page); err != nil {
			return "", err
		}
		if page.Next == "" {
			return "", fmt.Errorf("the list ends before page %d", b.Depth)
		}
		cursor = page.Next
	}
	return url.QueryEscape(cursor), nil
}
