package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrFilter is wrapped by the error of Decode for a filter it does not know: image
// formats above all.
var ErrFilter = errors.New("pdf: filter not supported")

// Ref is the object number of the stream.
func (s *Stream) Ref() Ref { return s.ref }

// Raw is the stream's data as it lies in the file, filters and encryption and all.
func (f *File) Raw(s *Stream) (*io.SectionReader, error) {
	start, n, err := f.bounds(s)
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(f.r, start, n), nil
}

// bounds are the offset and the length of a stream's data. Where /Length does not
// lead to endstream, the first endstream behind the start ends the data.
func (f *File) bounds(s *Stream) (start, n int64, err error) {
	n, err = f.Int(s.Dict["Length"])
	if err == nil && n >= 0 && n <= s.limit-s.start {
		l := f.lexer(s.start+n, s.limit)
		if t, err := l.token(); err == nil && t == Keyword("endstream") {
			return s.start, n, nil
		}
	}
	if err := f.ctx.Err(); err != nil {
		return 0, 0, err
	}
	word := []byte("endstream")
	for at := s.start; at < s.limit; {
		step := min(256<<10, s.limit-at)
		chunk, err := f.read(at, step)
		if err != nil {
			return 0, 0, err
		}
		if err := f.spend(step); err != nil {
			return 0, 0, err
		}
		if i := bytes.Index(chunk, word); i >= 0 {
			return s.start, f.trimEOL(s.start, at+int64(i)) - s.start, nil
		}
		if at+step >= s.limit {
			break
		}
		at += step - int64(len(word)) + 1
	}
	return 0, 0, damaged("stream at offset %d has no endstream", s.start)
}

// trimEOL takes the end of line before endstream off the data.
func (f *File) trimEOL(start, end int64) int64 {
	b, err := f.read(max(start, end-2), end-max(start, end-2))
	if err != nil {
		return end
	}
	if bytes.HasSuffix(b, []byte("\n")) {
		b, end = b[:len(b)-1], end-1
	}
	if bytes.HasSuffix(b, []byte("\r")) {
		end--
	}
	return end
}

// Decode returns the stream's data with its filters undone, at most max bytes.
// The error wraps ErrFilter for a filter that is no general-purpose one (DCTDecode,
// JPXDecode, CCITTFaxDecode, JBIG2Decode).
func (f *File) Decode(s *Stream, max int64) ([]byte, error) {
	return f.decode(s, min(max, f.lim.Inflate), true)
}

func (f *File) decode(s *Stream, limit int64, decrypt bool) ([]byte, error) {
	raw, err := f.Raw(s)
	if err != nil {
		return nil, err
	}
	names, parms, err := f.filters(s.Dict)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 && raw.Size() > limit {
		return nil, tooMuch("stream %v holds more than %d bytes", s.ref, limit)
	}
	if raw.Size() > f.lim.Inflate {
		return nil, tooMuch("stream %v holds more than %d bytes", s.ref, f.lim.Inflate)
	}
	data := make([]byte, raw.Size())
	if _, err := io.ReadFull(raw, data); err != nil {
		return nil, fmt.Errorf("pdf: stream %v: %w", s.ref, err)
	}
	if decrypt && f.crypt != nil {
		if data, err = f.crypt.stream(data, s); err != nil {
			return nil, err
		}
	}
	for i, name := range names {
		if err := f.ctx.Err(); err != nil {
			return nil, err
		}
		if data, err = undo(name, parms[i], data, limit, f.lim.InflateRatio); err != nil {
			return nil, fmt.Errorf("stream %v: %w", s.ref, err)
		}
		if f.inflate += int64(len(data)); f.inflate > f.lim.InflateTotal {
			return nil, tooMuch("streams hold more than %d bytes together", f.lim.InflateTotal)
		}
	}
	return data, nil
}

// filters are the names and parameters of a stream's filters, in order.
func (f *File) filters(d Dict) ([]Name, []Dict, error) {
	o, err := f.Resolve(d["Filter"])
	if err != nil || o == nil {
		return nil, nil, err
	}
	p, err := f.Resolve(d["DecodeParms"])
	if err != nil {
		return nil, nil, err
	}
	list, ok := o.(Array)
	if !ok {
		list, p = Array{o}, Array{p}
	}
	if len(list) > 8 {
		return nil, nil, tooMuch("%d filters on one stream", len(list))
	}
	plist, _ := p.(Array)
	names, parms := make([]Name, len(list)), make([]Dict, len(list))
	for i := range list {
		if names[i], err = f.Name(list[i]); err != nil {
			return nil, nil, err
		}
		if i < len(plist) {
			if parms[i], err = f.parms(plist[i]); err != nil {
				return nil, nil, err
			}
		}
	}
	return names, parms, nil
}

func (f *File) parms(o Object) (Dict, error) {
	d, err := f.Dict(o)
	if err != nil {
		return nil, err
	}
	flat := Dict{}
	for k, v := range d {
		if flat[k], err = f.Resolve(v); err != nil {
			return nil, err
		}
	}
	return flat, nil
}
