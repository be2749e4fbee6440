package edxml

// StatusCode is the two-digit business status (trạng thái xử lý); unknown codes are
// kept verbatim.
type StatusCode string

// The status codes in use on the axis. StatusRecallRequest travels from the original
// sender to a recipient, all others from the recipient to the sender.
const (
	StatusArrived        StatusCode = "01" // đã đến
	StatusRefused        StatusCode = "02" // từ chối tiếp nhận
	StatusAccepted       StatusCode = "03" // đã tiếp nhận
	StatusAssigned       StatusCode = "04" // phân công
	StatusProcessing     StatusCode = "05" // đang xử lý
	StatusCompleted      StatusCode = "06" // hoàn thành
	StatusRecallRequest  StatusCode = "13" // lấy lại
	StatusChangeAgreed   StatusCode = "15" // đồng ý cập nhật, lấy lại
	StatusChangeDeclined StatusCode = "16" // từ chối cập nhật, lấy lại
)

// Known reports whether the code has an agreed meaning.
func (c StatusCode) Known() bool {
	switch c {
	case StatusArrived, StatusRefused, StatusAccepted, StatusAssigned, StatusProcessing,
		StatusCompleted, StatusRecallRequest, StatusChangeAgreed, StatusChangeDeclined:
		return true
	}
	return false
}

// Status is an edXML status message (messagetype status). ResponseFor names the
// document in question, and ResponseFor.OrganId the addressee of the status.
type Status struct {
	From        Agency
	ResponseFor ResponseFor
	StaffInfo   StaffInfo `json:",omitzero"`
	StatusCode  StatusCode
	Description string `json:",omitzero"`
	Timestamp   Timestamp
}
