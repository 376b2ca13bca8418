//go:build !nowhatsmeow

package whatsappsim

import (
	"fmt"
	"time"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow/proto/waCert"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// chainLife is how long the certificates hold; a simulator does not live that long.
const chainLife = 365 * 24 * time.Hour

// authority is a root of trust of our own, with the one chain that it signed.
type authority struct {
	root   *keys.KeyPair
	static *keys.KeyPair // the server's Noise key, which the leaf vouches for
	chain  []byte
}

// newAuthority signs an intermediate by the root and the server's Noise key by
// the intermediate. Issuer serial 0 is what the client expects of the root.
func newAuthority(now time.Time) (*authority, error) {
	a := &authority{root: keys.NewKeyPair(), static: keys.NewKeyPair()}
	middle := keys.NewKeyPair()
	intermediate, err := certify(a.root, middle, 1, 0, now)
	if err != nil {
		return nil, err
	}
	leaf, err := certify(middle, a.static, 2, 1, now)
	if err != nil {
		return nil, err
	}
	if a.chain, err = proto.Marshal(&waCert.CertChain{Leaf: leaf, Intermediate: intermediate}); err != nil {
		return nil, fmt.Errorf("certificate chain: %w", err)
	}
	return a, nil
}

func certify(issuer, subject *keys.KeyPair, serial, issuerSerial uint32, now time.Time) (*waCert.CertChain_NoiseCertificate, error) {
	details, err := proto.Marshal(&waCert.CertChain_NoiseCertificate_Details{
		Serial:       proto.Uint32(serial),
		IssuerSerial: proto.Uint32(issuerSerial),
		Key:          subject.Pub[:],
		NotBefore:    proto.Uint64(uint64(now.Add(-chainLife).Unix())),
		NotAfter:     proto.Uint64(uint64(now.Add(chainLife).Unix())),
	})
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	signature := sign(issuer, details)
	return &waCert.CertChain_NoiseCertificate{Details: details, Signature: signature}, nil
}

// sign is an XEdDSA signature, as all signatures on this wire are.
func sign(by *keys.KeyPair, parts ...[]byte) []byte {
	signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*by.Priv), join(parts...))
	return signature[:]
}

// verify reports whether the signature over the parts is by the public key.
func verify(by [32]byte, signature []byte, parts ...[]byte) bool {
	return len(signature) == 64 && ecc.VerifySignature(ecc.NewDjbECPublicKey(by), join(parts...), [64]byte(signature))
}
