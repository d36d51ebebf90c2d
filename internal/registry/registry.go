// Package registry stands between instances and the world of packages: the
// palette catalogue that the editor shows comes through the platform, so that
// neither an instance nor a browser has to reach anything else.
package registry
