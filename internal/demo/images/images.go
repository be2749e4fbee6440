// Package images draws the pictures that the demonstration prints on signed
// documents: handwritten-looking signatures in blue ink and round red seals,
// both PNG with a transparent background (NĐ 30/2020 Annex I: signature image
// blue, seal image red and of true size). They are drawn from the name alone:
// the same name gives the same bytes, and no picture of a real person's
// signature or a real agency's seal is in the program. Every seal says THỬ
// NGHIỆM. All functions are safe for concurrent use.
package images

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
)

// ink is one colour laid on transparent paper through a coverage mask.
type ink struct {
	colour  color.NRGBA // its alpha is the densest the ink gets
	density func(x, y int) float64
}

// png lays the ink where mask (0…1, row by row) covers and encodes the picture.
func (k ink) png(mask []float64, width int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, width, len(mask)/width))
	for i, cover := range mask {
		x, y := i%width, i/width
		c := k.colour
		c.A = uint8(float64(c.A)*cover*k.density(x, y) + 0.5)
		if c.A > 0 {
			img.SetNRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	// Encoding an in-memory picture of this kind into a buffer cannot fail.
	_ = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, img)
	return out.Bytes()
}

// dice is a small repeatable source of numbers (SplitMix64) seeded by a text.
type dice uint64

func newDice(text string) *dice {
	sum := sha256.Sum256([]byte(text))
	d := dice(binary.BigEndian.Uint64(sum[:]))
	return &d
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// between is a number from lo to hi.
func (d *dice) between(lo, hi float64) float64 {
	return lo + (hi-lo)*float64(d.next()>>11)/(1<<53)
}

// pick is a number from 0 to n-1.
func (d *dice) pick(n int) int { return int(d.next() % uint64(n)) }
