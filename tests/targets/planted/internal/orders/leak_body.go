package orders

import (
	"io"
	"net"
	"net/http"
	"strings"

	"planted/internal/fault"
)

// leakBody asks the warehouse whether there is a product; the status says it.
func leakBody(client *http.Client, url string, clean bool) (bool, error) {
	response, err := client.Get(url)
	if err != nil {
		return false, err
	}
	if clean {
		defer response.Body.Close()
		io.Copy(io.Discard, response.Body)
	}
	return response.StatusCode == http.StatusOK, nil
}

func startBody(clean bool) (fault.Step, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	stock := strings.Repeat("in stock ", 200)
	handler := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, stock) }
	go (&http.Server{Handler: http.HandlerFunc(handler)}).Serve(listener)
	client := &http.Client{Transport: &http.Transport{}}
	url := "http://" + listener.Addr().String() + "/stock"
	return func() error {
		_, err := leakBody(client, url, clean)
		return err
	}, nil
}
