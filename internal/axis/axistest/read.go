package axistest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"
)

// Content is everything a message says, as the simulator reads it: the values of each
// element below MessageHeader and TraceHeaderList by its path in lower case, and its files.
// A small message is held whole.
type Content struct {
	Values map[string][]string
	Files  []File
}

// File is an attachment: its name and the SHA-256, in hex, of its own bytes.
type File struct{ Name, SHA256 string }

// ReadContent reads a whole message by local names alone, with nothing of the connector's
// codec, so that the two can be held against each other.
func ReadContent(r io.Reader) (*Content, error) {
	dec := xml.NewDecoder(r)
	out := &Content{Values: map[string][]string{}}
	var open []string
	var text strings.Builder
	var file map[string]string
	for {
		t, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			open = append(open, strings.ToLower(t.Name.Local))
			text.Reset()
			if open[len(open)-1] == "attachment" {
				file = map[string]string{}
			}
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			name := open[len(open)-1]
			value := strings.TrimSpace(text.String())
			text.Reset()
			switch p := below(open); {
			case name == "attachment":
				sum, err := contentSum(file["attachmentname"], file["contenttransferencoded"])
				if err != nil {
					return nil, err
				}
				out.Files = append(out.Files, File{file["attachmentname"], sum})
				file = nil
			case file != nil:
				file[name] = value
			case p != "" && value != "" && !strings.EqualFold(value, "N/A"):
				out.Values[p] = append(out.Values[p], value)
			}
			open = open[:len(open)-1]
		}
	}
}

// below is the path from MessageHeader or TraceHeaderList on; empty for any other element.
func below(open []string) string {
	for i, name := range open {
		if name == "messageheader" || name == "traceheaderlist" {
			return strings.Join(open[i:], "/")
		}
	}
	return ""
}

// contentSum hashes an attachment's own bytes: a file that its sender put into a ZIP of its
// own is taken out of it.
func contentSum(name, encoded string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return "", err
	}
	ext := strings.ToLower(path.Ext(name))
	if archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw))); err == nil && len(archive.File) == 1 && ext != ".zip" {
		f, err := archive.File[0].Open()
		if err != nil {
			return "", err
		}
		defer f.Close()
		if raw, err = io.ReadAll(f); err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
