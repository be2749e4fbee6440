package edxml

import "slices"

// Kind is the type of a field's value.
type Kind string

// Kinds of fields.
const (
	KindGroup     Kind = "group" // has elements below it
	KindText      Kind = "text"
	KindOrganID   Kind = "organid"
	KindDate      Kind = "date"
	KindTimestamp Kind = "timestamp"
	KindNumber    Kind = "number"
	KindEmail     Kind = "email"
)

// Field is one element's rule for sending. Nothing is refused for these on receipt.
type Field struct {
	Path     string // below the header, e.g. MessageHeader/From/OrganId
	Kind     Kind
	Max      int    // characters; the greatest value for KindNumber
	Min      int    // the least value for KindNumber
	Required bool   // must be there when the group above it is
	Source   string // where the rule was found
}

// Sources of the rules: NĐ 30/2020 Annex VI, QĐ 20/2020 Đ.4, QĐ 28/2018 Đ.10 and 14 are
// law; "hub" is what a provincial hub enforces, "columns" the widths of a deployed
// client's tables, "sdk" what the operator's own library sends.
const (
	srcA6      = "NĐ 30/2020 PL VI"
	srcQD20    = "QĐ 20/2020 Đ.4"
	srcQD28    = "QĐ 28/2018 Đ.10, 14"
	srcHub     = "hub"
	srcColumns = "columns"
	srcSDK     = "sdk"
)

// Fields is the table of a document message, in the order of Message's elements.
func Fields() []Field { return slices.Clone(messageFields) }

// StatusFields is the table of a status message, in the order of Status's elements.
func StatusFields() []Field { return slices.Clone(statusFields) }

func agencyFields(path string) []Field {
	return []Field{
		{Path: path, Kind: KindGroup, Required: true, Source: srcQD28},
		{Path: path + "/OrganId", Kind: KindOrganID, Max: MaxOrganID, Required: true, Source: srcQD20},
		{Path: path + "/OrganizationInCharge", Kind: KindText, Max: 200, Source: srcHub},
		{Path: path + "/OrganName", Kind: KindText, Max: 200, Source: srcA6},
		{Path: path + "/OrganAdd", Kind: KindText, Max: 250, Source: srcHub},
		{Path: path + "/Email", Kind: KindEmail, Max: 100, Source: srcHub},
		{Path: path + "/Telephone", Kind: KindText, Max: 20, Source: srcHub},
		{Path: path + "/Fax", Kind: KindText, Max: 20, Source: srcHub},
		{Path: path + "/Website", Kind: KindText, Max: 100, Source: srcColumns},
	}
}

func responseForFields(path string, required bool) []Field {
	return []Field{
		{Path: path, Kind: KindGroup, Required: required, Source: srcSDK},
		{Path: path + "/OrganId", Kind: KindOrganID, Max: MaxOrganID, Required: true, Source: srcQD20},
		{Path: path + "/Code", Kind: KindText, Max: 42, Source: srcA6},
		{Path: path + "/DocumentId", Kind: KindText, Max: 200, Required: required, Source: srcColumns},
		{Path: path + "/PromulgationDate", Kind: KindDate, Source: srcSDK},
	}
}

func staffFields(path string) []Field {
	return []Field{
		{Path: path, Kind: KindGroup, Source: srcSDK},
		{Path: path + "/Department", Kind: KindText, Max: 300, Source: srcColumns},
		{Path: path + "/Staff", Kind: KindText, Max: 300, Source: srcColumns},
		{Path: path + "/Email", Kind: KindEmail, Max: 100, Source: srcColumns},
		{Path: path + "/Mobile", Kind: KindText, Max: 50, Source: srcColumns},
	}
}

const (
	hdr = "MessageHeader"
	trc = "TraceHeaderList"
	bus = trc + "/Bussiness"
)

var messageFields = slices.Concat(
	[]Field{{Path: hdr, Kind: KindGroup, Required: true, Source: srcSDK}},
	agencyFields(hdr+"/From"),
	agencyFields(hdr+"/To"),
	[]Field{
		{Path: hdr + "/DocumentId", Kind: KindText, Max: 200, Required: true, Source: srcColumns},
		{Path: hdr + "/Code", Kind: KindGroup, Required: true, Source: srcHub},
		{Path: hdr + "/Code/CodeNumber", Kind: KindText, Max: 11, Required: true, Source: srcA6},
		{Path: hdr + "/Code/CodeNotation", Kind: KindText, Max: 30, Required: true, Source: srcA6},
		{Path: hdr + "/PromulgationInfo", Kind: KindGroup, Required: true, Source: srcHub},
		{Path: hdr + "/PromulgationInfo/Place", Kind: KindText, Max: 50, Source: srcHub},
		{Path: hdr + "/PromulgationInfo/PromulgationDate", Kind: KindDate, Required: true, Source: srcA6},
		{Path: hdr + "/DocumentType", Kind: KindGroup, Required: true, Source: srcHub},
		{Path: hdr + "/DocumentType/Type", Kind: KindNumber, Min: 1, Max: 2, Required: true, Source: srcHub},
		{Path: hdr + "/DocumentType/TypeDetail", Kind: KindNumber, Max: 99, Source: srcSDK},
		{Path: hdr + "/DocumentType/TypeName", Kind: KindText, Max: 100, Source: srcA6},
		{Path: hdr + "/Subject", Kind: KindText, Max: 500, Required: true, Source: srcA6},
		{Path: hdr + "/Content", Kind: KindText, Max: 500, Source: srcHub},
		{Path: hdr + "/SignerInfo", Kind: KindGroup, Source: srcA6},
		{Path: hdr + "/SignerInfo/Competence", Kind: KindText, Max: 100, Source: srcColumns},
		{Path: hdr + "/SignerInfo/Position", Kind: KindText, Max: 100, Source: srcA6},
		{Path: hdr + "/SignerInfo/FullName", Kind: KindText, Max: 50, Source: srcA6},
		{Path: hdr + "/DueDate", Kind: KindDate, Source: srcSDK},
		{Path: hdr + "/OtherInfo", Kind: KindGroup, Source: srcSDK},
		{Path: hdr + "/OtherInfo/Priority", Kind: KindNumber, Max: 4, Source: srcA6},
		{Path: hdr + "/OtherInfo/SphereOfPromulgation", Kind: KindText, Max: 100, Source: srcHub},
		{Path: hdr + "/OtherInfo/TyperNotation", Kind: KindText, Max: 10, Source: srcHub},
		{Path: hdr + "/OtherInfo/PromulgationAmount", Kind: KindNumber, Max: 999, Source: srcA6},
		{Path: hdr + "/OtherInfo/PageAmount", Kind: KindNumber, Max: 999, Source: srcA6},
		{Path: hdr + "/OtherInfo/Appendixes", Kind: KindGroup, Source: srcSDK},
		{Path: hdr + "/OtherInfo/Appendixes/Appendix", Kind: KindText, Max: 500, Source: srcSDK},
	},
	responseForFields(hdr+"/ResponseFor", false),
	[]Field{
		{Path: hdr + "/SteeringType", Kind: KindNumber, Max: 3, Source: srcSDK},
		{Path: hdr + "/ToPlaces", Kind: KindGroup, Source: srcA6},
		{Path: hdr + "/ToPlaces/Place", Kind: KindText, Max: 150, Source: srcHub},
		{Path: trc, Kind: KindGroup, Required: true, Source: srcHub},
		{Path: trc + "/TraceHeader", Kind: KindGroup, Required: true, Source: srcHub},
		{Path: trc + "/TraceHeader/OrganId", Kind: KindOrganID, Max: MaxOrganID, Required: true, Source: srcHub},
		{Path: trc + "/TraceHeader/Timestamp", Kind: KindTimestamp, Required: true, Source: srcQD28},
		{Path: bus, Kind: KindGroup, Required: true, Source: srcSDK},
		{Path: bus + "/DocumentId", Kind: KindText, Max: 200, Source: srcColumns},
		{Path: bus + "/BussinessDocType", Kind: KindNumber, Max: 3, Required: true, Source: srcSDK},
		{Path: bus + "/BussinessDocReason", Kind: KindText, Max: 500, Source: srcSDK},
		{Path: bus + "/Paper", Kind: KindNumber, Max: 1, Source: srcSDK},
		{Path: bus + "/BussinessDocumentInfo", Kind: KindGroup, Source: srcSDK},
		{Path: bus + "/BussinessDocumentInfo/DocumentInfo", Kind: KindNumber, Max: 1, Source: srcSDK},
		{Path: bus + "/BussinessDocumentInfo/DocumentReceiver", Kind: KindNumber, Max: 1, Source: srcSDK},
		{Path: bus + "/BussinessDocumentInfo/ReceiverList", Kind: KindGroup, Source: srcSDK},
		{Path: bus + "/BussinessDocumentInfo/ReceiverList/Receiver", Kind: KindGroup, Source: srcSDK},
		{Path: bus + "/BussinessDocumentInfo/ReceiverList/Receiver/OrganId", Kind: KindOrganID, Max: MaxOrganID, Required: true, Source: srcQD20},
		{Path: bus + "/BussinessDocumentInfo/ReceiverList/Receiver/ReceiverType", Kind: KindNumber, Max: 1, Required: true, Source: srcSDK},
		{Path: bus + "/ReplacementInfoList", Kind: KindGroup, Source: srcSDK},
		{Path: bus + "/ReplacementInfoList/ReplacementInfo", Kind: KindGroup, Source: srcSDK},
		{Path: bus + "/ReplacementInfoList/ReplacementInfo/DocumentId", Kind: KindText, Max: 200, Required: true, Source: srcColumns},
		{Path: bus + "/ReplacementInfoList/ReplacementInfo/OrganIdList", Kind: KindGroup, Source: srcSDK},
		{Path: bus + "/ReplacementInfoList/ReplacementInfo/OrganIdList/OrganId", Kind: KindOrganID, Max: MaxOrganID, Source: srcQD20},
	},
	staffFields(bus+"/StaffInfo"),
	[]Field{
		{Path: attachmentsPath, Kind: KindGroup, Source: srcSDK},
		{Path: attachmentsPath + "/ContentId", Kind: KindText, Max: 200, Required: true, Source: srcSDK},
		{Path: attachmentsPath + "/AttachmentName", Kind: KindText, Max: 500, Required: true, Source: srcHub},
		{Path: attachmentsPath + "/Description", Kind: KindText, Max: 500, Source: srcSDK},
		{Path: attachmentsPath + "/ContentType", Kind: KindText, Max: 100, Source: srcSDK},
	},
)

// attachmentsPath is Message's own name for the files, in the manifest and encoded.
const attachmentsPath = "Attachments"

var statusFields = slices.Concat(
	agencyFields("From"),
	responseForFields("ResponseFor", true),
	staffFields("StaffInfo"),
	[]Field{
		{Path: "StatusCode", Kind: KindNumber, Max: 99, Required: true, Source: srcSDK},
		{Path: "Description", Kind: KindText, Max: 500, Source: srcSDK},
		{Path: "Timestamp", Kind: KindTimestamp, Required: true, Source: srcQD28},
	},
)
