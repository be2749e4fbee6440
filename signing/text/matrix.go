package text

import "math"

// Matrix is a PDF transformation [a b c d e f] (ISO 32000-2 8.3.4): a point (x, y)
// becomes (a·x + c·y + e, b·x + d·y + f).
type Matrix [6]float64

// Identity leaves every point where it is.
var identity = Matrix{1, 0, 0, 1, 0, 0}

// Mul returns the matrix that applies m first and n after it.
func (m Matrix) Mul(n Matrix) Matrix {
	return Matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// Apply transforms a point.
func (m Matrix) Apply(x, y float64) (float64, float64) {
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// linear transforms a direction: the translation does not count.
func (m Matrix) linear(x, y float64) (float64, float64) {
	return m[0]*x + m[2]*y, m[1]*x + m[3]*y
}

// finite reports whether every entry can be used in arithmetic.
func (m Matrix) finite() bool {
	for _, v := range m {
		if math.IsNaN(v) || math.Abs(v) > 1e9 {
			return false
		}
	}
	return true
}
