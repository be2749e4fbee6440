package document

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"

	"congvan/internal/calendar"
	"congvan/internal/textfold"
)

// ContentHash gathers what makes two messages the same document (D2, D3): the fields of
// the head in the order of the field table of edXML, under their paths there, and the
// hash of each attached file. Not among them are the recipients, the way the message took,
// its times and the ids and layout of its parts, which a relay or a second sending may
// change. The zero value is ready; it is not safe for concurrent use.
type ContentHash struct{ h hash.Hash }

// Field adds a value. Text counts in normal form C without the space around it; an empty
// one and "N/A" are no value at all; identifiers of agencies count without their case.
func (c *ContentHash) Field(path, value string) {
	value = strings.TrimSpace(textfold.NFC(value))
	if value == "" || strings.EqualFold(value, "N/A") {
		return
	}
	if strings.HasSuffix(path, "/OrganId") {
		value = strings.ToUpper(value)
	}
	c.put(path)
	c.put(value)
}

// File adds the SHA-256, in hex, of an attached file's own bytes.
func (c *ContentHash) File(sha256 string) { c.put("file"); c.put(sha256) }

func (c *ContentHash) put(s string) {
	if c.h == nil {
		c.h = sha256.New()
	}
	c.h.Write([]byte(strconv.Itoa(len(s)) + ":" + s))
}

// Sum is the SHA-256 of everything added, in hex.
func (c *ContentHash) Sum() string {
	if c.h == nil {
		c.h = sha256.New()
	}
	return hex.EncodeToString(c.h.Sum(nil))
}

// ContentHash is the hash of the message that the consignment came in or, for one of this
// installation, of the message it makes on the axis.
func (c *Consignment) ContentHash() string {
	if c.Hash != "" {
		return c.Hash
	}
	var h ContentHash
	put := func(path, value string) { h.Field("MessageHeader/"+path, value) }
	put("From/OrganId", c.From.OrganID)
	put("From/OrganizationInCharge", c.InCharge)
	put("From/OrganName", c.From.OrganName)
	put("DocumentId", c.DocumentID)
	put("Code/CodeNumber", c.CodeNumber)
	put("Code/CodeNotation", c.CodeNotation)
	put("PromulgationInfo/Place", c.Place)
	put("PromulgationInfo/PromulgationDate", wireDay(c.IssuedDate))
	put("DocumentType/Type", "2")
	put("DocumentType/TypeDetail", strconv.Itoa(c.TypeDetail))
	put("DocumentType/TypeName", c.TypeName)
	put("Subject", c.Subject)
	put("Content", c.Subject)
	put("SignerInfo/Competence", c.Competence)
	put("SignerInfo/Position", c.SignerTitle)
	put("SignerInfo/FullName", c.SignerName)
	put("DueDate", wireDay(c.DueDate))
	put("OtherInfo/Priority", strconv.Itoa(int(c.Urgency)))
	put("OtherInfo/PromulgationAmount", strconv.Itoa(c.Copies))
	put("OtherInfo/PageAmount", strconv.Itoa(c.PageAmount))
	for _, f := range c.Files {
		if f.Role == Annex {
			put("OtherInfo/Appendixes/Appendix", f.Name)
		}
	}
	for _, r := range c.ResponseFor {
		put("ResponseFor/OrganId", r.OrganID)
		put("ResponseFor/Code", r.Code)
		put("ResponseFor/DocumentId", r.DocumentID)
		put("ResponseFor/PromulgationDate", wireDay(r.PromulgationDate))
	}
	if c.Aim != nil && c.Aim.Kind != Replace {
		for _, e := range c.Aim.Of {
			put("ResponseFor/OrganId", e.OrganID)
			put("ResponseFor/Code", e.Code)
			put("ResponseFor/DocumentId", e.DocumentID)
			put("ResponseFor/PromulgationDate", wireDay(e.PromulgationDate))
		}
	}
	put("SteeringType", "1")
	for _, p := range c.ToPlaces {
		put("ToPlaces/Place", p)
	}
	if c.Aim != nil {
		c.Aim.hash(&h)
	}
	for _, f := range c.Files {
		h.File(f.Blob)
	}
	return h.Sum()
}

// hash adds what a message is aimed at.
func (a *Aim) hash(h *ContentHash) {
	put := func(path, value string) { h.Field("TraceHeaderList/Bussiness/"+path, value) }
	flag := map[bool]string{true: "1", false: "0"}
	if a.Kind != Replace && len(a.Targets) > 0 && len(a.Targets[0]) > 0 {
		put("DocumentId", a.Targets[0][0])
	}
	put("BussinessDocType", map[ChangeKind]string{Recall: "1", Update: "2", Replace: "3"}[a.Kind])
	if a.Kind == Update {
		put("BussinessDocumentInfo/DocumentInfo", flag[a.Info])
		put("BussinessDocumentInfo/DocumentReceiver", flag[len(a.Receivers) > 0])
		for _, r := range a.Receivers {
			put("BussinessDocumentInfo/ReceiverList/Receiver/OrganId", r.OrganID)
			put("BussinessDocumentInfo/ReceiverList/Receiver/ReceiverType", flag[r.Added])
		}
	}
	if a.Kind == Replace {
		for _, e := range a.Of {
			put("ReplacementInfoList/ReplacementInfo/DocumentId", e.DocumentID)
			for _, id := range e.Recipients {
				put("ReplacementInfoList/ReplacementInfo/OrganIdList/OrganId", id)
			}
		}
	}
}

func wireDay(d calendar.Date) string {
	return strings.ReplaceAll(d.String(), "-", "/")
}
