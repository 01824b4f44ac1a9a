package imdstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// Longer than the server takes for any order.
	orderTimeout = 90 * time.Second
	// A test that failed waits no longer for the requests that it shows.
	patience = 5 * time.Second
)

// The routes of one server. A connection carries one request.
type control struct{ client http.Client }

func newControl(socket string) control {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	return control{http.Client{Transport: transport, Timeout: orderTimeout}}
}

// The same, for who waits no longer for an answer.
func (c control) within(timeout time.Duration) *control {
	c.client.Timeout = timeout
	return &c
}

// Rejected is the error of a scenario, an event or a fault that was rejected; nothing has changed.
type Rejected struct {
	// Report is the server's text, with lines and carets.
	Report string
}

func (r *Rejected) Error() string { return r.Report }

// Gives where the journal of requests goes on after the answer.
func (c *control) ask(method, route string, query url.Values, body, answer any) (string, error) {
	var encoded io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return "", err
		}
		encoded = bytes.NewReader(text)
	}
	// A plus stands for itself there, not for a space.
	asked := strings.ReplaceAll(query.Encode(), "+", "%20")
	address := url.URL{Scheme: "http", Host: "mock-imds", Path: route, RawQuery: asked}
	request, err := http.NewRequest(method, address.String(), encoded)
	if err != nil {
		return "", err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", refusal(method+" "+route, response.StatusCode, text)
	}
	if answer != nil {
		err = json.Unmarshal(text, answer)
	}
	return response.Header.Get("journal-position"), err
}

func refusal(asked string, status int, text []byte) error {
	var said struct{ Error, Message, Report string }
	if err := json.Unmarshal(text, &said); err != nil {
		return fmt.Errorf("%s: %d: %w", asked, status, err)
	}
	switch {
	case said.Report != "":
		return &Rejected{said.Report}
	case said.Message != "":
		return &Rejected{said.Message}
	default:
		return fmt.Errorf("%s: %d: %s", asked, status, said.Error)
	}
}
