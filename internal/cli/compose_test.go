package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestComposeFitsTheImage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(source, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Ports, Volumes []string
			Environment    map[string]string
			Command        string
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	image, server, front := readRecipe(t), compose.Services["otpravka"], compose.Services["caddy"]
	var mounted []string
	for _, volume := range server.Volumes {
		name, dir, _ := strings.Cut(volume, ":")
		mounted = append(mounted, dir)
		if _, declared := compose.Volumes[name]; !declared {
			t.Errorf("the volume %s is not declared", name)
		}
	}
	if !slices.Equal(mounted, image.volumes) {
		t.Errorf("volumes are mounted at %v, the image has %v", mounted, image.volumes)
	}
	if len(server.Ports) != 0 || !slices.Contains(front.Ports, "443:443") {
		t.Errorf("the server publishes %v, Caddy %v: only TLS may face the world", server.Ports, front.Ports)
	}
	if !strings.HasSuffix(front.Command, " --to otpravka:"+image.port) {
		t.Errorf("Caddy passes on with %q", front.Command)
	}
	for name, value := range server.Environment {
		if !strings.HasPrefix(name, "OTPRAVKA_") || name == "OTPRAVKA_PUBLIC_URL" && !strings.HasPrefix(value, "https://") {
			t.Errorf("%s is set to %s", name, value)
		}
	}
}
