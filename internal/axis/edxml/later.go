package edxml

// Earlier names a document that its sender sent before: what a recall, an update or a
// replacement is aimed at.
type Earlier struct {
	DocumentId       string
	Code             string // full "number/notation"
	PromulgationDate Date
	Recipients       []string // OrganIds of those it went to
}

// Recall makes m, the notice of recall (văn bản thông báo thu hồi, NĐ 30/2020 Đ.18.4), a
// message that recalls an earlier document of the same sender. The document is named
// twice, in Bussiness and in a ResponseFor, since readers look at the one or the other.
func (m *Message) Recall(of Earlier, reason string) {
	m.about(DocRecall, of, reason)
}

// Update makes m a message that updates an earlier document of the same sender: change
// says whether its information or its recipients change, and which of these.
func (m *Message) Update(of Earlier, reason string, change BussinessDocumentInfo) {
	m.about(DocUpdate, of, reason)
	m.TraceHeaderList.Bussiness.BussinessDocumentInfo = change
}

// Replace makes m, itself a whole new document, a message that replaces earlier ones of
// the same sender, each with the agencies that had received it.
func (m *Message) Replace(reason string, of ...Earlier) {
	m.aim(DocReplace, reason)
	list := &m.TraceHeaderList.Bussiness.ReplacementInfoList
	for _, e := range of {
		list.ReplacementInfo = append(list.ReplacementInfo, ReplacementInfo{e.DocumentId, OrganIdList{e.Recipients}})
	}
}

func (m *Message) about(kind Number, of Earlier, reason string) {
	m.aim(kind, reason)
	m.TraceHeaderList.Bussiness.DocumentId = of.DocumentId
	m.MessageHeader.ResponseFor = append(m.MessageHeader.ResponseFor,
		of.response(m.MessageHeader.From.OrganId))
}

// aim sets the kind and clears what a message of another kind may have named.
func (m *Message) aim(kind Number, reason string) {
	b := &m.TraceHeaderList.Bussiness
	*b = Bussiness{BussinessDocType: kind, BussinessDocReason: reason, Paper: b.Paper, StaffInfo: b.StaffInfo}
}

func (e Earlier) response(organID string) ResponseFor {
	return ResponseFor{OrganId: organID, Code: e.Code, DocumentId: e.DocumentId, PromulgationDate: e.PromulgationDate}
}

// RecallRequest is the other route of a recall: one status 13 of the sender to each
// recipient of the earlier document, who answers 15 or 16.
func RecallRequest(from Agency, staff StaffInfo, of Earlier, reason string, at Timestamp) []*Status {
	out := make([]*Status, 0, len(of.Recipients))
	for _, to := range of.Recipients {
		out = append(out, &Status{
			From: from, ResponseFor: of.response(to), StaffInfo: staff,
			StatusCode: StatusRecallRequest, Description: reason, Timestamp: at,
		})
	}
	return out
}

// ByDocument reports whether a recall goes as a document message.
func (r RecallRoute) ByDocument() bool { return r != RecallByStatus }

// ByStatus reports whether a recall also goes, or only goes, as status 13.
func (r RecallRoute) ByStatus() bool { return r == RecallByStatus || r == RecallByBoth }
