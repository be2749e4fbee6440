package signcli

import (
	"errors"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pkcs11"
	"congvan/signing/trust"
)

// advice is what a person can do about an error of Sign.
type advice struct {
	is     error
	vi, en string
}

// advices go from the particular to the general: the first that fits is told. Only read.
var advices = []advice{
	{
		ErrFinding, "Tệp có nội dung mà chữ ký không được phép bảo đảm (nêu ở trên). Hãy in lại thành PDF sạch rồi ký.",
		"The file holds what a signature must not vouch for (named above). Print it to a clean PDF and sign that.",
	},
	{
		signing.ErrCovers, "Chỗ đặt chữ ký đè lên chữ của trang. Hãy chọn chỗ trống khác bằng --rect.",
		"The signature would stand over text of the page. Choose an empty place with --rect.",
	},
	{
		signing.ErrPlace, "Chỗ đặt chữ ký nằm ngoài trang hoặc quá nhỏ. Hãy sửa --page và --rect (mm, từ góc trên bên trái).",
		"The place is outside the page or too small. Mend --page and --rect (mm, from the upper left corner).",
	},
	{
		signing.ErrPINIncorrect, "Mã PIN không đúng; chương trình không tự thử lại. Nhập sai nhiều lần thiết bị sẽ tự khóa: hãy kiểm tra --pin-file.",
		"The PIN is wrong and is not tried again. Too many wrong ones lock the token: look into --pin-file.",
	},
	{
		signing.ErrPINLocked, "Thiết bị đã khóa mã PIN. Hãy nhờ người quản trị thiết bị mở khóa.",
		"The token has locked its PIN. Ask whoever administers it to unlock it.",
	},
	{
		pkcs11.ErrPINRequired, "Khóa này cần mã PIN của chủ khóa. Hãy chỉ tệp chứa PIN bằng --pin-file.",
		"This key needs its owner's PIN. Name the file that holds it with --pin-file.",
	},
	{
		signing.ErrKeyNotFound, "Không tìm thấy khóa ký. Hãy kiểm tra nhãn và mã khóa trong --key.",
		"The key was not found. Check the label and id in --key.",
	},
	{
		signing.ErrTokenUnavailable, "Không thấy thiết bị ký. Hãy cắm thiết bị và kiểm tra tên trong --key.",
		"The token is not there. Plug it in and check its name in --key.",
	},
	{
		pkcs11.ErrModule, "Không dùng được thư viện PKCS#11. Hãy kiểm tra module-path trong --key hoặc CONGVAN_KEYS_MODULE.",
		"The PKCS#11 library cannot be used. Check module-path in --key or CONGVAN_KEYS_MODULE.",
	},
	{
		cms.ErrSignature, "Khóa ký không phải của chứng thư này. Hãy chọn --key và --cert đi cùng nhau.",
		"The key does not belong to this certificate. Name a --key and a --cert that go together.",
	},
	{
		cms.ErrWeak, "Khóa hoặc thuật toán quá yếu. Hãy dùng RSA từ 2048 bit hoặc P-256, P-384, với SHA-256 trở lên.",
		"The key or algorithm is too weak. Use RSA of 2048 bits or more, P-256 or P-384, with SHA-256 or better.",
	},
	{
		cms.ErrUnsupported, "Loại khóa hoặc thuật toán này không dùng được. Hãy dùng RSA, P-256 hoặc P-384; --pss chỉ dành cho RSA.",
		"This kind of key or algorithm cannot be used. Use RSA, P-256 or P-384; --pss is for RSA alone.",
	},
	{
		trust.ErrExpired, "Chứng thư chữ ký số đã hết hạn. Hãy gia hạn chứng thư rồi ký.",
		"The certificate has expired. Have it renewed, then sign.",
	},
	{
		trust.ErrNotYetValid, "Chứng thư chữ ký số chưa có hiệu lực. Hãy kiểm tra giờ của máy và ngày bắt đầu của chứng thư.",
		"The certificate is not valid yet. Check this machine's clock and the certificate's first day.",
	},
	{
		trust.ErrRevoked, "Chứng thư chữ ký số đã bị thu hồi nên không được dùng để ký. Hãy dùng chứng thư khác.",
		"The certificate was revoked and must not sign. Use another.",
	},
	{
		trust.ErrUsage, "Chứng thư này không được cấp để ký văn bản. Hãy dùng chứng thư của người ký có digitalSignature hoặc nonRepudiation, được cấp bằng SHA-256 trở lên.",
		"This certificate is not for signing documents. Use a signer's own, with digitalSignature or nonRepudiation, issued with SHA-256 or better.",
	},
	{
		trust.ErrUnknown, "Chưa biết chứng thư có bị thu hồi hay không. Hãy đưa danh sách thu hồi vào --trust hoặc thử lại khi máy chủ OCSP, CRL trả lời.",
		"Whether the certificate was revoked is not known. Put its revocation list into --trust, or try again when its OCSP or CRL server answers.",
	},
	{
		trust.ErrUntrusted, "Chứng thư không nối được tới gốc tin cậy. Hãy thêm chứng thư trung gian vào --cert và chứng thư gốc vào --trust.",
		"The certificate leads to no trusted root. Add its issuers to --cert and the root to --trust.",
	},
	{
		signing.ErrTimestampUnavailable, "Máy chủ cấp dấu thời gian không trả lời. Hãy kiểm tra --tsa rồi thử lại.",
		"No timestamp server answers. Check --tsa and try again.",
	},
	{
		signing.ErrTimestampRejected, "Dấu thời gian nhận được không đúng yêu cầu. Hãy dùng máy chủ khác cho --tsa.",
		"The timestamp received is not acceptable. Use another server for --tsa.",
	},
	{
		signing.ErrEvidenceUnavailable, "Chưa lấy được tình trạng thu hồi để lưu kèm. Hãy thử lại, hoặc ký ở mức B-T.",
		"The revocation status to be kept with the signature could not be had. Try again, or sign at B-T.",
	},
	{
		signing.ErrEvidenceAgainst, "Chứng thư không thể mang bằng chứng lâu dài (nêu ở trên). Hãy dùng chứng thư khác hoặc ký ở mức thấp hơn.",
		"The certificate cannot carry long-term evidence (named above). Use another, or a lower level.",
	},
	{
		errNoRoot, "Chuỗi chứng thư chưa tới gốc. Hãy thêm chứng thư gốc vào --cert hoặc --trust.",
		"The chain does not reach a root. Add it to --cert or name it with --trust.",
	},
	{
		signing.ErrNotPDF, "Tệp vào không phải PDF. Hãy chuyển văn bản sang PDF rồi ký.",
		"The input is no PDF. Turn the document into PDF first.",
	},
	{
		signing.ErrTruncated, "Tệp PDF bị cắt hoặc hỏng. Hãy lấy lại tệp nguyên vẹn.",
		"The PDF is cut off or damaged. Get it again, whole.",
	},
	{
		signing.ErrEncrypted, "Tệp PDF đang đặt mật khẩu hoặc mã hóa nên không ký được. Hãy lưu lại không mật khẩu.",
		"The PDF is encrypted and cannot be signed. Save it without a password.",
	},
	{
		signing.ErrResourceLimit, "Tệp PDF lớn hoặc phức tạp quá mức cho phép. Hãy lưu lại tệp đơn giản hơn.",
		"The PDF is larger or more involved than is allowed. Save a simpler one.",
	},
	{
		signing.ErrLocked, "Chữ ký đã có trong tệp không cho phép thay đổi này. Hãy ký vào bản gốc chưa khóa.",
		"A signature in the file forbids this change. Sign the original that is not locked.",
	},
	{
		signing.ErrSigned, "Tệp đã có chữ ký; chữ ký chứng nhận phải là chữ ký đầu tiên. Hãy bỏ --certify.",
		"The file is signed already, and only the first signature can certify. Leave --certify out.",
	},
	{
		signing.ErrFieldExists, "Tên trường chữ ký đã được dùng. Hãy chọn tên khác cho --field.",
		"The name of the field is taken. Choose another for --field.",
	},
	{
		signing.ErrFieldMissing, "Không có trường mang tên này. Hãy kiểm tra --field.",
		"There is no field of this name. Check --field.",
	},
	{
		signing.ErrSeedValue, "Trường chữ ký đòi loại chữ ký khác (nêu ở trên). Hãy đổi tham số theo yêu cầu đó.",
		"The field demands another kind of signature (named above). Change the flags accordingly.",
	},
	{
		signing.ErrGlyphMissing, "Có ký tự mà phông chữ của dấu ký không có. Hãy sửa --text.",
		"The font of the mark lacks a character. Change --text.",
	},
	{
		signing.ErrImage, "Ảnh không dùng được. Hãy dùng ảnh PNG cho --image.",
		"The picture cannot be used. Give --image a PNG.",
	},
	{
		signing.ErrOverflow, "Chữ ký cùng dấu thời gian lớn hơn chỗ dành sẵn. Hãy rút gọn chuỗi trong --cert hoặc đổi --tsa.",
		"Signature and timestamp are larger than the space kept for them. Shorten the chain in --cert or change --tsa.",
	},
	{
		ErrLevel, "Không đạt mức chữ ký đã yêu cầu nên không ghi tệp nào.",
		"The level asked for was not reached, so that nothing was written.",
	},
	{
		ErrRejected, "Kết quả không qua được kiểm tra của chính chương trình nên không ghi tệp nào (lý do nêu ở trên).",
		"The result did not pass this program's own validation, so that nothing was written (for the reasons above).",
	},
}

// Advice is what to do about an error of Sign, in both languages; empty where the error
// says all there is.
func Advice(err error) (vi, en string) {
	for _, a := range advices {
		if errors.Is(err, a.is) {
			return a.vi, a.en
		}
	}
	return "", ""
}
