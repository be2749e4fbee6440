package cms

// normalise rewrites the first BER element of in with definite, minimal lengths and
// primitive OCTET STRINGs, which is what many deployed signers deviate from: they
// write indefinite lengths. Nothing else changes; DER comes out as it went in. rest
// is what follows the element. The content of primitive elements is never looked at.
func normalise(in []byte) (out, rest []byte, err error) {
	if len(in) > MaxSize {
		return nil, nil, malformed("%d bytes, the limit is %d", len(in), MaxSize)
	}
	return normaliseElement(in, 0)
}

const (
	tagConstructed = 0x20
	tagOctetString = 0x04
)

func normaliseElement(in []byte, depth int) (out, rest []byte, err error) {
	if depth > maxDepth {
		return nil, nil, malformed("nested deeper than %d", maxDepth)
	}
	tag, length, body, err := header(in)
	if err != nil {
		return nil, nil, err
	}
	if length >= 0 {
		rest, body = body[length:], body[:length]
	}
	if tag&tagConstructed == 0 {
		if length < 0 {
			return nil, nil, malformed("primitive element of indefinite length")
		}
		return element(tag, body), rest, nil
	}
	var content []byte
	join := tag == tagOctetString|tagConstructed
	for {
		if length >= 0 && len(body) == 0 {
			break
		}
		if length < 0 && len(body) >= 2 && body[0] == 0 && body[1] == 0 {
			rest = body[2:]
			break
		}
		var child []byte
		if child, body, err = normaliseElement(body, depth+1); err != nil {
			return nil, nil, err
		}
		if join {
			if child[0] != tagOctetString {
				return nil, nil, malformed("OCTET STRING made of tag %#x", child[0])
			}
			if _, _, child, err = header(child); err != nil {
				return nil, nil, err
			}
		}
		content = append(content, child...)
	}
	if join {
		tag = tagOctetString
	}
	return element(tag, content), rest, nil
}

// header reads tag and length; length is -1 when indefinite. body starts after it
// and holds at least length bytes.
func header(in []byte) (tag byte, length int, body []byte, err error) {
	if len(in) < 2 {
		return 0, 0, nil, malformed("ends within an element")
	}
	tag = in[0]
	if tag&0x1f == 0x1f || tag == 0 {
		return 0, 0, nil, malformed("unexpected tag %#x", tag)
	}
	first, body := in[1], in[2:]
	switch {
	case first == 0x80:
		return tag, -1, body, nil
	case first < 0x80:
		length = int(first)
	default:
		n := int(first & 0x7f)
		if n > len(body) {
			return 0, 0, nil, malformed("ends within a length")
		}
		for _, b := range body[:n] {
			if length = length<<8 | int(b); length > MaxSize {
				return 0, 0, nil, malformed("element longer than %d bytes", MaxSize)
			}
		}
		body = body[n:]
	}
	if length > len(body) {
		return 0, 0, nil, malformed("element of %d bytes in %d", length, len(body))
	}
	return tag, length, body, nil
}

func element(tag byte, content []byte) []byte {
	out := make([]byte, 0, len(content)+6)
	out = append(out, tag)
	switch n := len(content); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 1<<8:
		out = append(out, 0x81, byte(n))
	case n < 1<<16:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default: // MaxSize fits
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, content...)
}
