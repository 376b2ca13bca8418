//go:build linux

package cli_test

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"otpravka/internal/freeport"
)

// nonroot is the user of the image.
const nonroot = 65532

// container is the image's layout as a directory, with everything run in it as
// a container engine does: its own root, the user of the image and nobody's
// environment but the image's.
type container struct {
	testing.TB
	recipe
	root string
	addr string
}

// roots are the places where systems keep the roots of trust.
var roots = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}

func newContainer(t testing.TB) container {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may change the root directory and the user of a process")
	}
	c := container{t, readRecipe(t), newPlace(t).dir, freeport.For(t)}
	if err := os.Chmod(c.root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range c.copied {
		switch path {
		case "/otpravka":
			c.copyBinary(c.root + path)
		case roots[0]:
			c.copyRoots(c.root + path)
		}
	}
	for _, dir := range c.volumes {
		if err := os.Mkdir(c.root+dir, 0o700); err != nil {
			t.Fatal(err)
		}
		c.own(dir, nonroot)
	}
	return c
}

func (c container) own(path string, user int) {
	c.Helper()
	if err := os.Chown(c.root+path, user, user); err != nil {
		c.Fatal(err)
	}
}

func (c container) copyBinary(to string) {
	c.Helper()
	from, err := binary()
	if err != nil {
		c.Fatal(err)
	}
	program, err := os.ReadFile(from)
	if err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(to, program, 0o755); err != nil {
		c.Fatal(err)
	}
}

func (c container) copyRoots(to string) {
	c.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		c.Fatal(err)
	}
	for _, from := range roots {
		if pem, err := os.ReadFile(from); err == nil && x509.NewCertPool().AppendCertsFromPEM(pem) {
			if err := os.WriteFile(to, pem, 0o644); err != nil {
				c.Fatal(err)
			}
			return
		}
	}
	c.Fatal("this machine has no roots of trust")
}

// command is a process in the container. Only the port differs from the
// image's: the machine is shared with other tests.
func (c container) command(line []string) *exec.Cmd {
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = "/"
	cmd.Env = append([]string{}, c.env...)
	cmd.Env = append(cmd.Env, "OTPRAVKA_LISTEN="+c.addr)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: c.root, Credential: &syscall.Credential{Uid: nonroot, Gid: nonroot},
	}
	return cmd
}

// health runs the image's health check.
func (c container) health() (string, error) {
	out, err := c.command(c.check).CombinedOutput()
	return string(out), err
}

func TestContainer(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	server := watch(t, c.command(append(c.entry, c.serve...)))
	if out, err := c.health(); err != nil || !strings.Contains(out, "is ready") {
		t.Errorf("health of a running server: %v: %s", err, out)
	}
	made, err := c.command([]string{"/otpravka", "business", "create", "--name", "Shop", "--country", "KZ"}).Output()
	if err != nil || !liveKeyForm.Match(made) {
		t.Errorf("business create beside the server: %v", err)
	}
	if out, err := c.command([]string{"/otpravka", "doctor"}).CombinedOutput(); err != nil || strings.Contains(string(out), "FAIL") {
		t.Errorf("doctor: %v\n%s", err, out)
	}
	if err := server.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	if out, err := c.health(); err == nil || !strings.Contains(out, "no server answers") {
		t.Errorf("health of a stopped server: %v: %s", err, out)
	}
	for _, path := range []string{"/data/otpravka.db", "/config/master.key"} {
		info, err := os.Lstat(c.root + path)
		if err != nil || info.Mode().Perm() != 0o600 || info.Sys().(*syscall.Stat_t).Uid != nonroot {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}

	c.own("/data", 0)
	for _, command := range []string{"serve", "doctor"} {
		out, err := c.command([]string{"/otpravka", command}).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "`chown 65532:65532 /data") {
			t.Errorf("%s on a volume of somebody else: %v: %s", command, err, out)
		}
	}
}
