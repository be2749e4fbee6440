package edxml

import "cmp"

// Limits bound what Read takes from a foreign message. A zero field stands for the
// default.
type Limits struct {
	Bytes       int64 // the whole message as it came
	Markup      int64 // everything outside the attachments' content
	Token       int   // one tag, text or comment
	Depth       int   // elements within elements
	Elements    int
	Attachments int
	File        int64 // one attachment, decoded and unzipped
	Files       int64 // all attachments, each counted as it came and once more unzipped
	Ratio       int64 // unzipped bytes for each zipped one, above the first 10 MiB
	Unknown     int   // unknown elements kept
}

// DefaultLimits are those of a server that takes files of 200 MiB.
func DefaultLimits() Limits {
	return Limits{
		Bytes:       600 << 20,
		Markup:      16 << 20,
		Token:       256 << 10,
		Depth:       24,
		Elements:    200_000,
		Attachments: 200,
		File:        200 << 20,
		Files:       1 << 30,
		Ratio:       100,
		Unknown:     200,
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	l.Bytes = cmp.Or(l.Bytes, d.Bytes)
	l.Markup = cmp.Or(l.Markup, d.Markup)
	l.Token = cmp.Or(l.Token, d.Token)
	l.Depth = cmp.Or(l.Depth, d.Depth)
	l.Elements = cmp.Or(l.Elements, d.Elements)
	l.Attachments = cmp.Or(l.Attachments, d.Attachments)
	l.File = cmp.Or(l.File, d.File)
	l.Files = cmp.Or(l.Files, d.Files)
	l.Ratio = cmp.Or(l.Ratio, d.Ratio)
	l.Unknown = cmp.Or(l.Unknown, d.Unknown)
	return l
}
