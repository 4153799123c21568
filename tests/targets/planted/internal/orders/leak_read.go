package orders

import (
	"net"
	"time"

	"planted/internal/fault"
)

// leakOnRead waits for the word of a bank, with a deadline or without.
func leakOnRead(connection net.Conn, patience time.Duration) {
	defer connection.Close()
	if patience > 0 {
		connection.SetReadDeadline(time.Now().Add(patience))
	}
	connection.Read(make([]byte, 512))
}

// acceptInSilence is the bank: it accepts, and says nothing.
func acceptInSilence(listener net.Listener, clean bool) {
	var all []net.Conn
	for {
		accepted, err := listener.Accept()
		if err != nil {
			return
		}
		if clean {
			fault.Later(func() { accepted.Close() })
			continue
		}
		all = append(all, accepted)
	}
}

func startRead(clean bool) (fault.Step, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go acceptInSilence(listener, clean)
	patience := time.Duration(0)
	if clean {
		patience = time.Second
	}
	return func() error {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		go leakOnRead(connection, patience)
		return nil
	}, nil
}
