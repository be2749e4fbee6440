package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// undo reverses one filter. The result is at most limit bytes.
func undo(name Name, parms Dict, data []byte, limit, ratio int64) ([]byte, error) {
	switch name {
	case "FlateDecode", "Fl":
		out, err := inflate(data, limit, ratio)
		if err != nil {
			return nil, err
		}
		return unpredict(out, parms)
	case "LZWDecode", "LZW":
		early := true
		if n, ok := integer(parms["EarlyChange"]); ok {
			early = n != 0
		}
		out, err := unLZW(data, early, limit)
		if err != nil {
			return nil, err
		}
		return unpredict(out, parms)
	case "ASCIIHexDecode", "AHx":
		return unASCIIHex(data)
	case "ASCII85Decode", "A85":
		return unASCII85(data)
	case "RunLengthDecode", "RL":
		return unRunLength(data, limit)
	case "Crypt":
		if n, ok := parms["Name"].(Name); !ok || n == "Identity" {
			return data, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrFilter, name)
}

func inflate(data []byte, limit, ratio int64) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, damaged("FlateDecode: %v", err)
	}
	if most := max(int64(len(data))*ratio, 4<<20); limit > most {
		limit = most
	}
	var out bytes.Buffer
	_, err = io.Copy(&out, io.LimitReader(z, limit+1))
	if int64(out.Len()) > limit {
		return nil, tooMuch("FlateDecode: %d bytes give more than %d", len(data), limit)
	}
	// The checksum is the last thing: all data stand before it.
	if err != nil && !errors.Is(err, zlib.ErrChecksum) {
		return nil, damaged("FlateDecode: %v", err)
	}
	return out.Bytes(), nil
}

func unASCIIHex(data []byte) ([]byte, error) {
	out := make([]byte, 0, len(data)/2+1)
	var half byte
	odd := false
	for _, c := range data {
		if c == '>' {
			break
		}
		d, ok := unhex(int(c))
		switch {
		case ok && odd:
			out, odd = append(out, half<<4|d), false
		case ok:
			half, odd = d, true
		case !isSpace(int(c)):
			return nil, damaged("ASCIIHexDecode: %q", c)
		}
	}
	if odd {
		out = append(out, half<<4)
	}
	return out, nil
}

func unASCII85(data []byte) ([]byte, error) {
	out := make([]byte, 0, len(data)/5*4+4)
	var group [5]byte
	n := 0
	for _, c := range data {
		switch {
		case c == '~':
			if n == 1 {
				return nil, damaged("ASCII85Decode: one digit is left over")
			}
			if n > 1 {
				out = append(out, base85(group, n)...)
			}
			return out, nil
		case isSpace(int(c)):
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
		case c >= '!' && c <= 'u':
			group[n] = c - '!'
			if n++; n == 5 {
				out, n = append(out, base85(group, 5)...), 0
			}
		default:
			return nil, damaged("ASCII85Decode: %q", c)
		}
	}
	if n > 1 {
		out = append(out, base85(group, n)...)
	}
	return out, nil
}

func base85(group [5]byte, n int) []byte {
	for i := n; i < 5; i++ {
		group[i] = 84
	}
	var v uint32
	for _, d := range group {
		v = v*85 + uint32(d)
	}
	return []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}[:n-1]
}

func unRunLength(data []byte, limit int64) ([]byte, error) {
	var out []byte
	for len(data) > 0 && data[0] != 128 {
		n := int(data[0])
		data = data[1:]
		if n < 128 {
			if len(data) < n+1 {
				return nil, damaged("RunLengthDecode: data end early")
			}
			out, data = append(out, data[:n+1]...), data[n+1:]
		} else {
			if len(data) == 0 {
				return nil, damaged("RunLengthDecode: data end early")
			}
			out, data = append(out, bytes.Repeat(data[:1], 257-n)...), data[1:]
		}
		if int64(len(out)) > limit {
			return nil, tooMuch("RunLengthDecode gives more than %d bytes", limit)
		}
	}
	return out, nil
}

// unLZW undoes the LZW of PDF: codes of 9 to 12 bits, most significant bit first
// (ISO 32000-2, 7.4.4).
func unLZW(data []byte, early bool, limit int64) ([]byte, error) {
	const clearCode, endCode = 256, 257
	var (
		out    []byte
		starts [4096]int // of each code's bytes in out
		ends   [4096]int
		next   = 258
		width  = 9
		bits   uint32
		have   int
	)
	shift := 0
	if early {
		shift = 1
	}
	for _, c := range data {
		bits, have = bits<<8|uint32(c), have+8
		if have < width {
			continue
		}
		code := int(bits>>(have-width)) & (1<<width - 1)
		have -= width
		if code == endCode {
			break
		}
		if code == clearCode {
			next, width = 258, 9
			continue
		}
		at := len(out)
		switch {
		case code < 256:
			out = append(out, byte(code))
		case code < next:
			// The entry made last still lacks its final byte, its own first.
			out = append(out, out[starts[code]:min(at, ends[code])]...)
			if ends[code] > at {
				out = append(out, out[starts[code]])
			}
		default:
			return nil, damaged("LZWDecode: code %d before its time", code)
		}
		if int64(len(out)) > limit {
			return nil, tooMuch("LZWDecode gives more than %d bytes", limit)
		}
		// The string of this code with the byte that will follow it is the next
		// entry; that byte is the first of the next output.
		if next < 4096 {
			starts[next], ends[next] = at, len(out)+1
			next++
		}
		if next+shift > 1<<width && width < 12 {
			width++
		}
	}
	return out, nil
}
