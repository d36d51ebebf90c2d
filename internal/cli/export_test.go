package cli

import "leat/api"

// Comparison is the lines of a comparison, with or without colours.
func Comparison(c *api.Comparison, color bool) []string { return printer{color: color}.comparison(c) }

// IsPage reports an address that is opened in a browser.
func IsPage(address string) bool { return isPage(address) }
