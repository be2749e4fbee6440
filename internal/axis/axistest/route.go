package axistest

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Route is what the axis reads of a message: who it is from and for.
type Route struct {
	From       string
	To         []string
	DocumentID string
	Notation   string // number/notation
	Subject    string
	StatusCode string // empty for a document
	About      string // ResponseFor/OrganId, the addressee of a status
}

// ReadRoute reads a message up to the end of its header, by local names alone.
func ReadRoute(r io.Reader) (Route, error) {
	dec := xml.NewDecoder(r)
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var out Route
	var open []string
	var text strings.Builder
	var number, notation string
	seen := false
	for {
		t, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			open = append(open, strings.ToLower(t.Name.Local))
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if len(open) == 0 {
				return out, errors.New("end tag without a start")
			}
			value := strings.TrimSpace(text.String())
			if strings.EqualFold(value, "N/A") {
				value = ""
			}
			text.Reset()
			switch path := strings.Join(open[max(0, len(open)-3):], "/"); path {
			case "messageheader/from/organid":
				out.From, seen = value, true
			case "messageheader/to/organid":
				out.To = append(out.To, value)
			case "messageheader/code/codenumber":
				number = value
			case "messageheader/code/codenotation":
				notation = value
			case "messageheader/responsefor/organid":
				if out.About == "" {
					out.About = value
				}
			default:
				switch {
				case strings.HasSuffix(path, "/messageheader/documentid"):
					out.DocumentID = value
				case strings.HasSuffix(path, "/messageheader/subject"):
					out.Subject = value
				case strings.HasSuffix(path, "/messageheader/statuscode"):
					out.StatusCode = value
				}
			}
			last := open[len(open)-1]
			open = open[:len(open)-1]
			if last == "edxmlheader" {
				return finishRoute(out, number, notation, seen)
			}
		}
	}
	return finishRoute(out, number, notation, seen)
}

func finishRoute(r Route, number, notation string, seen bool) (Route, error) {
	if !seen {
		return r, errors.New("no MessageHeader/From/OrganId")
	}
	r.Notation = strings.Trim(number+"/"+notation, "/")
	return r, nil
}
