package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
)

// serve starts a pprof server of its own, so that watching leaves the connections of the service
// alone, and says where it is.
func serve(address string) (where string, closeServer func(), err error) {
	if address == "none" {
		return "none", func() {}, nil
	}
	listener, where, err := open(address)
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	return where, func() { server.Close() }, nil
}

func open(address string) (net.Listener, string, error) {
	if path := strings.TrimPrefix(address, "unix:"); path != address {
		listener, err := net.Listen("unix", path)
		return listener, address, err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, "", fmt.Errorf("-pprof %s: profiles are served on loopback addresses only", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", err
	}
	return listener, fmt.Sprintf("http://%s/debug/pprof/", listener.Addr()), nil
}
