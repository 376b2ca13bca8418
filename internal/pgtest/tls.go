package pgtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"otpravka/internal/freeport"
)

// Secret is the password of the role on a server that NewTLS has started. It
// must show up nowhere.
const Secret = "hunter2-do-not-print"

// tlsGuard makes a server that takes nothing but TLS and a password.
const tlsGuard = `
cd "$1"
"$2/initdb" -D data -A trust -U postgres -E UTF8 --locale=C --no-sync &&
printf %s "$CERTIFICATE" > data/server.crt && printf %s "$KEY" > data/server.key && chmod 600 data/server.key &&
printf 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n' > data/pg_hba.conf &&
"$2/pg_ctl" -D data -l log -w -o "-c listen_addresses=127.0.0.1 -c port=$PORT -c unix_socket_directories='$1' -c ssl=on -c fsync=off" start &&
"$2/psql" -v ON_ERROR_STOP=1 -q -h "$1" -p "$PORT" -U postgres -d postgres -c "CREATE ROLE otpravka LOGIN PASSWORD '$PASSWORD'" -c 'CREATE DATABASE otpravka OWNER otpravka' &&
echo ready >&3
read _
"$2/pg_ctl" -D data -m immediate stop
rm -rf "$1"
`

// Authority is a certificate authority to throw away.
type Authority struct {
	File string // its certificate

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes one.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{File: filepath.Join(t.TempDir(), "ca.crt"), key: newKey(t)}
	made := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	var written []byte
	a.cert, written = sign(t, made, made, a.key, a.key)
	if err := os.WriteFile(a.File, written, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// NewTLS starts a server whose certificate the authority has signed for the
// host, until the given time, and returns the URL of its database at 127.0.0.1.
// It says verify-full and names the authority. The test is skipped where there
// is no PostgreSQL to start.
func NewTLS(t testing.TB, by *Authority, host string, until time.Time) string {
	t.Helper()
	key := newKey(t)
	asked := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		asked.IPAddresses = []net.IP{ip}
	} else {
		asked.DNSNames = []string{host}
	}
	_, cert := sign(t, asked, by.cert, key, by.key)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	at, err := start(tlsGuard, "PORT="+port, "PASSWORD="+Secret, "CERTIFICATE="+string(cert),
		"KEY="+string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
	if err == errNotInstalled {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = at.feed.Close(), at.told.Close() })
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(Role, Secret), Host: net.JoinHostPort("127.0.0.1", port), Path: "/" + Role,
		RawQuery: url.Values{"sslmode": {"verify-full"}, "sslrootcert": {by.File}}.Encode(),
	}
	return u.String()
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes the certificate of key, and its PEM.
func sign(t testing.TB, asked, by *x509.Certificate, key, signer *ecdsa.PrivateKey) (*x509.Certificate, []byte) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, asked, by, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func freePort(t testing.TB) string {
	t.Helper()
	_, port, err := net.SplitHostPort(freeport.For(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}
