// A spot instance's program, as its author would test it.
package sample

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/mock-imds/imdstest"
)

const notice = "meta-data/spot/instance-action"

// What the author's program asks with: HTTP, as documented for IMDSv2.
func metadata(service, path string) (string, int, error) {
	ask := func(method, path, header, value string) (string, int, error) {
		request, err := http.NewRequest(method, service+"/latest/"+path, http.NoBody)
		if err != nil {
			return "", 0, err
		}
		request.Header.Set("X-aws-ec2-metadata-token"+header, value)
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			return "", 0, err
		}
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		return string(body), reply.StatusCode, err
	}
	token, _, err := ask("PUT", "api/token", "-ttl-seconds", "60")
	if err != nil {
		return "", 0, err
	}
	return ask("GET", path, "", token)
}

// The program under test: it stops when its instance is to be interrupted.
type worker struct{ stopped bool }

func (w *worker) poll(t *testing.T) {
	t.Helper()
	body, status, err := metadata(os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"), notice)
	if err != nil {
		t.Fatal(err)
	}
	w.stopped = status == 200 && strings.Contains(body, `"terminate"`)
}

func TestTheWorkerStopsAtANotice(t *testing.T) {
	imds := imdstest.Start(t, "")
	imds.Setenv()
	worker := new(worker)
	worker.poll(t)
	if status := imds.WaitFor(notice, imdstest.Filter{}).Status; worker.stopped || status != 404 {
		t.Fatalf("before the notice: stopped %t, status %d", worker.stopped, status)
	}
	imds.Spot()
	worker.poll(t)
	if version := imds.WaitFor(notice, imdstest.Filter{Status: "200"}).Version; !worker.stopped || version != "v2" {
		t.Fatalf("after the notice: stopped %t, version %s", worker.stopped, version)
	}
}

func TestALaterNoticeComesWithTheClock(t *testing.T) {
	imds := imdstest.Start(t, "spot-idle")
	imds.SpotIn(10 * time.Minute)
	if body, found := imds.Show(notice); found {
		t.Fatalf("expected no notice yet, found %s", body)
	}
	imds.Advance(10 * time.Minute)
	if body, found := imds.Show(notice); !found || !strings.Contains(body, "terminate") {
		t.Fatalf("expected a notice, found %q", body)
	}
}

func TestScenariosAreTomlFilesAndNames(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "mine.toml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("mine.toml", "[instance]\nuser-data = { file = \"boot.sh\" }\n")
	write("boot.sh", "#!/bin/sh\n")
	imds := imdstest.Start(t, file)
	shows := func(path, expected string) {
		t.Helper()
		if found, _ := imds.Show(path); found != expected {
			t.Fatalf("expected %q at %s, found %q", expected, path, found)
		}
	}
	shows("user-data", "#!/bin/sh\n")
	imds.Use("[instance]\ninstance-type = \"t3.micro\"\n")
	shows("meta-data/instance-type", "t3.micro")
	imds.Use("spot-idle")
	shows("meta-data/instance-life-cycle", "spot")
	imds.Reload()
	shows("user-data", "#!/bin/sh\n")
	imds.Use("spot-idle")
	relative, err := filepath.Rel(workingDirectory(t), file)
	if err != nil {
		t.Fatal(err)
	}
	imds.Use(relative)
	shows("user-data", "#!/bin/sh\n")
}

func workingDirectory(t *testing.T) string {
	t.Helper()
	directory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestAPathMayHaveSpacesAndPluses(t *testing.T) {
	imds := imdstest.Start(t, "")
	imds.Set("meta-data/tags/instance/a b+c", "found")
	if found, _ := imds.Show("meta-data/tags/instance/a b+c"); found != "found" {
		t.Fatalf("expected what was set, found %q", found)
	}
	if found, ok := imds.Show("meta-data/tags/instance/a b c"); ok {
		t.Fatalf("expected nothing at a path that was not set, found %q", found)
	}
}

func TestAFaultIsMetAndRemoved(t *testing.T) {
	imds := imdstest.Start(t, "")
	fault := imds.Fault(map[string]any{"path": "meta-data/instance-id", "status": 503, "for": "1m"})
	if _, status, err := metadata(imds.URL, "meta-data/instance-id"); status != 503 || err != nil {
		t.Fatalf("expected 503, found %d, %v", status, err)
	}
	if hits := fault.CountHits(); hits != 1 {
		t.Fatalf("expected 1 hit, found %d", hits)
	}
	fault.Remove()
	if body, _, err := metadata(imds.URL, "meta-data/instance-id"); body != imds.InstanceID || err != nil {
		t.Fatalf("expected %s, found %s, %v", imds.InstanceID, body, err)
	}
	if came := imds.Requests(imdstest.Filter{Path: "meta-data/instance-id"}); len(came) != 2 || came[0].Status != 503 {
		t.Fatalf("expected a 503 and a 200, found %v", came)
	}
}

func TestARejectionHasTheReport(t *testing.T) {
	imds := imdstest.Start(t, "")
	order := map[string]any{"spot-interruption": map[string]any{"action": "explode"}}
	var rejected *imdstest.Rejected
	if err := imds.Do("POST", "/v1/events", order, nil); !errors.As(err, &rejected) ||
		!strings.Contains(rejected.Report, `accepted: "terminate", "stop", "hibernate"`) {
		t.Fatalf("expected a rejection, found %v", err)
	}
}

// Like testing.T, but a mistake ends only the goroutine that made it.
type recorder struct {
	testing.TB
	failure  string
	cleanups []func()
}

func (r *recorder) Helper()              {}
func (r *recorder) Cleanup(clean func()) { r.cleanups = append(r.cleanups, clean) }
func (r *recorder) Failed() bool         { return r.failure != "" }
func (r *recorder) Logf(string, ...any)  {}
func (r *recorder) Fatalf(format string, values ...any) {
	r.failure = fmt.Sprintf(format, values...)
	panic(r)
}

// What a test that makes a mistake fails with.
func failure(t *testing.T, test func(testing.TB)) string {
	recorder := &recorder{TB: t}
	func() {
		defer func() { _ = recover() }()
		test(recorder)
	}()
	for _, clean := range recorder.cleanups {
		clean()
	}
	return recorder.failure
}

func TestMistakesFailTheTest(t *testing.T) {
	for expected, test := range map[string]func(testing.TB){
		`instance.instance-type is "c7g large"`: func(t testing.TB) {
			imdstest.Start(t, "[instance]\ninstance-type = \"c7g large\"\n")
		},
		"no request for meta-data/ami-id, method=GET, status=200 within 100ms; 0 came, the last ones: none": func(t testing.TB) {
			imdstest.Start(t, "").WaitFor("meta-data/ami-id", imdstest.Filter{Status: "200", Method: "GET", Timeout: 100 * time.Millisecond})
		},
		"accepted: a duration": func(t testing.TB) { imdstest.Start(t, "").Seek("soon") },
	} {
		if found := failure(t, test); !strings.Contains(found, expected) {
			t.Errorf("expected %q, found %q", expected, found)
		}
	}
}

func TestAServerThatHangsKeepsNoWait(t *testing.T) {
	begun := time.Now()
	found := failure(t, func(tb testing.TB) {
		imds := imdstest.Start(tb, "")
		if err := syscall.Kill(imds.PID, syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
		defer func() { _ = syscall.Kill(imds.PID, syscall.SIGCONT) }()
		imds.WaitFor("meta-data/ami-id", imdstest.Filter{Timeout: 100 * time.Millisecond})
	})
	if took := time.Since(begun); took > 30*time.Second || !strings.Contains(found, "Timeout") {
		t.Errorf("expected a failure within seconds, not the 90 of an order, found %q after %s", found, took)
	}
}

func TestTheEnvironmentIsGivenBack(t *testing.T) {
	t.Setenv("AWS_PROFILE", "work")
	t.Setenv("NO_PROXY", "*")
	t.Setenv("no_proxy", "")
	before := strings.Join(os.Environ(), "\n")
	t.Run("inside", func(t *testing.T) {
		imds := imdstest.Start(t, "")
		imds.Setenv()
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			if proxied := os.Getenv(name); proxied != "*" {
				t.Errorf("expected the star alone in %s, found %q", name, proxied)
			}
		}
		if _, set := os.LookupEnv("AWS_PROFILE"); set || os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT") != imds.URL {
			t.Errorf("expected the SDK's variables, found %v", os.Environ())
		}
	})
	if after := os.Environ(); len(after) != len(strings.Split(before, "\n")) || os.Getenv("AWS_PROFILE") != "work" {
		t.Errorf("expected %s, found %v", before, after)
	}
}

func TestManyAtOnce(t *testing.T) {
	for number := 0; number < 20; number++ {
		id := fmt.Sprintf("ami-%017x", number)
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			imds := imdstest.Start(t, "")
			imds.Set("meta-data/ami-id", id)
			if found, _, err := metadata(imds.URL, "meta-data/ami-id"); found != id || err != nil {
				t.Fatalf("expected %s, found %s, %v", id, found, err)
			}
		})
	}
}

// A test run that is killed: prints the process id of its server first.
func TestKilled(t *testing.T) {
	if os.Getenv("SAMPLE_IS_KILLED") == "" {
		t.Skip("it ends the run: scripts/kits does that")
	}
	fmt.Println(imdstest.Start(t, "").PID)
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
