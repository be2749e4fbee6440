package store

import (
	"database/sql"
	"slices"

	"congvan/internal/document"
)

// files of a document that are not retired, in order, with their newest versions. owner is
// outgoing_id or incoming_id.
func (t *tx) files(owner, id string) ([]document.File, error) {
	found, err := list(t, scanFile, "SELECT "+fileRead+" FROM files f JOIN versions v ON v.id = f.version_id WHERE f."+owner+" = ? AND NOT f.retired ORDER BY f.ordinal, f.id", id)
	if t.writes && err == nil {
		t.seenFiles[id] = slices.Clone(found)
	}
	return found, err
}

const fileRead = "f.id, f.role, f.ordinal, f.name, f.media_type, v.id, v.n, v.kind, v.blob_key, v.size, v.hash_state, v.pages, v.base_blob, v.level, v.created_at, v.created_by"

func scanFile(row scanner) (document.File, error) {
	var f document.File
	v := &f.Version
	err := row.Scan(&f.ID, &f.Role, &f.Ordinal, &f.Name, &f.MediaType,
		&v.ID, &v.N, &v.Kind, &v.Blob, &v.Size, &v.HashState, &v.Pages, &v.BaseBlob, &v.Level, asTime{&v.CreatedAt}, &v.CreatedBy)
	return f, err
}

// putFiles makes the document's files those given: a new file or version is added, a file
// that is not among them any more is retired, nothing is removed.
func (t *tx) putFiles(owner, id string, want []document.File) error {
	have, seen := t.seenFiles[id]
	if !seen {
		var err error
		if have, err = t.files(owner, id); err != nil {
			return err
		}
	}
	t.seenFiles[id] = slices.Clone(want)
	kept := map[string]document.File{}
	for _, f := range have {
		kept[f.ID] = f
	}
	for _, f := range want {
		old, there := kept[f.ID]
		delete(kept, f.ID)
		if there && old.Version.ID == f.Version.ID && old.Ordinal == f.Ordinal {
			continue
		}
		if err := t.putFile(owner, id, f, there && old.Version.ID == f.Version.ID); err != nil {
			return err
		}
	}
	for old := range kept {
		if _, err := t.exec("UPDATE files SET retired = TRUE WHERE id = ?", old); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) putFile(owner, id string, f document.File, sameVersion bool) error {
	var outgoing, incoming sql.NullString
	if owner == "outgoing_id" {
		outgoing = noneAsNull(id)
	} else {
		incoming = noneAsNull(id)
	}
	v := f.Version
	_, err := t.exec(`INSERT INTO files (id, outgoing_id, incoming_id, role, ordinal, name, media_type, version_id, retired)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, FALSE)
		ON CONFLICT (id) DO UPDATE SET ordinal = excluded.ordinal, version_id = excluded.version_id, retired = FALSE`,
		f.ID, outgoing, incoming, f.Role, f.Ordinal, f.Name, f.MediaType, v.ID)
	if err != nil || sameVersion {
		return err
	}
	_, err = t.exec(`INSERT INTO versions (id, file_id, n, kind, blob_key, size, hash_state, pages, base_blob, level, created_at, created_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.ID, f.ID, v.N, v.Kind, v.Blob, v.Size, v.HashState, v.Pages, v.BaseBlob, v.Level, micros(v.CreatedAt), v.CreatedBy)
	return err
}

// VersionOf finds a version of a file by its bytes; of several the newest.
func (t *tx) VersionOf(fileID, blob string) (document.Version, error) {
	f, err := one(list(t, scanFile, "SELECT "+fileRead+" FROM files f JOIN versions v ON v.file_id = f.id WHERE f.id = ? AND v.blob_key = ? ORDER BY v.n DESC LIMIT 1", fileID, blob))
	return f.Version, err
}
