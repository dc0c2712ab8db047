package shortlist_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLiveReadme does what the README tells a new user to, in an empty folder.
func TestLiveReadme(t *testing.T) {
	address := live(t, "SHORTLIST_TEST_ADDRESS")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("/path/to/client/go", here, "127.0.0.1:50051", address).Replace(string(readme))
	program := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindStringSubmatch(text)[1]
	shell := regexp.MustCompile("(?m)<!-- shell -->\n\n((?:    .*\n)+)").FindAllStringSubmatch(text, 2)
	folder := t.TempDir()
	run(t, folder, shell[0][1])
	folder = filepath.Join(folder, "shop")
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(run(t, folder, shell[1][1])), "\n")
	if len(lines) != 10 || !strings.HasPrefix(lines[0], "i0") {
		t.Errorf("no list of ten items:\n%s", strings.Join(lines, "\n"))
	}
}

func run(t *testing.T, folder, script string) string {
	t.Helper()
	command := exec.Command("sh", "-ec", script)
	command.Dir = folder
	var errors strings.Builder
	command.Stderr = &errors
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s\n%v\n%s%s", script, err, output, &errors)
	}
	return string(output)
}
