package pdf

// unpredict undoes the predictor of FlateDecode and LZWDecode (ISO 32000-2,
// 7.4.4.4).
func unpredict(data []byte, parms Dict) ([]byte, error) {
	value := func(k Name, or int64) int64 {
		if n, ok := integer(parms[k]); ok {
			return n
		}
		return or
	}
	predictor := value("Predictor", 1)
	if predictor <= 1 {
		return data, nil
	}
	colors, depth, columns := value("Colors", 1), value("BitsPerComponent", 8), value("Columns", 1)
	if colors < 1 || colors > 32 || columns < 1 || columns > 1<<24 ||
		(depth != 1 && depth != 2 && depth != 4 && depth != 8 && depth != 16) {
		return nil, damaged("predictor with %d colors, %d bits, %d columns", colors, depth, columns)
	}
	pixel := int(max(1, colors*depth/8))
	row := int((colors*depth*columns + 7) / 8)
	if predictor == 2 {
		return untiff(data, row, int(colors), int(depth))
	}
	return unpng(data, row, pixel)
}

func unpng(data []byte, row, pixel int) ([]byte, error) {
	out := make([]byte, 0, len(data))
	above := make([]byte, min(row, len(data))) // a row may be said to be far longer than there are data
	for len(data) > 0 {
		kind := data[0]
		line := data[1:min(len(data), row+1)]
		data = data[1+len(line):]
		at := len(out)
		out = append(out, line...)
		cur := out[at:]
		for i := range cur {
			var left, corner byte
			if i >= pixel {
				left, corner = cur[i-pixel], above[i-pixel]
			}
			switch kind {
			case 0:
			case 1:
				cur[i] += left
			case 2:
				cur[i] += above[i]
			case 3:
				cur[i] += byte((int(left) + int(above[i])) / 2)
			case 4:
				cur[i] += paeth(left, above[i], corner)
			default:
				return nil, damaged("PNG predictor %d", kind)
			}
		}
		copy(above, cur)
	}
	return out, nil
}

func paeth(a, b, c byte) byte {
	abs := func(n int) int { return max(n, -n) }
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func untiff(data []byte, row, colors, depth int) ([]byte, error) {
	if depth != 8 {
		return nil, damaged("TIFF predictor with %d bits is not supported", depth)
	}
	for at := 0; at < len(data); at += row {
		line := data[at:min(len(data), at+row)]
		for i := colors; i < len(line); i++ {
			line[i] += line[i-colors]
		}
	}
	return data, nil
}
