package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
)

// serve starts the pprof server and says where it is, in the form in which soakwatch takes it.
func serve(listen string) (where string, closeServer func(), err error) {
	if listen == "none" {
		return "none", func() {}, nil
	}
	listener, where, err := open(listen)
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	return where, func() { server.Close() }, nil
}

func open(listen string) (net.Listener, string, error) {
	if path := strings.TrimPrefix(listen, "unix:"); path != listen {
		listener, err := net.Listen("unix", path)
		return listener, listen, err
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, "", err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, "", fmt.Errorf("-listen %s: profiles are served on loopback addresses only", listen)
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, "", err
	}
	return listener, fmt.Sprintf("http://%s/debug/pprof/", listener.Addr()), nil
}
