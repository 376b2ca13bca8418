package storage

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
)

// readableAuthority looks at the file of the authority that the URL trusts. The
// driver's own error would have to be hidden, because it may hold a part of the
// password.
func readableAuthority(database string) error {
	u, err := url.Parse(database)
	if err != nil {
		return errBadAddress
	}
	file := u.Query().Get("sslrootcert")
	if file == "" || file == "system" {
		return nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("sslrootcert in OTPRAVKA_DATABASE_URL cannot be read: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(raw) {
		return fmt.Errorf("sslrootcert in OTPRAVKA_DATABASE_URL names %s, which holds no certificate: name the authority's, in PEM", file)
	}
	return nil
}

// explainCertificate says what to do about the certificate that the server
// shows, and nil where that is not the trouble.
func (p *postgres) explainCertificate(err error) error {
	cause := oneLine{err}
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return fmt.Errorf("the certificate of %s is signed by an authority that is not trusted: name the file of the right one with sslrootcert=FILE in OTPRAVKA_DATABASE_URL: %w", p.name(), cause)
	}
	if bad, invalid := errors.AsType[x509.CertificateInvalidError](err); invalid {
		if bad.Reason == x509.Expired {
			return fmt.Errorf("the certificate of %s, which OTPRAVKA_DATABASE_URL wants verified, has expired or is not valid yet: renew it on the server, or set the clock of this machine: %w", p.name(), cause)
		}
		return fmt.Errorf("the certificate of %s, which OTPRAVKA_DATABASE_URL wants verified, is not valid: replace it on the server: %w", p.name(), cause)
	}
	if other, foreign := errors.AsType[x509.HostnameError](err); foreign {
		names := slices.Clone(other.Certificate.DNSNames)
		for _, ip := range other.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		return fmt.Errorf("the certificate of %s is not for %s: connect by a name that it is for (%s), or say sslmode=verify-ca in OTPRAVKA_DATABASE_URL: %w",
			p.name(), other.Host, strings.Join(names, ", "), cause)
	}
	return nil
}
