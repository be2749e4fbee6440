// Package auth knows who is asking: local accounts with argon2id passwords, sessions in
// the database, API tokens for programs, and the position in which somebody acts. What
// they may do is decided by internal/authz, never here.
package auth
