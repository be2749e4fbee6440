package validation

import (
	"slices"

	"congvan/signing/pdf"
)

// Change codes: what a revision after a signature may do, and ChangeForbidden for
// all the rest.
const (
	ChangeSignatureAdded  = "signature_added"
	ChangeSignatureFilled = "signature_filled"
	ChangeSignatureField  = "signature_field_added"
	ChangeTimestampAdded  = "timestamp_added"
	ChangeFieldFilled     = "field_filled"
	ChangeLongTerm        = "long_term_data"
	ChangeForm            = "form_updated"
	ChangeAnnotations     = "annotations_extended"
	ChangeCatalog         = "catalog_updated"
	ChangeMetadata        = "metadata_updated"
	ChangeContainer       = "container_rewritten"
	ChangeForbidden       = "forbidden"
)

// Permission is one row of the whitelist: a change that leaves earlier signatures
// valid. Whatever no row clears is forbidden.
type Permission struct {
	Code  string
	Where string // the object, for the reader of the documentation
	// Keys are the dictionary keys that may be added or changed there; for what is
	// new, the keys that it may have.
	Keys []pdf.Name
	// CertifyP is the lowest DocMDP level that allows it (ISO 32000-2, 12.8.2.2).
	CertifyP int
	// Locked says that a field lock or FieldMDP naming the field forbids it.
	Locked bool
	Only   string // the condition, in words
}

// widgetKeys are the keys of a widget annotation that a new signature field may
// have: no action, no optional content, no pop-up.
var widgetKeys = []pdf.Name{
	"Type", "Subtype", "Rect", "P", "F", "AP", "AS", "MK", "DA", "Q", "BS", "Border", "H", "NM", "M",
	"Parent", "StructParent", "Contents",
}

var fieldKeys = append([]pdf.Name{"FT", "T", "TU", "TM", "Ff", "V", "Lock", "SV", "Kids", "DR"}, widgetKeys...)

// Permitted is the whitelist (docs/signing.md shows it). It is read-only.
func Permitted() []Permission { return slices.Clone(permissions[:]) }

var permissions = [...]Permission{
	{
		Code: ChangeSignatureAdded, Where: "new signature field with its value", Keys: fieldKeys, CertifyP: 2, Locked: true,
		Only: "the field and its value are new objects; its appearance hides no text but a signer's block; a lock counts when the field is visible; not visible in a certified document",
	},
	{
		Code: ChangeSignatureFilled, Where: "existing empty signature field", Keys: []pdf.Name{"V", "AP", "F", "M"}, CertifyP: 2, Locked: true,
		Only: "the value is a new object; the rectangle stays; a lock counts when the field is visible",
	},
	{
		Code: ChangeSignatureField, Where: "new empty signature field", Keys: fieldKeys, CertifyP: 2, Locked: true,
		Only: "its appearance, if any, is blank; not visible in a certified document",
	},
	{
		Code: ChangeTimestampAdded, Where: "new or empty signature field with a document timestamp", Keys: fieldKeys, CertifyP: 1,
		Only: "invisible",
	},
	{
		Code: ChangeFieldFilled, Where: "existing text, choice or button field, its widgets and their appearance streams", CertifyP: 2, Locked: true,
		Keys: []pdf.Name{"V", "AP", "AS", "I", "F", "Ff", "M"},
		Only: "Ff gains ReadOnly at most, F hides nothing, Type is added as Annot; the look changes with the value only, and what is overwritten belongs to this field alone",
	},
	{
		Code: ChangeLongTerm, Where: "document security store of the catalog", Keys: []pdf.Name{"Type", "VRI", "Certs", "OCSPs", "CRLs"}, CertifyP: 1,
		Only: "arrays of streams and VRI dictionaries of such arrays; no list is dropped",
	},
	{
		Code: ChangeForm, Where: "interactive form dictionary", Keys: []pdf.Name{"Fields", "SigFlags", "NeedAppearances", "DR", "DA"}, CertifyP: 1,
		Only: "fields are appended, flags are set, NeedAppearances is cleared, resources are added (of XObject, FRM is replaced), DA only where it was absent",
	},
	{
		Code: ChangeAnnotations, Where: "page", Keys: []pdf.Name{"Annots"}, CertifyP: 1,
		Only: "widgets of the new signature field are appended",
	},
	{
		Code: ChangeCatalog, Where: "catalog", Keys: []pdf.Name{"AcroForm", "DSS", "Extensions", "Version", "Metadata"}, CertifyP: 1,
		Only: "by the rules of what they hold; extensions are added or restated, the version rises; a new object may become the catalog",
	},
	{
		Code: ChangeMetadata, Where: "document information and XMP metadata", CertifyP: 1,
		Keys: []pdf.Name{"ModDate", "Producer"},
		Only: "CreationDate where it was absent; in XMP: ModifyDate, MetadataDate, Producer, InstanceID; the file identifier where nothing is encrypted",
	},
	{
		Code: ChangeContainer, Where: "cross-reference streams", CertifyP: 1,
		Only: "one cross-reference stream takes the number of an older one",
	},
}

func permission(code string) Permission {
	for _, p := range permissions {
		if p.Code == code {
			return p
		}
	}
	return Permission{Code: ChangeForbidden, CertifyP: 4}
}
