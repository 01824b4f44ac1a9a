package imdstest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const (
	// A loaded machine may take its time.
	startTimeout = 30 * time.Second
	// Requests that are being answered may finish so long.
	endTimeout = time.Second
	// A socket's path has 107 bytes at most, and more than one is made beside it.
	longestDirectory = 70
)

// What a service manager, or the user, sets for another server.
var notOurs = map[string]bool{
	"CONFIGURATION_DIRECTORY":  true,
	"LISTEN_FDS":               true,
	"LISTEN_FDNAMES":           true,
	"LISTEN_PID":               true,
	"MOCK_IMDS_NODE":           true,
	"MOCK_IMDS_NODE_ADDRESSES": true,
	"NOTIFY_SOCKET":            true,
	"RUNTIME_DIRECTORY":        true,
	"STATE_DIRECTORY":          true,
	"WATCHDOG_PID":             true,
	"WATCHDOG_USEC":            true,
}

// A server as a child, which never outlives this process: its standard input ends with it.
type process struct {
	command   *exec.Cmd
	stdin     io.Closer
	directory string
	ended     chan struct{}
}

// The line that it prints.
type readyLine struct {
	URL           string `json:"url"`
	ControlSocket string `json:"control_socket"`
	PID           int    `json:"pid"`
	InstanceID    string `json:"instance_id"`
}

func start(scenario string, arguments []string) (*process, *readyLine, error) {
	program := os.Getenv("MOCK_IMDS_PROGRAM")
	if program == "" {
		found, err := exec.LookPath("mock-imds")
		if err != nil {
			return nil, nil, errors.New("mock-imds is not in PATH; install it, or name the program with MOCK_IMDS_PROGRAM")
		}
		program = found
	}
	parent := os.TempDir()
	if len(parent) > longestDirectory {
		parent = "/tmp"
	}
	directory, err := os.MkdirTemp(parent, "mock-imds-")
	if err != nil {
		return nil, nil, err
	}
	started := &process{directory: directory, ended: make(chan struct{})}
	stdout, err := started.spawn(program, scenario, arguments)
	if err != nil {
		os.RemoveAll(directory)
		return nil, nil, err
	}
	ready, err := started.readReady(stdout)
	if err != nil {
		started.stop()
		return nil, nil, err
	}
	return started, ready, nil
}

func (p *process) spawn(program, scenario string, arguments []string) (io.Reader, error) {
	argument, err := scenarioArgument(scenario, p.directory)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(p.directory, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	own := []string{"serve", "--listen", "127.0.0.1:0", "--ready-json", "--until-stdin-closes",
		"--control", filepath.Join(p.directory, "c.sock"), "--scenario", argument}
	p.command = exec.Command(program, append(own, arguments...)...)
	p.command.Stderr = log
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !notOurs[name] {
			p.command.Env = append(p.command.Env, variable)
		}
	}
	stdin, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return stdout, p.command.Start()
}

func (p *process) readReady(stdout io.Reader) (*readyLine, error) {
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		lines <- line
		// Wait closes stdout: only after the line is read.
		_ = p.command.Wait()
		close(p.ended)
	}()
	select {
	case line := <-lines:
		if line == "" {
			<-p.ended
			return nil, fmt.Errorf("mock-imds ended: %s: %s", p.command.ProcessState, strings.TrimSpace(p.log()))
		}
		ready := new(readyLine)
		if err := json.Unmarshal([]byte(line), ready); err != nil {
			return nil, fmt.Errorf("expected a line of JSON from mock-imds, found %q: %w", line, err)
		}
		if ready.ControlSocket == "" {
			return nil, fmt.Errorf("mock-imds has no control socket: %s", strings.TrimSpace(p.log()))
		}
		return ready, nil
	case <-time.After(startTimeout):
		return nil, fmt.Errorf("mock-imds was not ready after %s: %s", startTimeout, strings.TrimSpace(p.log()))
	}
}

// What the server has written to stderr.
func (p *process) log() string {
	text, err := os.ReadFile(filepath.Join(p.directory, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Ends the server, and removes its files. The second signal waits for no request.
func (p *process) stop() {
	p.stdin.Close()
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		select {
		case <-p.ended:
		case <-time.After(endTimeout):
			_ = p.command.Process.Signal(signal)
		}
	}
	<-p.ended
	os.RemoveAll(p.directory)
}

var name = regexp.MustCompile(`^[a-z0-9-]+$`)

// The name of one of the library, or the absolute path of a file; empty for TOML.
func scenarioName(scenario string) (string, error) {
	switch {
	case name.MatchString(scenario):
		return scenario, nil
	case strings.HasSuffix(scenario, ".toml") && !strings.Contains(scenario, "\n"):
		return filepath.Abs(scenario)
	}
	return "", nil
}

// What --scenario takes; a text is written to a file of the directory.
func scenarioArgument(scenario, directory string) (string, error) {
	if scenario == "" {
		// Without a name the server would read the scenario of whoever runs the tests.
		return "default", nil
	}
	if named, err := scenarioName(scenario); named != "" || err != nil {
		return named, err
	}
	file := filepath.Join(directory, "scenario.toml")
	return file, os.WriteFile(file, []byte(scenario), 0o600)
}
