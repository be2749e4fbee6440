// Package interop holds the signatures made here against the validators of other hands,
// and the validator of this project against their signatures: `make interop`. README.md
// says what is made, who judges it and how to run the drivers alone.
//
// Everything but this sentence is behind the build tag interop, so that `make test` does
// not run it a second time.
package interop
