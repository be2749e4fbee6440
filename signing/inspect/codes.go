package inspect

import "slices"

// Weights of findings.
const (
	Refuse = "refuse" // such a file must not be signed or sealed
	Ask    = "ask"    // a person decides, having been told
	Note   = "note"   // worth knowing
)

// Code is one kind of finding.
type Code struct {
	Code    string
	Weight  string
	Meaning string
}

// Codes are all kinds of findings, heaviest first: the table of the documentation.
func Codes() []Code { return slices.Clone(codes[:]) }

var codes = [...]Code{
	{"encrypted", Refuse, "the file is encrypted"},
	{"javascript", Refuse, "a script runs in the reader's viewer"},
	{"launch", Refuse, "an action starts a program or opens a file"},
	{"submit_form", Refuse, "an action sends form data to an address"},
	{"import_data", Refuse, "an action fills the form from another file"},
	{"xfa", Refuse, "an XFA form shows other content than the pages"},
	{"rich_media", Refuse, "video, sound or a 3D scene"},
	{"external_content", Refuse, "content that lies in another file"},
	{"postscript", Refuse, "PostScript that only printers see"},
	{"hidden_content", Refuse, "content of a layer that is hidden when the file is opened"},
	{"covered_text", Refuse, "text hidden by something opaque that is painted over it"},
	{"duplicate_object", Refuse, "an object number is defined twice in one revision"},
	{"embedded_file", Ask, "another file is attached or embedded"},
	{"changing_action", Ask, "an action hides fields, switches layers or resets the form"},
	{"ambiguous_object", Ask, "a dictionary names one key twice"},
	{"damaged_object", Ask, "an object cannot be read"},
	{"too_complex", Ask, "the file is too big to be looked at completely"},
	{"remote_link", Note, "a link leads into another file"},
	{"open_action", Note, "an action runs when the file is opened"},
	{"additional_actions", Note, "actions run on events, such as turning a page"},
	{"optional_content", Note, "the file has layers, all of them shown"},
	{"unused_object", Note, "objects that nothing refers to"},
	{"unseen_text", Note, "text that is not painted, as behind a scanned page"},
	{"trailing_data", Note, "bytes behind the end of the file"},
}

// actions tells actions by their type (ISO 32000-2 12.6.4) and by a key without which
// they do nothing: structure elements have an /S too.
var actions = map[string]struct {
	code  string
	needs []string
}{
	"JavaScript":       {"javascript", []string{"JS"}},
	"Rendition":        {"rich_media", []string{"R", "OP", "JS"}},
	"Launch":           {"launch", []string{"F", "Win", "Mac", "Unix"}},
	"SubmitForm":       {"submit_form", []string{"F"}},
	"ImportData":       {"import_data", []string{"F"}},
	"Movie":            {"rich_media", []string{"Annotation", "T", "Operation"}},
	"Sound":            {"rich_media", []string{"Sound"}},
	"GoTo3DView":       {"rich_media", []string{"TA", "V"}},
	"RichMediaExecute": {"rich_media", []string{"TA", "CMD"}},
	"Hide":             {"changing_action", []string{"T", "H"}},
	"SetOCGState":      {"changing_action", []string{"State"}},
	"ResetForm":        {"changing_action", []string{"Fields", "Flags"}},
	"GoToR":            {"remote_link", []string{"F"}},
	"GoToE":            {"remote_link", []string{"F", "T"}},
	"GoToDp":           {"remote_link", []string{"Dp"}},
}

// subtypes tells annotations and external objects that are more than marks on paper.
var subtypes = map[string]string{
	"RichMedia": "rich_media", "3D": "rich_media", "Movie": "rich_media", "Sound": "rich_media", "Screen": "rich_media",
	"FileAttachment": "embedded_file", "PS": "postscript",
}
