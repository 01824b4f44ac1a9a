// Package imdstest gives each test an EC2 Instance Metadata Service of its own: a mock-imds server.
//
//	func TestInterruption(t *testing.T) {
//		imds := imdstest.Start(t, "spot-idle")
//		imds.Setenv()
//		imds.Spot()
//		// … the program under test asks as it does on EC2 …
//		imds.WaitFor("meta-data/spot/instance-action", imdstest.Filter{Status: "200"})
//	}
//
// What goes wrong fails the test. The server ends with it, and with a test run that is killed.
package imdstest

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// The server waits no longer in one answer.
	longestWait    = time.Minute
	defaultTimeout = 30 * time.Second
	shownRequests  = 20
)

// Server is a metadata service of one test.
type Server struct {
	// URL is where it is, without a slash at the end.
	URL string
	// ControlSocket is the path of its control socket.
	ControlSocket string
	// InstanceID is what clients meet unless the scenario has another one for them.
	InstanceID string
	// PID is its process.
	PID int

	t       testing.TB
	control control
	process *process
}

// Start starts a server that ends with the test. The scenario is a name of the library, a path that ends in .toml, or
// TOML; the built-in instance if it is empty. The arguments are more options of mock-imds serve. The program is the one that
// MOCK_IMDS_PROGRAM names, else mock-imds in PATH.
func Start(t testing.TB, scenario string, arguments ...string) *Server {
	t.Helper()
	process, ready, err := start(scenario, arguments)
	if err != nil {
		t.Fatalf("imdstest: %v", err)
	}
	server := &Server{
		URL:           ready.URL,
		ControlSocket: ready.ControlSocket,
		InstanceID:    ready.InstanceID,
		PID:           ready.PID,
		t:             t,
		control:       newControl(ready.ControlSocket),
		process:       process,
	}
	t.Cleanup(server.end)
	return server
}

// A failed test shows what its server was asked, and what that said.
func (s *Server) end() {
	if s.t.Failed() {
		var came []Request
		if _, err := s.control.within(patience).ask("GET", "/v1/requests", nil, nil, &came); err != nil {
			s.t.Logf("requests to mock-imds: %v", err)
		} else {
			s.t.Logf("requests to mock-imds:%s", shown(entries(came)))
		}
		s.t.Logf("log of mock-imds: %s", s.process.log())
	}
	s.process.stop()
}

// Do asks the control socket: docs/control-api.md of mock-imds has the routes. The answer may be nil.
func (s *Server) Do(method, route string, body, answer any) error {
	_, err := s.control.ask(method, route, nil, body, answer)
	return err
}

func (s *Server) order(route string, body, answer any) {
	s.t.Helper()
	if err := s.Do("POST", route, body, answer); err != nil {
		s.t.Fatalf("imdstest: %v", err)
	}
}

// Setenv leads AWS SDKs in this process here, and past everything that they would ask before, until the test ends. As
// testing.T.Setenv it is not for parallel tests: those give URL to their SDK.
func (s *Server) Setenv() {
	s.t.Helper()
	for name, value := range sdkEnvironment(s.URL) {
		s.t.Setenv(name, value)
	}
	for _, name := range unset {
		// It is given back, too.
		s.t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			s.t.Fatalf("imdstest: %v", err)
		}
	}
}

// Event triggers an event with the keys of [[event]], and "in".
func (s *Server) Event(keys map[string]any) {
	s.t.Helper()
	s.order("/v1/events", keys, nil)
}

// Spot issues a spot interruption notice: termination in two minutes.
func (s *Server) Spot() { s.t.Helper(); s.SpotIn(0) }

// SpotIn issues it after a time on the scenario's clock.
func (s *Server) SpotIn(delay time.Duration) {
	s.t.Helper()
	keys := map[string]any{"spot-interruption": map[string]any{"action": "terminate", "notice": "2m"}}
	if delay > 0 {
		keys["in"] = span(delay)
	}
	s.Event(keys)
}

// Rebalance issues a rebalance recommendation.
func (s *Server) Rebalance() {
	s.t.Helper()
	s.Event(map[string]any{"rebalance-recommendation": map[string]any{}})
}

// Lifecycle sets the target lifecycle state of an Auto Scaling group.
func (s *Server) Lifecycle(state string) {
	s.t.Helper()
	s.Event(map[string]any{"target-lifecycle-state": state})
}

// Set overrides the value of a path.
func (s *Server) Set(path, value string) {
	s.t.Helper()
	s.Event(map[string]any{"set": map[string]any{path: value}})
}

// Remove has a path answer 404.
func (s *Server) Remove(path string) {
	s.t.Helper()
	s.Event(map[string]any{"set": map[string]any{path: false}})
}

// Unset removes overrides.
func (s *Server) Unset(paths ...string) {
	s.t.Helper()
	s.Event(map[string]any{"unset": paths})
}

// Fault is one that was injected.
type Fault struct {
	Name   string `json:"name"`
	Hits   uint64 `json:"hits"`
	server *Server
}

// Fault injects a fault with the keys of [[fault]], such as "path", "status" and "for".
func (s *Server) Fault(keys map[string]any) *Fault {
	s.t.Helper()
	fault := &Fault{server: s}
	s.order("/v1/faults", keys, fault)
	return fault
}

// Remove removes it.
func (f *Fault) Remove() {
	f.server.t.Helper()
	f.server.order("/v1/faults/remove", map[string]any{"names": []string{f.Name}}, nil)
}

// CountHits asks how many requests it had an effect on.
func (f *Fault) CountHits() uint64 {
	f.server.t.Helper()
	var faults []Fault
	if err := f.server.Do("GET", "/v1/faults", nil, &faults); err != nil {
		f.server.t.Fatalf("imdstest: %v", err)
	}
	for _, fault := range faults {
		if fault.Name == f.Name {
			return fault.Hits
		}
	}
	f.server.t.Fatalf("imdstest: there is no fault %q any more", f.Name)
	return 0
}

// Seek moves the scenario's clock: to "1m30s" since the load, or by "+30s" or "-30s".
func (s *Server) Seek(to string) {
	s.t.Helper()
	s.order("/v1/clock", map[string]any{"seek": to}, nil)
}

// Advance moves the scenario's clock forward.
func (s *Server) Advance(by time.Duration) { s.t.Helper(); s.Seek("+" + span(by)) }

// Pause stops the scenario's clock, and Resume lets it go on.
func (s *Server) Pause() { s.t.Helper(); s.order("/v1/clock", map[string]any{"pause": true}, nil) }

// Resume lets the clock go on.
func (s *Server) Resume() { s.t.Helper(); s.order("/v1/clock", map[string]any{"resume": true}, nil) }

// Use switches to another scenario: a name of the library, a path that ends in .toml, or TOML.
func (s *Server) Use(scenario string) {
	s.t.Helper()
	named, err := scenarioName(scenario)
	if err != nil {
		s.t.Fatalf("imdstest: %v", err)
	}
	if named != "" {
		s.order("/v1/use", map[string]any{"scenario": named}, nil)
	} else {
		s.order("/v1/use", map[string]any{"content": map[string]any{"text": scenario}}, nil)
	}
}

// Reload returns to the scenario of the start.
func (s *Server) Reload() { s.t.Helper(); s.order("/v1/reload", map[string]any{}, nil) }

// Clear takes back what was ordered.
func (s *Server) Clear() { s.t.Helper(); s.order("/v1/clear", map[string]any{}, nil) }

// Show is what the service answers at a path, and whether that is 200. It leaves no request.
func (s *Server) Show(path string) (string, bool) {
	s.t.Helper()
	var reply struct {
		Status int    `json:"status"`
		Body   string `json:"body"`
		Base64 string `json:"base64"`
	}
	query := url.Values{"path": {path}}
	if _, err := s.control.ask("GET", "/v1/show", query, nil, &reply); err != nil {
		s.t.Fatalf("imdstest: %v", err)
	}
	if reply.Base64 != "" {
		bytes, err := base64.StdEncoding.DecodeString(reply.Base64)
		if err != nil {
			s.t.Fatalf("imdstest: %v", err)
		}
		reply.Body = string(bytes)
	}
	return reply.Body, reply.Status == 200
}

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
	var conditions strings.Builder
	for name, values := range f.query() {
		if name != "path" {
			fmt.Fprintf(&conditions, ", %s=%s", name, values[0])
		}
	}
	return conditions.String()
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

func span(duration time.Duration) string { return fmt.Sprintf("%dms", duration.Milliseconds()) }
