package headoffice

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
)

// reach is which addresses head office may call for a webhook. A name is looked up anew for each connection, and the address
// itself is judged then: nobody can lead a name elsewhere later.
type reach struct{ private, loopback bool }

// reachOf is that of an address: this machine is called only by one that says so.
func reachOf(address string, private bool) reach {
	u, err := url.Parse(address)
	return reach{private: private, loopback: err == nil && isThisMachine(u.Hostname())}
}

func isThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// neverCalled are networks in which no receiver is: of this host and its links, where clouds answer with secrets, of many
// hosts at once, and those that wrap an address of another kind.
func neverCalled() []string {
	return []string{"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/96", "fe80::/10", "ff00::/8",
		"64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16"}
}

// privateNetworks are called when the operator says so.
func privateNetworks() []string {
	return []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "fc00::/7"}
}

// errUnreachable says that an address is not called.
var errUnreachable = errors.New("head office does not call this address")

func (r reach) allows(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	in := func(network string) bool { return netip.MustParsePrefix(network).Contains(ip) }
	switch {
	case ip.IsLoopback():
		if !r.loopback {
			return fmt.Errorf("%w: %v is this machine, which the webhook does not name", errUnreachable, ip)
		}
	case slices.ContainsFunc(neverCalled(), in):
		return fmt.Errorf("%w: %v", errUnreachable, ip)
	case slices.ContainsFunc(privateNetworks(), in) && !r.private:
		return fmt.Errorf("%w: %v is in a private network", errUnreachable, ip)
	}
	return nil
}

// control judges the address of a connection before it is made.
func (r reach) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", errUnreachable, address)
	}
	return r.allows(at.Addr())
}
