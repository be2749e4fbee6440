package document

// Verdict of a document (kết luận về chữ ký của văn bản), apart from the verdicts of its
// files: does it carry the signatures it needs, by the right agency?
type Verdict string

const (
	VerdictPending     Verdict = "PENDING"      // not checked yet
	VerdictPaper       Verdict = "PAPER"        // a scan of a paper document: nothing to check
	VerdictSufficient  Verdict = "SUFFICIENT"   // đủ chữ ký
	VerdictIncomplete  Verdict = "INCOMPLETE"   // chưa đủ chữ ký
	VerdictWrongSigner Verdict = "WRONG_SIGNER" // chữ ký của cơ quan khác
	VerdictNotValid    Verdict = "NOT_VALID"    // chữ ký không hợp lệ
	VerdictUnknown     Verdict = "UNKNOWN"      // chưa kiểm tra được
)

// SignatureFact is what a validation tells about one signature, without its technique.
type SignatureFact struct {
	Valid   bool
	Unknown bool   // no answer on trust or revocation, neither valid nor invalid
	OrganID string // organizationIdentifier of the certificate
	Agency  bool   // an agency's certificate, not a person's
}

// FileFact is one file with its signatures.
type FileFact struct {
	Role       Role
	Readable   bool
	Signatures []SignatureFact
}

// Judge combines the facts: the main file needs a competent person's and the issuing
// agency's valid signatures; the worst of the required ones decides (RULE-18, RULE-19,
// records rules §4.3 row 10). sameOrgan compares identifiers.
func Judge(issuer string, files []FileFact, sameOrgan func(a, b string) bool) Verdict {
	var person, agency, foreign, unknown bool
	seen := false
	for _, f := range files {
		if f.Role == Main {
			seen = true
			if !f.Readable {
				return VerdictNotValid
			}
		}
		for _, s := range f.Signatures {
			switch {
			case s.Unknown:
				unknown = true
			case !s.Valid:
				return VerdictNotValid
			case f.Role == Original: // signed by who issued it, handed on by another
			case s.Agency && !sameOrgan(s.OrganID, issuer):
				foreign = true
			case f.Role == Main && s.Agency:
				agency = true
			case f.Role == Main:
				person = true
			}
		}
	}
	switch {
	case !seen:
		return VerdictIncomplete
	case unknown:
		return VerdictUnknown
	case foreign && !agency:
		return VerdictWrongSigner
	case !person || !agency:
		return VerdictIncomplete
	}
	return VerdictSufficient
}
