package edxml

// CodeScheme is the form of agency identifiers that a peer expects.
type CodeScheme string

// The two schemes; the axis publishes which codes of one agency belong together.
const (
	SchemeQD20    CodeScheme = "qd20"    // H53.13 (QĐ 20/2020)
	SchemeQCVN102 CodeScheme = "qcvn102" // 000.00.13.H53 (QCVN 102:2016)
)

// RecallRoute is how a peer is asked to take a document back.
type RecallRoute string

// Recall routes: a document message with DocRecall, a status 13, or both.
const (
	RecallByDocument RecallRoute = "document"
	RecallByStatus   RecallRoute = "status"
	RecallByBoth     RecallRoute = "both"
)

// SignatureElement is what a message carries in place of a signature of its own; the
// signatures that count are inside the attached PDFs (NĐ 30/2020 Đ.5).
type SignatureElement string

// Signature elements seen on the axis.
const (
	SignatureNone         SignatureElement = ""
	SignatureEmptyDigital SignatureElement = "DigitalSignature"
)

// Dialect is how to speak to one peer or axis. The writer uses Prefix, DocumentIDLast,
// PlainContent, BareContentID and Signature; the connector the rest. The zero value is
// not a dialect: start from SDK or DotNet.
type Dialect struct {
	Name           string
	Prefix         string           // literal element prefix; deployed readers look for "edXML"
	DocumentIDLast bool             // DocumentId after ToPlaces instead of third
	PlainContent   bool             // ContentTransferEncoded without prefix
	BareContentID  bool             // "cid:" in the manifest only
	Signature      SignatureElement // what stands after TraceHeaderList
	Codes          CodeScheme       // in From, To and DocumentId
	PaddedHash     bool             // hash-file as 64 hex digits instead of the unpadded form
	Recall         RecallRoute
	SendTo         bool // name the recipients in the "to" header of document messages
}

// SDK is the dialect of the axis operator's own Java library, the safest choice.
func SDK() Dialect {
	return Dialect{
		Name: "sdk", Prefix: "edXML", Codes: SchemeQD20, Recall: RecallByDocument, SendTo: true,
	}
}

// DotNet is the dialect of the .NET library and what follows it.
func DotNet() Dialect {
	d := SDK()
	d.Name = "dotnet"
	d.DocumentIDLast, d.PlainContent, d.BareContentID = true, true, true
	d.Signature = SignatureEmptyDigital
	d.Recall = RecallByStatus
	return d
}
