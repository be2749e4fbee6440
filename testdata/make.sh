#!/bin/sh
# Makes every sample document of this folder again: DOCX by tools/samples, PDF
# by LibreOffice, the variants by qpdf. Needs what `make setup` installs.
# LibreOffice stamps the time, so the PDF bytes differ from run to run.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

(cd ../tools && go build -o "$tmp/samples" ./samples)
mkdir -p docx
rm -f docx/*.docx ./*.pdf
"$tmp/samples" docx docx

to() { # FORMAT OUTDIR FILE...: LibreOffice with a profile of its own
	format=$1 dir=$2
	shift 2
	soffice "-env:UserInstallation=file://$tmp/profile" --headless \
		--convert-to "$format" --outdir "$dir" "$@" >"$tmp/log" 2>&1 || { cat "$tmp/log" >&2; exit 1; }
}
to pdf . docx/*.docx

# The letter with lines to fill in becomes one with an AcroForm.
to fodt "$tmp" docx/cong-van-bieu-mau.docx
mkdir "$tmp/form"
"$tmp/samples" fields <"$tmp/cong-van-bieu-mau.fodt" >"$tmp/form/cong-van-bieu-mau.fodt"
to pdf . "$tmp/form/cong-van-bieu-mau.fodt"

letter=cong-van-1.pdf
qpdf --deterministic-id --object-streams=generate $letter cong-van-1-xref-stream.pdf
qpdf --deterministic-id --linearize $letter cong-van-1-linearized.pdf
qpdf --encrypt thu-nghiem chu-so-huu 256 -- $letter cong-van-1-user-password.pdf
qpdf --encrypt '' chu-so-huu 256 --modify=none -- $letter cong-van-1-owner-password.pdf

qpdf --qdf --object-streams=disable $letter "$tmp/letter.qdf"
"$tmp/samples" turn <"$tmp/letter.qdf" >"$tmp/turned.qdf"
fix-qdf "$tmp/turned.qdf" >"$tmp/turned.pdf"
qpdf --deterministic-id "$tmp/turned.pdf" cong-van-1-rotated.pdf

# An annex and a paper letter as a scanner leaves them: 200 dpi, colour, no text.
for name in phu-luc van-ban-giay; do
	pdftoppm -jpeg -jpegopt quality=40 -r 200 -singlefile $name.pdf "$tmp/$name"
	"$tmp/samples" scan "$tmp/$name.jpg" $name-scan.pdf
done
rm van-ban-giay.pdf

head -c 30000 $letter >cong-van-1-truncated.pdf
cp docx/cong-van-1.docx not-a-pdf.pdf
