//go:build interop

package interop

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"congvan/signing"
)

// The dimensions of one signature. Every pair of values of two dimensions occurs in at
// least one signature of the run, in at most maxFiles files.
var (
	levels   = []signing.Level{signing.LevelB, signing.LevelT, signing.LevelLT, signing.LevelLTA}
	keyTypes = []string{"RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384"}
	paddings = []string{"v1.5", "PSS"}
	digests  = []int{256, 384, 512}
	looks    = []signing.Look{signing.LookNone, signing.LookLeader, signing.LookAgency, signing.LookAttachment, signing.LookCopy, signing.LookInitials}
	certify  = []int{0, 1, 2, 3} // DocMDP; 0 is an approval signature
)

const maxFiles = 60

// Dimensions, as indices into a choice.
const (
	dimInput = iota
	dimLevel
	dimKey
	dimPadding
	dimDigest
	dimLook
	dimCertify
	dimensions
)

var sizes = [dimensions]int{len(inputs), len(levels), len(keyTypes), len(paddings), len(digests), len(looks), len(certify)}

// choice is one value of each dimension; -1 is still open.
type choice [dimensions]int

func (c choice) input() string        { return inputs[c[dimInput]] }
func (c choice) level() signing.Level { return levels[c[dimLevel]] }
func (c choice) key() string          { return keyTypes[c[dimKey]] }
func (c choice) pss() bool            { return paddings[c[dimPadding]] == "PSS" }
func (c choice) look() signing.Look   { return looks[c[dimLook]] }

func (c choice) String() string {
	key := c.key()
	if c.pss() {
		key += " PSS"
	}
	s := fmt.Sprintf("%s %s SHA-%d %s", c.level(), key, digests[c[dimDigest]], c.look())
	if p := certify[c[dimCertify]]; p > 0 {
		s += fmt.Sprintf(" P=%d", p)
	}
	return s
}

// possible tells whether a choice, as far as it is made, can be signed: an EC key has no
// padding.
func (c choice) possible() bool {
	return c[dimKey] < 3 || c[dimPadding] <= 0
}

// plan is one file to be made: its leader's signature and perhaps the agency's on top.
type plan struct {
	signatures []choice
}

func (p plan) input() string { return p.signatures[0].input() }

// pair is a value of one dimension with a value of another.
type pair struct{ d1, v1, d2, v2 int }

func (c choice) pairs() []pair {
	var out []pair
	for i := range dimensions {
		for j := i + 1; j < dimensions; j++ {
			if c[i] >= 0 && c[j] >= 0 {
				out = append(out, pair{i, c[i], j, c[j]})
			}
		}
	}
	return out
}

func undecided() choice {
	var c choice
	for i := range c {
		c[i] = -1
	}
	return c
}

// allPairs are the pairs that some possible choice has.
func allPairs() []pair {
	var out []pair
	for i := range dimensions {
		for j := i + 1; j < dimensions; j++ {
			for a := range sizes[i] {
				for b := range sizes[j] {
					c := undecided()
					if c[i], c[j] = a, b; c.possible() {
						out = append(out, pair{i, a, j, b})
					}
				}
			}
		}
	}
	return out
}

// pairwise covers all pairs with few files; of two files one carries a second signature.
// The random source is fixed: every run makes the same plan.
func pairwise() []plan {
	random := rand.New(rand.NewPCG(30, 2020))
	left := map[pair]bool{}
	for _, p := range allPairs() {
		left[p] = true
	}
	var out []plan
	for len(left) > 0 {
		first := best(random, left, undecided(), len(out)%2 == 0)
		cover(left, first)
		p := plan{signatures: []choice{first}}
		if len(out)%2 == 0 {
			second := undecided()
			second[dimInput], second[dimCertify] = first[dimInput], 0
			second = best(random, left, second, false)
			cover(left, second)
			p.signatures = append(p.signatures, second)
		}
		out = append(out, p)
	}
	return out
}

func cover(left map[pair]bool, c choice) {
	for _, p := range c.pairs() {
		delete(left, p)
	}
}

// best fills in what is open so that many uncovered pairs are covered. Nothing may be
// signed on top of a certification with P=1.
func best(random *rand.Rand, left map[pair]bool, fixed choice, more bool) (found choice) {
	most := -1
	for range 60 {
		c, gain := fixed, 0
		for _, d := range random.Perm(dimensions) {
			if c[d] < 0 {
				c[d] = bestValue(random, left, c, d, more)
			}
		}
		for _, p := range c.pairs() {
			if left[p] {
				gain++
			}
		}
		if gain > most {
			found, most = c, gain
		}
	}
	return found
}

func bestValue(random *rand.Rand, left map[pair]bool, c choice, d int, more bool) int {
	value, most := -1, -1
	for _, v := range random.Perm(sizes[d]) {
		c[d] = v
		if !c.possible() || more && d == dimCertify && certify[v] == 1 {
			continue
		}
		gain := 0
		for _, p := range c.pairs() {
			if (p.d1 == d || p.d2 == d) && left[p] {
				gain++
			}
		}
		if gain > most {
			value, most = v, gain
		}
	}
	return value
}

// product is every level with every key, padding, look and kind of file, each in a file
// of its own; digest and certification take turns.
func product() []plan {
	var out []plan
	for n := range sizes[dimInput] * sizes[dimLevel] * sizes[dimKey] * sizes[dimPadding] * sizes[dimLook] {
		var c choice
		rest := n
		for _, d := range []int{dimInput, dimLevel, dimKey, dimPadding, dimLook} {
			c[d], rest = rest%sizes[d], rest/sizes[d]
		}
		if c.possible() {
			c[dimDigest], c[dimCertify] = len(out)%sizes[dimDigest], len(out)/sizes[dimDigest]%sizes[dimCertify]
			out = append(out, plan{signatures: []choice{c}})
		}
	}
	return out
}

// The plan covers what it says, in the number of files that the contract allows.
func TestPlan(t *testing.T) {
	plans := pairwise()
	if len(plans) > maxFiles {
		t.Errorf("%d files", len(plans))
	}
	left := allPairs()
	two := 0
	for _, p := range plans {
		two += len(p.signatures) - 1
		for i, c := range p.signatures {
			if !c.possible() || i > 0 && (certify[c[dimCertify]] > 0 || certify[p.signatures[0][dimCertify]] == 1) {
				t.Errorf("cannot be signed: %v", p)
			}
			left = slices.DeleteFunc(left, func(q pair) bool { return c[q.d1] == q.v1 && c[q.d2] == q.v2 })
		}
	}
	if len(left) > 0 || two < 10 {
		t.Errorf("%d pairs are left, %d files with two signatures", len(left), two)
	}
	t.Logf("%d files, %d signatures; the full product has %d files", len(plans), len(plans)+two, len(product()))
}
