package workflow

// StatusCode is a business status of QCVN 102:2016 as it stands on the wire (mã trạng
// thái xử lý văn bản).
type StatusCode string

const (
	StatusArrived    StatusCode = "01" // đã đến
	StatusRefused    StatusCode = "02" // từ chối tiếp nhận
	StatusAccepted   StatusCode = "03" // đã tiếp nhận
	StatusAssigned   StatusCode = "04" // phân công
	StatusProcessing StatusCode = "05" // đang xử lý
	StatusCompleted  StatusCode = "06" // hoàn thành
	// From here on the code stands beside the delivery's state and never moves it.
	StatusRecall   StatusCode = "13" // the sender asks to take the document back
	StatusAgreed   StatusCode = "15" // đồng ý cập nhật, lấy lại
	StatusDeclined StatusCode = "16" // từ chối cập nhật, lấy lại
)

// rank orders delivery states; a delivery never moves to a lower rank. A refusal ends
// the way unless the document is sent again; a failure and a recall before delivery are
// below an arrival, so that a late receipt reconciles them (D4).
func rank(s State) int {
	switch s {
	case Queued:
		return 0
	case Sent:
		return 1
	case Failed:
		return 2
	case Recalled:
		return 3
	case Arrived:
		return 4
	case Acceptance:
		return 5
	case Assigned:
		return 6
	case Processing:
		return 7
	case Completed, Refusal:
		return 8
	}
	return -1
}

// DeliveryState is the state a status code stands for; ok is false for unknown codes,
// which are kept as events and change nothing.
func DeliveryState(c StatusCode) (s State, ok bool) {
	switch c {
	case StatusArrived:
		return Arrived, true
	case StatusRefused:
		return Refusal, true
	case StatusAccepted:
		return Acceptance, true
	case StatusAssigned:
		return Assigned, true
	case StatusProcessing:
		return Processing, true
	case StatusCompleted:
		return Completed, true
	}
	return "", false
}

// Advance is the delivery's state after a status or a transport step: the later of the
// two. Late, repeated and out-of-order steps are harmless. A refusal can come only
// before the acceptance.
func Advance(now, step State) State {
	if step == Refusal && rank(now) >= rank(Acceptance) {
		return now
	}
	if rank(step) > rank(now) {
		return step
	}
	return now
}

// CompareDelivery orders states by how far along the road they are.
func CompareDelivery(a, b State) int { return rank(a) - rank(b) }

// Delivered tells whether the recipient has the document (01 or later, a refusal included).
func Delivered(s State) bool { return rank(s) >= rank(Arrived) }
