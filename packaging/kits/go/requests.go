package imdstest

import (
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	// The server waits no longer in one answer.
	longestWait    = time.Minute
	defaultTimeout = 30 * time.Second
	shownRequests  = 20
)

// Request is one that a client sent.
type Request struct {
	Number uint64    `json:"number"`
	At     time.Time `json:"at"`
	Client string    `json:"client"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Version is "v1", "v2", or "token" for one that asks for a token.
	Version string `json:"version"`
	// Status is that of the reply; 0 if there was none.
	Status int `json:"status"`
}

// Filter selects requests; what is empty selects all.
type Filter struct {
	// Path may have * for a part and ** for any number of parts.
	Path string
	// Status is such as "200", "4xx" or "none".
	Status string
	Method string
	// Version is "v1", "v2" or "token".
	Version string
	Client  string
	// Timeout is how long WaitFor waits: 30 seconds if it is 0.
	Timeout time.Duration
}

// The other conditions, for the message of a wait that failed.
func (f Filter) besidesPath() string {
	query := f.query()
	var conditions []string
	for name := range query {
		if name != "path" {
			conditions = append(conditions, fmt.Sprintf(", %s=%s", name, query.Get(name)))
		}
	}
	sort.Strings(conditions)
	return strings.Join(conditions, "")
}

func (f Filter) query() url.Values {
	query := url.Values{}
	pairs := [][2]string{{"path", f.Path}, {"status", f.Status}, {"method", f.Method}, {"v", f.Version}, {"client", f.Client}}
	for _, pair := range pairs {
		if pair[1] != "" {
			query.Set(pair[0], pair[1])
		}
	}
	return query
}

// Requests are those of clients, the oldest first.
func (s *Server) Requests(filter Filter) []Request {
	s.t.Helper()
	var found []Request
	if _, err := s.control.ask("GET", "/v1/requests", filter.query(), nil, &found); err != nil {
		s.t.Fatalf("imdstest: %v", err)
	}
	return entries(found)
}

// WaitFor waits for a request for a path, and gives the first one. One that has come already counts: with the status "200"
// only one that found something there.
func (s *Server) WaitFor(path string, filter Filter) Request {
	s.t.Helper()
	filter.Path = path
	timeout := filter.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	deadline := time.Now().Add(timeout)
	query := filter.query()
	query.Set("since", "start")
	query.Set("limit", "1")
	for {
		left := time.Until(deadline)
		if left < 0 {
			left = 0
		}
		wait := left
		if wait > longestWait {
			wait = longestWait
		}
		query.Set("wait", strconv.FormatFloat(wait.Seconds(), 'f', 3, 64))
		var found []Request
		// A server that hangs keeps nobody longer.
		position, err := s.control.within(wait+patience).ask("GET", "/v1/requests", query, nil, &found)
		if err != nil {
			s.t.Fatalf("imdstest: %v", err)
		}
		if found = entries(found); len(found) > 0 {
			return found[0]
		}
		if left == 0 {
			s.t.Fatalf("imdstest: no request for %s%s within %s; %s", path, filter.besidesPath(), timeout, s.whatCame())
		}
		query.Set("since", position)
	}
}

// For the message of a wait that failed: nothing replaces it.
func (s *Server) whatCame() string {
	var came []Request
	if _, err := s.control.within(patience).ask("GET", "/v1/requests", nil, nil, &came); err != nil {
		return fmt.Sprintf("what came is not known: %v", err)
	}
	came = entries(came)
	return fmt.Sprintf("%d came, the last ones:%s", len(came), shown(came))
}

// Among the entries may be the number of those that were overwritten.
func entries(lines []Request) []Request {
	var found []Request
	for _, line := range lines {
		if line.Number > 0 {
			found = append(found, line)
		}
	}
	return found
}

func shown(requests []Request) string {
	if len(requests) == 0 {
		return " none"
	}
	if len(requests) > shownRequests {
		requests = requests[len(requests)-shownRequests:]
	}
	var lines strings.Builder
	for _, request := range requests {
		fmt.Fprintf(&lines, "\n  %s %s %d (%s)", request.Method, request.Path, request.Status, request.Version)
	}
	return lines.String()
}
