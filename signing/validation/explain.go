package validation

import "congvan/signing"

// Reason codes of reports. Each has an effect and a sentence in the table below.
const (
	// of the file
	ReasonNotPDF        = "not_pdf"
	ReasonDamaged       = "damaged"
	ReasonEncrypted     = "encrypted"
	ReasonResourceLimit = "resource_limit"
	ReasonUnavailable   = "file_unavailable"
	ReasonNoSignature   = "no_signature"
	ReasonTimestampOnly = "timestamp_only"
	ReasonTrailingData  = "trailing_data"
	ReasonUnlisted      = "signature_unlisted"

	// 1 structure
	ReasonDictionary  = "signature_dictionary_broken"
	ReasonAmbiguous   = "signature_dictionary_ambiguous"
	ReasonByteRange   = "byte_range_invalid"
	ReasonContents    = "contents_invalid"
	ReasonCoverage    = "coverage_broken"
	ReasonMisplaced   = "signature_dictionary_misplaced"
	ReasonRevision    = "revision_malformed"
	ReasonSubFilter   = "subfilter_unsupported"
	ReasonDuplicate   = "duplicate_field"
	ReasonCMS         = "cms_malformed"
	ReasonSignerCount = "signer_count"
	ReasonNotDetached = "content_not_detached"

	// 2 and 3 digest, signed attributes, signature
	ReasonDigest        = "digest_mismatch"
	ReasonAttributes    = "signed_attributes_invalid"
	ReasonNoCertRef     = "signing_certificate_missing"
	ReasonNoCertificate = "signer_certificate_missing"
	ReasonSignature     = "signature_invalid"
	ReasonUnsupported   = "algorithm_unsupported"
	ReasonLegacy        = "legacy_algorithm"
	ReasonWeakKey       = "weak_key"
	ReasonOutdated      = "algorithm_outdated"

	// 4 changes
	ReasonChanged     = "changed_after_signing"
	ReasonFilledAfter = "filled_after_last_signature"

	// 5 to 9 certificate
	ReasonUntrusted      = "untrusted"
	ReasonTrustUnknown   = "trust_unknown"
	ReasonKeyUsage       = "key_usage"
	ReasonKeyUsageUnsaid = "key_usage_unstated"
	ReasonClaimedTime    = "time_claimed"
	ReasonNoTime         = "time_missing"
	ReasonTimestampBad   = "timestamp_invalid"
	ReasonTimestampUnk   = "timestamp_untrusted"
	ReasonTimeConflict   = "time_conflict"
	ReasonExpired        = "certificate_expired"
	ReasonNotYetValid    = "certificate_not_yet_valid"
	ReasonRevoked        = "certificate_revoked"
	ReasonRevUnknown     = "revocation_unknown"
	ReasonTimestampUsage = "timestamp_usage"
)

// Explanation is what a reason or a verdict means for the people who read it.
type Explanation struct {
	Effect signing.Verdict // the best verdict that a signature with this reason can have
	VI, EN string
}

// Explain gives the sentence of a reason code.
func Explain(reason string) (Explanation, bool) {
	for _, r := range reasons {
		if r.code == reason {
			return r.Explanation, true
		}
	}
	return Explanation{}, false
}

// ExplainVerdict gives the sentence of a verdict.
func ExplainVerdict(v signing.Verdict) Explanation {
	for _, e := range verdicts {
		if e.Effect == v {
			return e
		}
	}
	return Explanation{Effect: v}
}

// Reasons are all reason codes, in the order of the checks.
func Reasons() []string {
	out := make([]string, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, r.code)
	}
	return out
}

var verdicts = [...]Explanation{
	{signing.Valid, "Chữ ký số hợp lệ.", "The signatures are valid."},
	{signing.Invalid, "Chữ ký số không hợp lệ.", "A signature is not valid."},
	{signing.Expired, "Chứng thư chữ ký số đã hết hạn và không có thời gian ký được chứng thực.", "The signer's certificate has expired and nothing proves the time of signing."},
	{signing.Revoked, "Chứng thư chữ ký số đã bị thu hồi.", "The signer's certificate has been revoked."},
	{signing.Unknown, "Chưa đủ căn cứ để kết luận chữ ký số hợp lệ.", "There is not enough evidence to call the signature valid."},
	{signing.Unsigned, "Tệp không có chữ ký số.", "The file carries no signature."},
	{signing.Unreadable, "Không đọc được tệp nên không kiểm tra được chữ ký số.", "The file cannot be read, so no signature can be checked."},
}

type reason struct {
	code string
	Explanation
}

var reasons = [...]reason{
	{ReasonNotPDF, Explanation{signing.Unreadable, "Tệp không phải là PDF.", "The file is no PDF."}},
	{ReasonDamaged, Explanation{signing.Unreadable, "Tệp PDF bị hỏng hoặc không đầy đủ.", "The PDF is damaged or incomplete."}},
	{ReasonEncrypted, Explanation{signing.Unreadable, "Tệp PDF được mã hóa, cần mật khẩu để mở.", "The PDF is encrypted and needs a password."}},
	{ReasonResourceLimit, Explanation{signing.Unreadable, "Tệp PDF vượt quá giới hạn xử lý cho phép.", "The PDF exceeds what one file may cost to check."}},
	{ReasonUnavailable, Explanation{signing.Unreadable, "Không truy cập được nội dung tệp.", "The bytes of the file could not be fetched."}},
	{ReasonNoSignature, Explanation{signing.Unsigned, "Không tìm thấy chữ ký số trong tệp.", "No signature was found in the file."}},
	{ReasonTimestampOnly, Explanation{signing.Unsigned, "Tệp chỉ có dấu thời gian, không có chữ ký số.", "The file carries a document timestamp but no signature."}},
	{ReasonTrailingData, Explanation{signing.Invalid, "Có dữ liệu lạ ở sau phần kết thúc của tệp.", "There are foreign bytes behind the end of the file."}},
	{ReasonUnlisted, Explanation{signing.Invalid, "Có chữ ký số không nằm trong biểu mẫu của tệp.", "A signature is not listed in the file's form."}},

	{ReasonDictionary, Explanation{signing.Invalid, "Cấu trúc chữ ký không hợp lệ: thiếu hoặc hỏng phần mô tả chữ ký.", "The signature dictionary is missing or broken."}},
	{ReasonAmbiguous, Explanation{signing.Invalid, "Cấu trúc chữ ký không hợp lệ: phần mô tả chữ ký có mục trùng lặp.", "The signature dictionary names one entry twice."}},
	{ReasonByteRange, Explanation{signing.Invalid, "Cấu trúc chữ ký không hợp lệ: phạm vi ký sai.", "The ByteRange of the signature is not acceptable."}},
	{ReasonContents, Explanation{signing.Invalid, "Cấu trúc chữ ký không hợp lệ: không có giá trị chữ ký.", "The signature has no value in Contents."}},
	{ReasonCoverage, Explanation{signing.Invalid, "Chữ ký không bao trùm toàn bộ phiên bản đã ký của văn bản.", "The signature does not cover the whole signed revision."}},
	{ReasonMisplaced, Explanation{signing.Invalid, "Phần mô tả chữ ký không nằm trong phiên bản mà nó ký.", "The signature dictionary does not lie in the revision it signs."}},
	{ReasonRevision, Explanation{signing.Invalid, "Phiên bản đã ký của tệp không đúng quy cách.", "The signed revision of the file is malformed."}},
	{ReasonSubFilter, Explanation{signing.Invalid, "Định dạng chữ ký không được hỗ trợ.", "The signature format is not supported."}},
	{ReasonDuplicate, Explanation{signing.Invalid, "Có hai trường chữ ký trùng tên hoặc dùng chung một chữ ký.", "Two signature fields have one name or share one signature."}},
	{ReasonCMS, Explanation{signing.Invalid, "Dữ liệu chữ ký (CMS) bị hỏng.", "The CMS of the signature is malformed."}},
	{ReasonSignerCount, Explanation{signing.Invalid, "Chữ ký phải có đúng một người ký.", "The CMS does not have exactly one signer."}},
	{ReasonNotDetached, Explanation{signing.Invalid, "Dữ liệu chữ ký chứa nội dung không được phép.", "The CMS carries content where it must be detached."}},

	{ReasonDigest, Explanation{signing.Invalid, "Văn bản đã bị thay đổi so với lúc ký.", "The document is not the one that was signed."}},
	{ReasonAttributes, Explanation{signing.Invalid, "Thuộc tính được ký không hợp lệ.", "The signed attributes are not acceptable."}},
	{ReasonNoCertRef, Explanation{signing.Invalid, "Chữ ký không ghi nhận chứng thư của người ký.", "The signed attributes do not name the signer's certificate."}},
	{ReasonNoCertificate, Explanation{signing.Invalid, "Không có chứng thư của người ký trong chữ ký.", "The signer's certificate is missing from the signature."}},
	{ReasonSignature, Explanation{signing.Invalid, "Giá trị chữ ký không khớp với khóa của người ký.", "The signature value does not verify with the signer's key."}},
	{ReasonUnsupported, Explanation{signing.Invalid, "Thuật toán ký không được hỗ trợ.", "The signature algorithm is not supported."}},
	{ReasonLegacy, Explanation{signing.Unknown, "Chữ ký dùng thuật toán cũ (SHA-1), không còn được tin cậy.", "The signature uses an old algorithm (SHA-1) that is no longer relied on."}},
	{ReasonWeakKey, Explanation{signing.Invalid, "Khóa của người ký quá ngắn.", "The signer's key is too short."}},
	{ReasonOutdated, Explanation{signing.Unknown, "Thuật toán hoặc độ dài khóa đã hết thời hạn được tin cậy tại thời điểm được xét.", "The algorithm or the length of a key was no longer relied on at the time that counts."}},

	{ReasonChanged, Explanation{signing.Invalid, "Văn bản có thay đổi không được phép sau khi ký.", "The document was changed after signing in a way that is not permitted."}},
	{ReasonFilledAfter, Explanation{signing.Valid, "Có ô biểu mẫu được phép điền sau chữ ký cuối cùng.", "A form field was filled, as permitted, after the last signature."}},

	{ReasonUntrusted, Explanation{signing.Unknown, "Chứng thư không thuộc cơ quan chứng thực được tin cậy.", "The certificate does not lead to a trusted authority."}},
	{ReasonTrustUnknown, Explanation{signing.Unknown, "Chưa kiểm tra được đường dẫn tin cậy của chứng thư.", "The path to a trusted authority could not be checked."}},
	{ReasonKeyUsage, Explanation{signing.Invalid, "Chứng thư không được cấp để ký văn bản.", "The certificate was not issued for signing documents."}},
	{ReasonKeyUsageUnsaid, Explanation{signing.Unknown, "Chứng thư không nêu được dùng vào việc gì.", "The certificate does not say what it may be used for."}},
	{ReasonClaimedTime, Explanation{signing.Valid, "Thời gian ký chưa được chứng thực.", "The time of signing is claimed, not proven."}},
	{ReasonNoTime, Explanation{signing.Valid, "Chữ ký không có thời gian ký.", "The signature gives no time of signing."}},
	{ReasonTimestampBad, Explanation{signing.Invalid, "Dấu thời gian của chữ ký không hợp lệ.", "The timestamp of the signature is not valid."}},
	{ReasonTimestampUnk, Explanation{signing.Valid, "Dấu thời gian không thuộc dịch vụ được tin cậy nên không được dùng.", "The timestamp does not come from a trusted service and was not used."}},
	{ReasonTimeConflict, Explanation{signing.Invalid, "Dấu thời gian sau sớm hơn dấu thời gian trước.", "A later timestamp is earlier than one before it."}},
	{ReasonTimestampUsage, Explanation{signing.Invalid, "Chứng thư của dấu thời gian không được cấp cho dịch vụ dấu thời gian.", "The timestamp's certificate was not issued for timestamping."}},
	{ReasonExpired, Explanation{signing.Expired, "Chứng thư đã hết hạn tại thời điểm được xét.", "The certificate had expired at the time that counts."}},
	{ReasonNotYetValid, Explanation{signing.Expired, "Chứng thư chưa có hiệu lực tại thời điểm được xét.", "The certificate was not yet valid at the time that counts."}},
	{ReasonRevoked, Explanation{signing.Revoked, "Chứng thư đã bị thu hồi trước thời điểm được xét.", "The certificate was revoked before the time that counts."}},
	{ReasonRevUnknown, Explanation{signing.Unknown, "Chưa xác định được chứng thư có bị thu hồi hay không.", "Whether the certificate was revoked could not be determined."}},
}

// rank orders verdicts from best to worst.
func rank(v signing.Verdict) int {
	switch v {
	case signing.Valid:
		return 0
	case signing.Unknown:
		return 1
	case signing.Expired:
		return 2
	case signing.Revoked:
		return 3
	case signing.Invalid:
		return 4
	}
	return 5 // Unsigned and Unreadable are no verdicts of a signature
}

// worst is the verdict that reasons leave: VALID without any.
func worst(codes []string) signing.Verdict {
	v := signing.Valid
	for _, c := range codes {
		e, ok := Explain(c)
		if !ok {
			e.Effect = signing.Invalid
		}
		if rank(e.Effect) > rank(v) {
			v = e.Effect
		}
	}
	return v
}
