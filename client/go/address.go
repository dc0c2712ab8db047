package shortlist

import (
	"net"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// resolve is what gRPC dials for an address. One address it resolves by itself, a list is spelled out for it.
func resolve(address string) (string, []grpc.DialOption) {
	hosts := strings.Split(address, ",")
	if len(hosts) == 1 {
		return address, nil
	}
	var state resolver.State
	for _, host := range hosts {
		// With TLS, each server proves its own name.
		state.Addresses = append(state.Addresses, resolver.Address{Addr: host, ServerName: host})
	}
	list := manual.NewBuilderWithScheme("list")
	list.InitialState(state)
	return "list:///" + hosts[0], []grpc.DialOption{grpc.WithResolvers(list)}
}

// isLoopback says whether no address of a list leaves this machine.
func isLoopback(address string) bool {
	for each := range strings.SplitSeq(address, ",") {
		host, _, err := net.SplitHostPort(each)
		local := err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
		if !local && !strings.HasPrefix(each, "unix:") && !strings.HasPrefix(each, "unix-abstract:") {
			return false
		}
	}
	return true
}
