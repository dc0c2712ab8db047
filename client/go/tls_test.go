package shortlist_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"shortlist"
	pb "shortlist/shortlistv1"
)

// certificate signs itself, for one name, and is added to roots.
func certificate(t *testing.T, roots *x509.CertPool, names []string, addresses []net.IP) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	content := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		DNSNames: names, IPAddresses: addresses, IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, content, content, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(signed)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
}

func TestMutualTLSOverAListWhereEachServerProvesItsOwnName(t *testing.T) {
	roots, clients := x509.NewCertPool(), x509.NewCertPool()
	secure := func(own tls.Certificate) *fake {
		return start(t, nil, grpc.Creds(credentials.NewTLS(&tls.Config{
			Certificates: []tls.Certificate{own}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert,
		})))
	}
	named := secure(certificate(t, roots, []string{"localhost"}, nil))
	numbered := secure(certificate(t, roots, nil, []net.IP{net.IPv4(127, 0, 0, 1)}))
	addresses := strings.Replace(named.address, "127.0.0.1", "localhost", 1) + "," + numbered.address
	options := patient
	options.TLS = &tls.Config{RootCAs: roots}

	_, err := connect(t, addresses, options).Recommend(t.Context(), &pb.RecommendRequest{})
	if !errors.Is(err, shortlist.ErrUnavailable) {
		t.Errorf("without a certificate of its own: %v", err)
	}
	options.TLS.Certificates = []tls.Certificate{certificate(t, clients, nil, nil)}
	client := connect(t, addresses, options)
	for deadline := time.Now().Add(30 * time.Second); len(named.asked()) == 0 || len(numbered.asked()) == 0; {
		if _, err := client.Recommend(t.Context(), &pb.RecommendRequest{}); err != nil || time.Now().After(deadline) {
			t.Fatalf("%d and %d calls arrived, %v", len(named.asked()), len(numbered.asked()), err)
		}
	}
}
