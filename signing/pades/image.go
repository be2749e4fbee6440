package pades

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"sync"

	"congvan/signing"
	"congvan/signing/pdf"
)

// Bounds of an appearance's picture. A signature image has 90 to 1000 pixels a
// side; a scanned seal at 1200 dpi about 1700.
const (
	maxImageBytes  = 32 << 20
	maxImagePixels = 40_000_000

	rememberedBytes = 16 << 20
)

// picture is a decoded PNG: rows of RGB and, when anything is transparent, of alpha.
// Once packed they are deflated.
type picture struct {
	width, height int
	rgb, alpha    []byte // alpha nil: all opaque
	holes         []byte // rows of bits, set where nothing is painted; nil: nowhere
}

// pictures remembers, packed, the pictures used last: an agency's seal stands on
// every document that it issues. The zero value is empty; safe for concurrent use.
type pictures struct {
	mu    sync.Mutex
	bytes int
	known map[pictureKey]*picture
}

// pictureKey tells packed pictures apart.
type pictureKey struct {
	sum    [sha256.Size]byte
	opaque bool
}

// get returns the packed picture of a PNG, laid on white if it has to be opaque.
func (c *pictures) get(data []byte, opaque bool, u *pdf.Update) (*picture, error) {
	key := pictureKey{sha256.Sum256(data), opaque}
	c.mu.Lock()
	p := c.known[key]
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := decodePNG(data)
	if err != nil {
		return nil, err
	}
	if opaque {
		p.onWhite()
	}
	p.rgb = u.Deflate(p.rgb)
	if p.alpha != nil {
		p.alpha = u.Deflate(p.alpha)
	}
	if p.holes != nil {
		p.holes = u.Deflate(p.holes)
	}
	size := len(p.rgb) + len(p.alpha) + len(p.holes)
	if size > rememberedBytes {
		return p, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes += size; c.known == nil || c.bytes > rememberedBytes {
		c.known, c.bytes = map[pictureKey]*picture{}, size
	}
	c.known[key] = p
	return p, nil
}

// decodePNG reads a PNG of any colour type, bit depth and transparency. Size is
// judged before a pixel is decoded. Errors wrap signing.ErrImage.
func decodePNG(data []byte) (*picture, error) {
	if len(data) > maxImageBytes {
		return nil, fmt.Errorf("%w: %d bytes; at most %d MiB", signing.ErrImage, len(data), maxImageBytes>>20)
	}
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: not a PNG: %v", signing.ErrImage, err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > maxImagePixels/config.Height {
		return nil, fmt.Errorf("%w: %d × %d pixels; at most %d megapixels", signing.ErrImage, config.Width, config.Height, maxImagePixels/1_000_000)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", signing.ErrImage, err)
	}
	return flatPicture(m), nil
}

// flatPicture splits an image into colour and alpha of 8 bits.
func flatPicture(m image.Image) *picture {
	b := m.Bounds()
	n := b.Dx() * b.Dy()
	p := &picture{width: b.Dx(), height: b.Dy(), rgb: make([]byte, 0, 3*n), alpha: make([]byte, 0, n)}
	at := pixelReader(m)
	opaque := true
	var sum [3]uint64
	var weight uint64
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := at(x, y)
			p.rgb = append(p.rgb, c.R, c.G, c.B)
			p.alpha = append(p.alpha, c.A)
			opaque = opaque && c.A == 0xFF
			a := uint64(c.A)
			sum[0], sum[1], sum[2] = sum[0]+a*uint64(c.R), sum[1]+a*uint64(c.G), sum[2]+a*uint64(c.B)
			weight += a
		}
	}
	switch {
	case opaque:
		p.alpha = nil
	case weight > 0:
		p.fillHidden([3]byte{byte(sum[0] / weight), byte(sum[1] / weight), byte(sum[2] / weight)})
	}
	return p
}

// fillHidden paints every wholly transparent pixel in the picture's mean colour: it
// compresses to nothing, and a viewer that scales colour and alpha apart draws no
// white or black fringe around the strokes.
func (p *picture) fillHidden(mean [3]byte) {
	for i, a := range p.alpha {
		if a == 0 {
			copy(p.rgb[3*i:], mean[:])
		}
	}
}

// onWhite lays the picture on white paper, except where it is wholly transparent:
// there a stencil leaves out the paper too, so that it hides no name or title.
func (p *picture) onWhite() {
	row := (p.width + 7) / 8
	for i, a := range p.alpha {
		if a != 0 {
			continue
		}
		if p.holes == nil {
			p.holes = make([]byte, row*p.height)
		}
		x, y := i%p.width, i/p.width
		p.holes[y*row+x/8] |= 0x80 >> (x % 8)
	}
	for i, a := range p.alpha {
		for j := range 3 {
			v := &p.rgb[3*i+j]
			*v = byte((int(*v)*int(a) + 255*(255-int(a)) + 127) / 255)
		}
	}
	p.alpha = nil
}

// pixelReader reads pixels as non-premultiplied RGBA. The two kinds that pictures of
// signatures come in are read without an interface call for each pixel.
func pixelReader(m image.Image) func(x, y int) color.NRGBA {
	switch m := m.(type) {
	case *image.NRGBA:
		return m.NRGBAAt
	case *image.Paletted:
		palette := make([]color.NRGBA, 256) // an index outside the palette is transparent
		for i, c := range m.Palette {
			palette[i] = color.NRGBAModel.Convert(c).(color.NRGBA)
		}
		return func(x, y int) color.NRGBA { return palette[m.ColorIndexAt(x, y)] }
	}
	return func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA) }
}

// write puts the packed picture into the update as an image XObject with its soft
// mask.
func (p *picture) write(u *pdf.Update, space pdf.Object) pdf.Ref {
	d := imageDict(p, space)
	if p.alpha != nil {
		d["SMask"] = u.AddStream(imageDict(p, pdf.Name("DeviceGray")), p.alpha, false)
	}
	if p.holes != nil {
		m := imageDict(p, nil)
		m["ImageMask"], m["BitsPerComponent"] = true, int64(1)
		d["Mask"] = u.AddStream(m, p.holes, false)
	}
	return u.AddStream(d, p.rgb, false)
}

func imageDict(p *picture, space pdf.Object) pdf.Dict {
	d := pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Image"), "Filter": pdf.Name("FlateDecode"),
		"Width": int64(p.width), "Height": int64(p.height), "BitsPerComponent": int64(8),
	}
	if space != nil { // a stencil has none
		d["ColorSpace"] = space
	}
	return d
}
