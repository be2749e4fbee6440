package validation

import (
	"slices"

	"congvan/signing"
)

// Checks of a report in the ETSI form, in their order (ETSI EN 319 102-1, clause 5.2).
const (
	checkFormat    = "format"
	checkIntegrity = "integrity"
	checkSignature = "signature"
	checkChanges   = "changes-after-signing"
	checkPath      = "certificate-path"
	checkUsage     = "key-usage"
	checkTime      = "time"
	checkValidity  = "certificate-validity"
	checkStatus    = "revocation"
	checkAlgorithm = "algorithms"
)

var etsiChecks = [...]string{
	checkFormat, checkIntegrity, checkSignature, checkChanges, checkPath, checkUsage, checkTime, checkValidity, checkStatus, checkAlgorithm,
}

// Indications (ETSI TS 119 102-2, 4.2.4 and EN 319 102-1, 5.1.3).
const (
	indication    = "urn:etsi:019102:mainindication:"
	subindication = "urn:etsi:019102:subindication:"
	ownNamespace  = "urn:congvan:signing:"

	totalPassed   = "total-passed"
	totalFailed   = "total-failed"
	indeterminate = "indeterminate"
)

// etsiReason says which check a reason belongs to, what the standard calls it, and
// whether the signature has failed by it or lacks evidence.
type etsiReason struct {
	reason, check, sub string
	failed             bool
}

var etsiReasons = [...]etsiReason{
	{ReasonNotPDF, checkFormat, "FORMAT_FAILURE", true},
	{ReasonDamaged, checkFormat, "FORMAT_FAILURE", true},
	{ReasonEncrypted, checkFormat, "SIGNED_DATA_NOT_FOUND", false},
	{ReasonResourceLimit, checkFormat, "FORMAT_FAILURE", true},
	{ReasonUnavailable, checkFormat, "SIGNED_DATA_NOT_FOUND", false},
	{ReasonTrailingData, checkChanges, "FORMAT_FAILURE", true},
	{ReasonUnlisted, checkFormat, "FORMAT_FAILURE", true},
	{ReasonDictionary, checkFormat, "FORMAT_FAILURE", true},
	{ReasonAmbiguous, checkFormat, "FORMAT_FAILURE", true},
	{ReasonByteRange, checkFormat, "FORMAT_FAILURE", true},
	{ReasonContents, checkFormat, "FORMAT_FAILURE", true},
	{ReasonCoverage, checkFormat, "FORMAT_FAILURE", true},
	{ReasonMisplaced, checkFormat, "FORMAT_FAILURE", true},
	{ReasonRevision, checkFormat, "FORMAT_FAILURE", true},
	{ReasonSubFilter, checkFormat, "FORMAT_FAILURE", true},
	{ReasonDuplicate, checkFormat, "FORMAT_FAILURE", true},
	{ReasonCMS, checkFormat, "FORMAT_FAILURE", true},
	{ReasonSignerCount, checkFormat, "FORMAT_FAILURE", true},
	{ReasonNotDetached, checkFormat, "FORMAT_FAILURE", true},
	{ReasonDigest, checkIntegrity, "HASH_FAILURE", true},
	{ReasonAttributes, checkSignature, "SIG_CONSTRAINTS_FAILURE", false},
	{ReasonNoCertRef, checkSignature, "SIG_CONSTRAINTS_FAILURE", false},
	{ReasonNoCertificate, checkPath, "NO_SIGNING_CERTIFICATE_FOUND", false},
	{ReasonSignature, checkSignature, "SIG_CRYPTO_FAILURE", true},
	{ReasonUnsupported, checkAlgorithm, "CRYPTO_CONSTRAINTS_FAILURE", false},
	{ReasonLegacy, checkAlgorithm, "CRYPTO_CONSTRAINTS_FAILURE", false},
	{ReasonWeakKey, checkAlgorithm, "CRYPTO_CONSTRAINTS_FAILURE", false},
	{ReasonOutdated, checkAlgorithm, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", false},
	{ReasonChanged, checkChanges, "FORMAT_FAILURE", true},
	{ReasonFilledAfter, checkChanges, "", false},
	{ReasonUntrusted, checkPath, "NO_CERTIFICATE_CHAIN_FOUND", false},
	{ReasonTrustUnknown, checkPath, "NO_CERTIFICATE_CHAIN_FOUND", false},
	{ReasonKeyUsage, checkUsage, "CHAIN_CONSTRAINTS_FAILURE", false},
	{ReasonKeyUsageUnsaid, checkUsage, "CHAIN_CONSTRAINTS_FAILURE", false},
	{ReasonClaimedTime, checkTime, "", false},
	{ReasonNoTime, checkTime, "", false},
	{ReasonTimestampBad, checkTime, "SIG_CONSTRAINTS_FAILURE", false},
	{ReasonTimestampUnk, checkTime, "", false},
	{ReasonTimestampUsage, checkUsage, "CHAIN_CONSTRAINTS_FAILURE", false},
	{ReasonTimeConflict, checkTime, "TIMESTAMP_ORDER_FAILURE", false},
	{ReasonExpired, checkValidity, "OUT_OF_BOUNDS_NO_POE", false},
	{ReasonNotYetValid, checkValidity, "OUT_OF_BOUNDS_NO_POE", false},
	{ReasonRevoked, checkStatus, "REVOKED_NO_POE", false},
	{ReasonRevUnknown, checkStatus, "TRY_LATER", false},
}

// proven are the sub-indications that turn into a failure when a timestamp proves the time.
var proven = map[string]string{
	ReasonExpired: "EXPIRED", ReasonNotYetValid: "NOT_YET_VALID", ReasonRevoked: "REVOKED",
}

// etsiStatus is the outcome of a signature or of one of its checks.
type etsiStatus struct {
	Main string   `xml:"vr:MainIndication"`
	Sub  []string `xml:"vr:SubIndication,omitempty"`
}

// status folds reasons into an indication. timestamped says that the time is proven.
func status(reasons []string, timestamped bool, passed, failed string) etsiStatus {
	out := etsiStatus{Main: indication + passed}
	for _, e := range etsiReasons {
		if e.sub == "" || !slices.Contains(reasons, e.reason) {
			continue
		}
		if sub, ok := proven[e.reason]; ok && timestamped {
			e.sub, e.failed = sub, true
		}
		switch {
		case e.failed:
			out.Main = indication + failed
		case out.Main == indication+passed:
			out.Main = indication + indeterminate
		}
		if sub := subindication + e.sub; !slices.Contains(out.Sub, sub) {
			out.Sub = append(out.Sub, sub)
		}
	}
	return out
}

// Whether a check was made (ETSI TS 119 102-2, 4.2.5.3).
const (
	applied  = "urn:etsi:019102:constraintStatus:applied"
	disabled = "urn:etsi:019102:constraintStatus:disabled"
)

// constraints report every check of a signature by itself; skipped are those that an
// earlier one made pointless.
func constraints(reasons []string, timestamped bool, skipped ...string) *etsiConstraints {
	out := &etsiConstraints{}
	for _, check := range etsiChecks {
		var own []string
		for _, e := range etsiReasons {
			if e.check == check && slices.Contains(reasons, e.reason) {
				own = append(own, e.reason)
			}
		}
		if len(own) == 0 && slices.Contains(skipped, check) {
			out.Constraints = append(out.Constraints, etsiConstraint{ID: ownNamespace + "check:" + check, Applied: disabled})
			continue
		}
		s := status(own, timestamped, "passed", "failed")
		c := etsiConstraint{ID: ownNamespace + "check:" + check, Applied: applied, Status: &s}
		if len(own) > 0 {
			c.Indications = &etsiIndications{}
		}
		for _, reason := range own {
			e, _ := Explain(reason)
			c.Indications.Reasons = append(c.Indications.Reasons, etsiText{Code: reason, Text: e.EN})
		}
		out.Constraints = append(out.Constraints, c)
	}
	return out
}

// unmade are the checks that a signature's own report says were not made.
func unmade(s signing.SignatureReport) []string {
	var out []string
	if s.Integrity != "intact" {
		out = append(out, checkIntegrity, checkSignature, checkAlgorithm, checkTime, checkPath, checkUsage, checkValidity, checkStatus)
	}
	if s.Trust == "unknown" {
		out = append(out, checkPath)
	}
	if s.Revocation == "unchecked" {
		out = append(out, checkStatus)
	}
	return out
}

// fileStatus is the indication of a whole file in which no signature was judged.
func fileStatus(r *signing.Report) etsiStatus {
	if r.Verdict == signing.Unsigned {
		return etsiStatus{Main: indication + indeterminate, Sub: []string{ownNamespace + "subindication:NO_SIGNATURE"}}
	}
	return status(r.Reasons, false, indeterminate, totalFailed)
}
