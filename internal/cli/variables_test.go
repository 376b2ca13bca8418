package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// strangers are variables that begin as ours do.
func strangers(t *testing.T) {
	for name, value := range map[string]string{
		"OTPRAVKA_DATABSE_URL":   "postgres://user:planted@host/otpravka", // misspelt
		"OTPRAVKA_SHOE_SIZE":     "planted",
		"OTPRAVKA_URL":           "https://codes.example.com", // another command's
		"OTPRAVKA_SMS_TOKEN":     "planted",                   // the YAML file's
		"OTPRAVKA_TEST_POSTGRES": "",
		// What Kubernetes says of a service by the name of otpravka.
		"OTPRAVKA_SERVICE_HOST": "10.0.0.1", "OTPRAVKA_SERVICE_PORT": "8080", "OTPRAVKA_PORT": "tcp://10.0.0.1:8080",
		"OTPRAVKA_PORT_8080_TCP_ADDR": "10.0.0.1",
	} {
		t.Setenv(name, value)
	}
}

const providerWithSecret = reportingProvider + "    secrets: {token: env:OTPRAVKA_SMS_TOKEN}\n"

func TestDoctorTellsOfVariablesThatNothingReads(t *testing.T) {
	p := newPlace(t)
	file := filepath.Join(p.dir, "otpravka.yaml")
	write(t, file, providerWithSecret)
	if r := p.doctor("--config", file); strings.Contains(r.out, " variables ") {
		t.Errorf("without any: %s", r.out)
	}
	strangers(t)
	r := p.doctor("--config", file)
	r.finds(t, "warn variables", "OTPRAVKA_DATABSE_URL", "perhaps to OTPRAVKA_DATABASE_URL")
	if strings.Count(r.out, " variables ") != 2 || !strings.Contains(r.out, "nothing reads OTPRAVKA_SHOE_SIZE: correct its name, or unset it\n") || strings.Contains(r.out, "planted") {
		t.Errorf("the doctor says %s", r.out)
	}
}

func TestServeTellsOfVariablesThatNothingReads(t *testing.T) {
	p := newPlace(t)
	file := filepath.Join(p.dir, "otpravka.yaml")
	write(t, file, providerWithSecret)
	strangers(t)
	server := p.start(p.serve("--config", file)...)
	server.stop()
	const message = `"level":"WARN","msg":"nothing reads this variable: correct its name, or unset it","variable":`
	log := server.log.String()
	for _, line := range []string{`"OTPRAVKA_DATABSE_URL","meant":"OTPRAVKA_DATABASE_URL"}`, `"OTPRAVKA_SHOE_SIZE"}`} {
		if !strings.Contains(log, message+line) {
			t.Errorf("no line of the log holds %s", line)
		}
	}
	if strings.Count(log, message) != 2 || strings.Contains(log, "planted") {
		t.Errorf("the log is %s", log)
	}
}
