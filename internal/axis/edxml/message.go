// Package edxml is the codec of edXML, the message format of the national document
// interconnection axis (Trục liên thông văn bản quốc gia; QCVN 102:2016/BTTTT and its
// Amendment 1:2022).
//
// A Message carries a document, a Status says what became of one. Go fields are named
// and ordered as the wire's elements, so the types are the format: the writer walks
// them in order, the reader fills them by name. What the fields may hold is data in
// Fields and StatusFields; how peers differ is data in Dialect.
//
// Attachments are never held in memory: the writer copies them from a reader through
// base64 to the wire, the reader decodes them into files that the caller opens.
//
// The normative tables of the regulation were not at hand; names, order and lengths
// follow what systems on the axis send and enforce (docs/axis.md lists what is
// unverified).
package edxml

import (
	"io"
)

// Namespace is the namespace of every element, unchanged since 2016.
const Namespace = "http://www.mic.gov.vn/TBT/QCVN_102_2016"

// Message is an edXML document message (messagetype edoc): new, recall, update or
// replacement, told apart by TraceHeaderList.Bussiness.BussinessDocType.
type Message struct {
	MessageHeader   MessageHeader
	TraceHeaderList TraceHeaderList
	Attachments     []Attachment `json:",omitzero"`
}

// MessageHeader names sender, recipients and the document.
type MessageHeader struct {
	From             Agency
	To               []Agency
	DocumentId       string
	Code             Code
	PromulgationInfo PromulgationInfo
	DocumentType     DocumentType
	Subject          string
	Content          string        `json:",omitzero"`
	SignerInfo       SignerInfo    `json:",omitzero"`
	DueDate          Date          `json:",omitzero"`
	OtherInfo        OtherInfo     `json:",omitzero"`
	ResponseFor      []ResponseFor `json:",omitzero"`
	SteeringType     Number        `json:",omitzero"` // 1 not a directive, 2 directive, 3 report on one
	ToPlaces         ToPlaces      `json:",omitzero"`
}

// Agency is a sender or recipient: its identifier (mã định danh) and how it is called.
type Agency struct {
	OrganId              string
	OrganizationInCharge string `json:",omitzero"`
	OrganName            string `json:",omitzero"`
	OrganAdd             string `json:",omitzero"`
	Email                string `json:",omitzero"`
	Telephone            string `json:",omitzero"`
	Fax                  string `json:",omitzero"`
	Website              string `json:",omitzero"`
}

// Code is the document's number (số) and notation (ký hiệu), verbatim.
type Code struct {
	CodeNumber   string
	CodeNotation string
}

// String is the printed reference, number + "/" + notation.
func (c Code) String() string {
	if c.CodeNotation == "" {
		return c.CodeNumber
	}
	return c.CodeNumber + "/" + c.CodeNotation
}

// PromulgationInfo is where and when the document was issued.
type PromulgationInfo struct {
	Place            string `json:",omitzero"`
	PromulgationDate Date
}

// SignerInfo names the signer: authority (TM., KT., TL., TUQ., Q.), position, name.
type SignerInfo struct {
	Competence string `json:",omitzero"`
	Position   string `json:",omitzero"`
	FullName   string `json:",omitzero"`
}

// OtherInfo is what the head of the document says besides.
type OtherInfo struct {
	Priority             Number     `json:",omitzero"` // 0 thường … 4 hỏa tốc hẹn giờ
	SphereOfPromulgation string     `json:",omitzero"`
	TyperNotation        string     `json:",omitzero"`
	PromulgationAmount   Number     `json:",omitzero"`
	PageAmount           Number     `json:",omitzero"`
	Appendixes           Appendixes `json:",omitzero"`
}

// Appendixes holds the titles of the annexes.
type Appendixes struct {
	Appendix []string
}

// ResponseFor names an earlier document. Code is its full "number/notation".
type ResponseFor struct {
	OrganId          string
	Code             string `json:",omitzero"`
	DocumentId       string `json:",omitzero"`
	PromulgationDate Date   `json:",omitzero"`
}

// ToPlaces is the "Nơi nhận" block besides the main recipients.
type ToPlaces struct {
	Place []string
}

// TraceHeaderList is the way the message took and what it is for.
type TraceHeaderList struct {
	TraceHeader []TraceHeader
	Bussiness   Bussiness
}

// TraceHeader is one system the message passed through.
type TraceHeader struct {
	OrganId   string
	Timestamp Timestamp
}

// Kinds of a document message (BussinessDocType).
const (
	DocNew     Number = "0" // văn bản mới
	DocRecall  Number = "1" // thu hồi
	DocUpdate  Number = "2" // cập nhật
	DocReplace Number = "3" // thay thế
)

// Bussiness (spelt as on the wire) says what the message does and to which earlier
// document.
type Bussiness struct {
	DocumentId            string `json:",omitzero"` // the document recalled or updated
	BussinessDocType      Number
	BussinessDocReason    string                `json:",omitzero"`
	Paper                 Number                `json:",omitzero"` // 1: a paper copy follows
	BussinessDocumentInfo BussinessDocumentInfo `json:",omitzero"`
	ReplacementInfoList   ReplacementInfoList   `json:",omitzero"`
	StaffInfo             StaffInfo             `json:",omitzero"`
}

// BussinessDocumentInfo says what an update changes.
type BussinessDocumentInfo struct {
	DocumentInfo     Number       `json:",omitzero"` // 1: the information
	DocumentReceiver Number       `json:",omitzero"` // 1: the recipients
	ReceiverList     ReceiverList `json:",omitzero"`
}

// ReceiverList holds the recipients an update adds or removes.
type ReceiverList struct {
	Receiver []Receiver
}

// Receiver is one of them; ReceiverType is 0 for removed, 1 for added.
type Receiver struct {
	OrganId      string
	ReceiverType Number
}

// ReplacementInfoList holds the documents that a replacement replaces.
type ReplacementInfoList struct {
	ReplacementInfo []ReplacementInfo
}

// ReplacementInfo is one replaced document and the agencies that had received it.
type ReplacementInfo struct {
	DocumentId  string
	OrganIdList OrganIdList `json:",omitzero"`
}

// OrganIdList is a list of agency identifiers.
type OrganIdList struct {
	OrganId []string
}

// StaffInfo is the clerk who answers for the message.
type StaffInfo struct {
	Department string `json:",omitzero"`
	Staff      string `json:",omitzero"`
	Email      string `json:",omitzero"`
	Mobile     string `json:",omitzero"`
}

// Attachment is a file of a document. ContentId is without the "cid:" prefix, which
// the writer adds and the reader strips. AttachmentName is a foreign word: never a path.
//
// For Write the caller gives Open; a Size above zero and a SHA256 are checked against
// the bytes copied. Read sets all fields, Open included, which then reads from the file
// that the caller's Spool opened.
type Attachment struct {
	ContentId      string
	AttachmentName string
	Description    string                        `json:",omitzero"`
	ContentType    string                        `json:",omitzero"` // as declared on the wire; Write sets its own
	Size           int64                         `json:",omitzero"` // bytes, unzipped
	SHA256         Digest                        `json:",omitzero"` // of the same bytes
	Sniffed        string                        `json:",omitzero"` // media type by the bytes; set by Read
	Zipped         bool                          `json:",omitzero"` // came wrapped in a ZIP; set by Read
	Open           func() (io.ReadCloser, error) `json:"-"`
}
