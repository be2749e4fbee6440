package store

import "congvan/internal/document"

var noticeTable = newTable("notices", noticeColumns(new(document.Notice)))

func noticeColumns(n *document.Notice) columns {
	return columns{
		{"id", n.ID, &n.ID},
		{"incoming_id", n.IncomingID, &n.IncomingID},
		{"about", n.About, &n.About},
		{"channel", n.Channel, &n.Channel},
		{"message", inJSON{n.Message}, asJSON{&n.Message}},
		{"attempts", n.Attempts, &n.Attempts},
		{"last_error", n.LastError, &n.LastError},
		{"sent_at", microsOrNull(n.SentAt), asTimePtr{&n.SentAt}},
		{"code", n.Message.Status, nil},
	}
}

func scanNotice(row scanner) (document.Notice, error) {
	var n document.Notice
	err := row.Scan(append(noticeColumns(&n).dests(), &n.Row)...)
	return n, err
}

// Notice finds a status notice of the outbox.
func (t *tx) Notice(id string) (document.Notice, error) {
	return one(list(t, scanNotice, "SELECT "+noticeTable.read+", d.rev FROM notices d WHERE d.id = ?"+t.lock(), id))
}

// PutNotice writes it. A second one of the same document, code and change answered alters nothing: n gets
// the ID and Row of the first.
func (t *tx) PutNotice(n *document.Notice) error {
	if n.Row > 0 {
		return t.put(noticeTable, n.ID, &n.Row, noticeColumns(n))
	}
	id := n.ID
	t.undo = append(t.undo, func() { n.ID, n.Row = id, 0 })
	added, err := t.exec(noticeTable.insert+" ON CONFLICT (incoming_id, code, about) DO NOTHING", noticeColumns(n).args()...)
	if err != nil {
		return err
	}
	if added == 1 {
		n.Row = 1
		return nil
	}
	return get(t, []any{&n.ID, &n.Row}, "SELECT id, rev FROM notices WHERE incoming_id = ? AND code = ? AND about = ?", n.IncomingID, n.Message.Status, n.About)
}
