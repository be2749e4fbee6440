package pades

import (
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

// leaderRequest is the first signature of the road: the leader's image above the
// name, and every field that number, date and seal will need.
func leaderRequest(t testing.TB, letter []byte, name string) signing.Request {
	t.Helper()
	f := open(t, letter)
	hits, err := text.Find(t.Context(), f, name)
	if err != nil || len(hits) != 1 {
		t.Fatalf("the name %q: %d hits, %v", name, len(hits), err)
	}
	blanks := func(pattern ...string) []signing.TextHit {
		found, err := text.Blanks(t.Context(), f, pattern)
		if err != nil || len(found) != 1 {
			t.Fatalf("blanks of %q: %d hits, %v", pattern, len(found), err)
		}
		return found[0]
	}
	number := blanks("Số:", "/SVD-VP")
	date := blanks("Hà Nội, ngày", "tháng", "năm")
	t.Logf("name %+v\nnumber %+v\ndate %+v", hits, number, date)
	at := hits[0].Place
	leader := signing.Place{Page: at.Page, X: at.X + at.W/2 - 20, Y: at.Y - 19, W: 40, H: 18}
	seal := signing.Place{Page: at.Page, X: leader.X + 40.0/3 - 36, Y: leader.Y + 9 - 18, W: 36, H: 36}
	return signing.Request{
		Field: "cv-leader", Place: leader,
		Appearance: signing.Appearance{Look: signing.LookLeader, Image: signatureImage(t)},
		Lock:       &signing.Lock{Action: signing.LockExclude, Fields: []string{"cv-number", "cv-day", "cv-month", "cv-agency"}},
		Create: []signing.FieldSpec{
			{Name: "cv-number", Kind: signing.FieldText, Place: number[0].Place, FontSize: number[0].FontSize},
			{Name: "cv-day", Kind: signing.FieldText, Place: date[0].Place, FontSize: date[0].FontSize, Italic: true},
			{Name: "cv-month", Kind: signing.FieldText, Place: date[1].Place, FontSize: date[1].FontSize, Italic: true},
			{Name: "cv-agency", Kind: signing.FieldSignature, Place: seal, Lock: &signing.Lock{Action: signing.LockAll}},
		},
		Name: name, Reason: "Ký ban hành (thử nghiệm)", Location: "Hà Nội",
	}
}

func agencyRequest(t testing.TB) signing.Request {
	return signing.Request{
		Field:      "cv-agency",
		Appearance: signing.Appearance{Look: signing.LookAgency, Image: sealImage(t)},
		Fill:       []signing.FieldValue{{Name: "cv-number", Value: "125"}, {Name: "cv-day", Value: "21"}, {Name: "cv-month", Value: "11"}},
		Name:       "Sở Ví dụ", Reason: "Phát hành",
	}
}

// The road of a document: the leader signs, the clerk fills number and date and seals.
func TestLeaderThenAgency(t *testing.T) {
	e := New(Options{})
	leader, agency := newSigner(t, "Nguyễn Văn Mẫu"), newSigner(t, "Sở Ví dụ")
	for _, name := range []string{"cong-van-1.pdf", "cong-van-1-xref-stream.pdf", "cong-van-1-linearized.pdf", "cong-van-1-rotated.pdf"} {
		t.Run(name, func(t *testing.T) {
			letter := sample(t, name)
			once := leader.sign(t, e, letter, leaderRequest(t, letter, "Nguyễn Văn Mẫu"))
			accepted(t, once, leader)
			twice := agency.sign(t, e, once, agencyRequest(t))
			accepted(t, twice, leader, agency)

			page := render(t, twice, 1)
			if n, at := pixels(page, red); n < 1000 {
				t.Errorf("the seal shows %d red pixels at %v", n, at)
			}
			if n, at := pixels(page, blue); n < 300 {
				t.Errorf("the signature shows %d blue pixels at %v", n, at)
			}
			f := open(t, twice)
			fields, err := f.Fields()
			if err != nil {
				t.Fatal(err)
			}
			for _, field := range fields {
				if field.Name == "cv-number" && field.Value.(pdf.String).Text() != "125" {
					t.Errorf("the number is %v", field.Value)
				}
			}
		})
	}
}
