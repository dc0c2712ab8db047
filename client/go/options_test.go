package shortlist_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"shortlist"
	pb "shortlist/shortlistv1"
)

func TestSettingsThatCannotWorkAreRefusedByName(t *testing.T) {
	for name, options := range map[string]shortlist.Options{
		"Timeout":         {Timeout: -1},
		"BatchTimeout":    {BatchTimeout: -1},
		"MaxAttempts":     {MaxAttempts: 6},
		"MaxMessageBytes": {MaxMessageBytes: -1},
	} {
		if _, err := shortlist.New("127.0.0.1:1", options); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATokenIsNotSentInTheOpen(t *testing.T) {
	token := shortlist.StaticToken("secret")
	for address, allowed := range map[string]bool{
		"localhost:1":               true,
		"127.0.0.1:1":               true,
		"[::1]:1":                   true,
		"127.0.0.1:1,localhost:2":   true,
		"unix:/run/shortlist.sock":  true,
		"10.0.0.7:50051":            false,
		"shop.example:443":          false,
		"dns:///shop.example:443":   false,
		"localhost.example:443":     false,
		"127.example:443":           false,
		"127.0.0.1:1,10.0.0.7:443":  false,
		"shop.example:443,[::1]:50": false,
	} {
		client, err := shortlist.New(address, shortlist.Options{Token: token})
		if (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
		if client != nil {
			_ = client.Close()
		}
	}
	client, err := shortlist.New("shop.example:443", shortlist.Options{Token: token, TLS: &tls.Config{}})
	if err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
}

func TestTheTokenIsAskedForBeforeEachCall(t *testing.T) {
	server, tokens := serve(t), []string{"one", "two"}
	options := patient
	options.Token = func(context.Context) (string, error) {
		token := tokens[0]
		tokens = tokens[1:]
		return token, nil
	}
	client := connect(t, server.address, options)
	for i, header := range []string{"Bearer one", "Bearer two"} {
		if _, err := client.Recommend(t.Context(), &pb.RecommendRequest{}); err != nil {
			t.Fatal(err)
		}
		if got := server.asked()[i].metadata.Get("authorization"); len(got) != 1 || got[0] != header {
			t.Errorf("call %d carried %q", i, got)
		}
	}
}

func TestWithoutATokenNoCallIsMade(t *testing.T) {
	server, options := serve(t), patient
	options.Token = func(context.Context) (string, error) { return "", errors.New("the vault is closed") }
	_, err := connect(t, server.address, options).Recommend(t.Context(), &pb.RecommendRequest{})
	if !errors.Is(err, shortlist.ErrUnauthenticated) || !strings.Contains(err.Error(), "the vault is closed") {
		t.Error(err)
	}
	if len(server.asked()) != 0 {
		t.Error("the server was asked")
	}
}
