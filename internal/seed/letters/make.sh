#!/bin/sh
# Makes the letters of the demonstration again: DOCX by tools/samples, PDF by LibreOffice.
# Needs what `make setup` installs.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
(cd ../../../tools && go build -o "$tmp/samples" ./samples)
(cd ../../.. && go run ./internal/seed/letters/list.go) >letters.json
rm -f ./*.pdf
"$tmp/samples" demo "$tmp" <letters.json
soffice "-env:UserInstallation=file://$tmp/profile" --headless --convert-to pdf --outdir . "$tmp"/*.docx >"$tmp/log" 2>&1 ||
	{ cat "$tmp/log" >&2; exit 1; }
