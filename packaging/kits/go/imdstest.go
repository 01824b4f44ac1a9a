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
	"testing"
	"time"
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

func span(duration time.Duration) string { return fmt.Sprintf("%dms", duration.Milliseconds()) }
