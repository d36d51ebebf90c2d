// Package fleet holds the nouns of Leat and their rules: typed ids, roles,
// permissions, names, states and errors. It does no I/O and imports nothing of
// ours, so that every floor above can speak the same words.
package fleet
