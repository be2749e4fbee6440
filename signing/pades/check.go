package pades

import (
	"errors"
	"fmt"

	"congvan/signing"
)

// check refuses what the file does not allow before anything is drawn, so that no
// key is ever asked to sign it.
func (u *update) check() error {
	r := u.request
	switch {
	case r.Certify < 0 || r.Certify > 3:
		return fmt.Errorf("pades: DocMDP level %d; 1 to 3, or 0 for an approval", r.Certify)
	case r.Certify != 0 && u.locks.any:
		return fmt.Errorf("%w: only the first signature can certify", signing.ErrSigned)
	case u.locks.docMDP == 1:
		return fmt.Errorf("%w: it certifies the file and allows no change", signing.ErrLocked)
	}
	names := map[string]bool{r.Field: true}
	for _, spec := range r.Create {
		if names[spec.Name] {
			return fmt.Errorf("field %q: %w: it is asked for twice", spec.Name, signing.ErrFieldExists)
		}
		names[spec.Name] = true
		if err := u.checkNew(spec); err != nil {
			return fmt.Errorf("field %q: %w", spec.Name, err)
		}
	}
	for _, v := range r.Fill {
		if names[v.Name] {
			return fmt.Errorf("field %q: %w: it is asked for twice", v.Name, signing.ErrFieldExists)
		}
		names[v.Name] = true
		if err := u.locks.forbid(v.Name); err != nil {
			return fmt.Errorf("field %q: %w", v.Name, err)
		}
	}
	return nil
}

// checkNew judges a field to be created. Text fields must be there when the first
// signature is made: a later one is an unlawful change to most validators.
func (u *update) checkNew(spec signing.FieldSpec) error {
	switch spec.Kind {
	case signing.FieldText:
		if spec.Lock != nil {
			return errors.New("pades: only a signature field has a lock")
		}
		if u.locks.any {
			return fmt.Errorf("%w: a text field can only be created with the first signature", signing.ErrSigned)
		}
	case signing.FieldSignature:
	default:
		return fmt.Errorf("pades: unknown kind of field %q", spec.Kind)
	}
	if err := u.locks.shown(); err != nil {
		return err
	}
	if err := u.locks.forbid(spec.Name); err != nil {
		return err
	}
	return u.form.free(spec.Name)
}
