package validation

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"congvan/signing"
)

// The elements of ETSI TS 119 102-2 that are used here, named and ordered as its schema
// has them. Prefixes are literal.
type (
	etsiReport struct {
		XMLName    xml.Name        `xml:"vr:ValidationReport"`
		VR         string          `xml:"xmlns:vr,attr"`
		DS         string          `xml:"xmlns:ds,attr"`
		Own        string          `xml:"xmlns:cv,attr"`
		Signatures []etsiSignature `xml:"vr:SignatureValidationReport"`
		Objects    *etsiObjects    `xml:"vr:SignatureValidationObjects,omitempty"`
	}
	etsiSignature struct {
		ID          *etsiID          `xml:"vr:SignatureIdentifier"`
		Constraints *etsiConstraints `xml:"vr:ValidationConstraintsEvaluationReport,omitempty"`
		Time        *etsiTime        `xml:"vr:ValidationTimeInfo,omitempty"`
		Document    *etsiDocument    `xml:"vr:SignersDocument,omitempty"`
		Attributes  *etsiAttributes  `xml:"vr:SignatureAttributes,omitempty"`
		Signer      *etsiSigner      `xml:"vr:SignerInformation,omitempty"`
		Process     *etsiProcess     `xml:"vr:SignatureValidationProcess,omitempty"`
		Status      etsiOutcome      `xml:"vr:SignatureValidationStatus"`
	}
	etsiID struct {
		ID      string `xml:"id,attr"`
		Hash    bool   `xml:"vr:HashOnly"`
		DocHash bool   `xml:"vr:DocHashOnly"`
		Name    string `xml:"vr:DAIdentifier,omitempty"`
	}
	etsiConstraints struct {
		Constraints []etsiConstraint `xml:"vr:ValidationConstraint"`
	}
	etsiConstraint struct {
		ID          string           `xml:"vr:ValidationConstraintIdentifier"`
		Applied     string           `xml:"vr:ConstraintStatus>vr:Status"`
		Status      *etsiStatus      `xml:"vr:ValidationStatus,omitempty"`
		Indications *etsiIndications `xml:"vr:Indications,omitempty"`
	}
	etsiIndications struct {
		Reasons []etsiText `xml:"cv:Reason"`
	}
	etsiText struct {
		Code string `xml:"code,attr"`
		Text string `xml:",chardata"`
	}
	etsiTime struct {
		At   string `xml:"vr:ValidationTime"`
		Best string `xml:"vr:BestSignatureTime>vr:POETime"`
		Type string `xml:"vr:BestSignatureTime>vr:TypeOfProof"`
	}
	etsiDigest struct {
		Method etsiMethod `xml:"ds:DigestMethod"`
		Value  string     `xml:"ds:DigestValue"`
	}
	etsiMethod struct {
		Algorithm string `xml:"Algorithm,attr"`
	}
	etsiDocument struct {
		Digest etsiDigest `xml:"vr:DigestAlgAndValue"`
	}
	etsiAttributes struct {
		Claimed   *etsiClaimed   `xml:"vr:SigningTime,omitempty"`
		SubFilter *etsiSubFilter `xml:"vr:SubFilter,omitempty"`
	}
	etsiClaimed struct {
		Time string `xml:"vr:Time"`
	}
	etsiSubFilter struct {
		Name string `xml:"vr:SubFilterElement"`
	}
	etsiRef struct {
		To string `xml:"VOReference,attr"`
	}
	etsiSigner struct {
		Certificate etsiRef `xml:"vr:SignerCertificate"`
		Name        string  `xml:"vr:Signer,omitempty"`
	}
	etsiProcess struct {
		ID string `xml:"vr:SignatureValidationProcessID"`
	}
	etsiOutcome struct {
		etsiStatus
		Data *etsiData `xml:"vr:AssociatedValidationReportData,omitempty"`
	}
	etsiData struct {
		Anchor *etsiRef  `xml:"vr:TrustAnchor,omitempty"`
		Used   []etsiRef `xml:"vr:RelatedValidationObject,omitempty"`
	}
	etsiObjects struct {
		Objects []etsiObject `xml:"vr:ValidationObject"`
	}
	etsiObject struct {
		ID             string             `xml:"id,attr"`
		Type           string             `xml:"vr:ObjectType"`
		Representation etsiRepresentation `xml:"vr:ValidationObjectRepresentation"`
		Report         *etsiSignature     `xml:"vr:ValidationReport,omitempty"`
	}
	etsiRepresentation struct {
		Base64 string      `xml:"vr:base64,omitempty"`
		Digest *etsiDigest `xml:"vr:DigestAlgAndValue,omitempty"`
		URI    string      `xml:"vr:URI,omitempty"`
	}
)

const (
	etsiNamespace   = "http://uri.etsi.org/19102/v1.2.1#"
	dsigNamespace   = "http://www.w3.org/2000/09/xmldsig#"
	sha256Algorithm = "http://www.w3.org/2001/04/xmlenc#sha256"
	objectType      = "urn:etsi:019102:validationObject:"
)

// WriteETSI writes the report on one file in the XML of ETSI TS 119 102-2: one
// SignatureValidationReport for each signature, or one that says why there is none, and
// the certificates, answers about revocation and document timestamps that were used.
// Revocation lists stand there by their digest: the evidence has them whole.
func WriteETSI(w io.Writer, r *signing.Report) error {
	x := &etsiWriter{report: r}
	x.evidence()
	out := etsiReport{VR: etsiNamespace, DS: dsigNamespace, Own: ownNamespace + "report"}
	for i, s := range r.Signatures {
		out.Signatures = append(out.Signatures, x.signature(fmt.Sprintf("S-%d", i+1), s))
	}
	if len(out.Signatures) == 0 {
		out.Signatures = []etsiSignature{{
			ID: &etsiID{ID: "S-0", Name: printableXML(r.File)}, Document: x.document(), Status: etsiOutcome{etsiStatus: fileStatus(r)},
		}}
	}
	for i, t := range r.Timestamps {
		x.timestamp(i, t)
	}
	if len(x.objects) > 0 {
		out.Objects = &etsiObjects{x.objects}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type etsiWriter struct {
	report  *signing.Report
	objects []etsiObject
}

func (x *etsiWriter) add(o etsiObject) {
	if !slices.ContainsFunc(x.objects, func(p etsiObject) bool { return p.ID == o.ID }) {
		x.objects = append(x.objects, o)
	}
}

func (x *etsiWriter) signature(id string, s signing.SignatureReport) etsiSignature {
	timestamped := s.TimeSource == "timestamp"
	out := etsiSignature{
		ID:          &etsiID{ID: id, Name: printableXML(s.Field)},
		Constraints: constraints(s.Reasons, timestamped, unmade(s)...),
		Time:        x.time(s.Time, timestamped), Document: x.document(),
		Process: &etsiProcess{process(s.Level)},
		Status:  etsiOutcome{etsiStatus: status(s.Reasons, timestamped, totalPassed, totalFailed), Data: x.used()},
	}
	attributes := &etsiAttributes{SubFilter: &etsiSubFilter{printableXML(s.SubFilter)}}
	if s.TimeSource == "claimed" && s.Time != nil {
		attributes.Claimed = &etsiClaimed{s.Time.UTC().Format(time.RFC3339)}
	}
	out.Attributes = attributes
	if sum, err := hex.DecodeString(s.Fingerprint); err == nil && len(sum) == sha256.Size {
		out.Signer = &etsiSigner{Certificate: etsiRef{"C-" + s.Fingerprint}, Name: printableXML(s.Signer)}
		x.add(etsiObject{ // unless the evidence has it whole
			ID: "C-" + s.Fingerprint, Type: objectType + "certificate",
			Representation: etsiRepresentation{Digest: digestOf(sum)},
		})
	}
	return out
}

// process names the validation process by what the signature reached.
func process(level string) string {
	const base = "urn:etsi:019102:validationprocess:"
	switch level {
	case "B-T", "B-LT":
		return base + "LTVM"
	case "B-LTA":
		return base + "LTA"
	}
	return base + "Basic"
}

func (x *etsiWriter) time(best *time.Time, timestamped bool) *etsiTime {
	if x.report.Evidence == nil {
		return nil
	}
	at := x.report.Evidence.At.UTC().Format(time.RFC3339)
	out := &etsiTime{At: at, Best: at, Type: "urn:etsi:019102:poetype:validation"}
	if best != nil && timestamped {
		out.Best, out.Type = best.UTC().Format(time.RFC3339), "urn:etsi:019102:poetype:provided"
	}
	return out
}

func (x *etsiWriter) document() *etsiDocument {
	sum, err := hex.DecodeString(x.report.SHA256)
	if err != nil || len(sum) == 0 {
		return nil
	}
	return &etsiDocument{*digestOf(sum)}
}

// used refers to what the verdict stood on.
func (x *etsiWriter) used() *etsiData {
	e := x.report.Evidence
	if e == nil || len(e.Anchors) == 0 {
		return nil
	}
	out := &etsiData{Anchor: &etsiRef{certificateID(e.Anchors[0])}}
	for _, c := range slices.Concat(e.Anchors[1:], e.Certificates) {
		out.Used = append(out.Used, etsiRef{certificateID(c)})
	}
	for _, der := range e.OCSP {
		out.Used = append(out.Used, etsiRef{"O-" + fingerprint(der)})
	}
	for _, der := range e.CRLs {
		out.Used = append(out.Used, etsiRef{"R-" + fingerprint(der)})
	}
	return out
}

func digestOf(sum []byte) *etsiDigest {
	return &etsiDigest{etsiMethod{sha256Algorithm}, base64.StdEncoding.EncodeToString(sum)}
}

func certificateID(c *x509.Certificate) string { return "C-" + fingerprint(c.Raw) }

// evidence lists what the verdict stood on.
func (x *etsiWriter) evidence() {
	e := x.report.Evidence
	if e == nil {
		return
	}
	for _, c := range slices.Concat(e.Anchors, e.Certificates) {
		x.add(etsiObject{ID: certificateID(c), Type: objectType + "certificate", Representation: etsiRepresentation{Base64: base64.StdEncoding.EncodeToString(c.Raw)}})
	}
	for _, der := range e.OCSP {
		x.add(etsiObject{ID: "O-" + fingerprint(der), Type: objectType + "OCSPResponse", Representation: etsiRepresentation{Base64: base64.StdEncoding.EncodeToString(der)}})
	}
	for _, der := range e.CRLs {
		sum := sha256.Sum256(der)
		x.add(etsiObject{
			ID: "R-" + hex.EncodeToString(sum[:]), Type: objectType + "CRL",
			Representation: etsiRepresentation{Digest: digestOf(sum[:])},
		})
	}
}

// timestamp adds a document timestamp with a report of its own.
func (x *etsiWriter) timestamp(i int, t signing.TimestampReport) {
	id := fmt.Sprintf("T-%d", i+1)
	x.add(etsiObject{
		ID: id, Type: objectType + "timestamp",
		Representation: etsiRepresentation{URI: ownNamespace + "field:" + url.PathEscape(t.Field)},
		Report: &etsiSignature{
			ID: &etsiID{ID: id + "-report", Name: printableXML(t.Field)}, Constraints: constraints(t.Reasons, false, unmade(signing.SignatureReport{Integrity: t.Integrity, Trust: t.Trust})...),
			Time: x.time(t.Time, t.Time != nil), Status: etsiOutcome{etsiStatus: status(t.Reasons, false, "passed", "failed")},
		},
	})
}

// printableXML drops what XML 1.0 cannot hold: names come out of foreign files.
func printableXML(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xfffd || r < ' ' && r != '\t' || r >= 0xfffe && r <= 0xffff {
			return '?'
		}
		return r
	}, s)
}
