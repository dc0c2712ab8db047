package shortlist_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"shortlist"
	pb "shortlist/shortlistv1"
)

// live is what a variable of `make test-clients` says; without its servers the test is skipped.
func live(t *testing.T, name string) string {
	t.Helper()
	if os.Getenv("SHORTLIST_TEST_ADDRESS") == "" {
		t.Skip("needs a server: SHORTLIST_TEST_ADDRESS is not set, `make test-clients` sets it")
	}
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set", name)
	}
	return value
}

func TestLiveEventsAreWrittenOnceAndTheNextAnswerKnowsThem(t *testing.T) {
	client, user := connect(t, live(t, "SHORTLIST_TEST_ADDRESS"), patient), "go-writes"
	answer, err := client.Recommend(t.Context(), &pb.RecommendRequest{UserId: user, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	first := answer.GetItems()[0].GetItemId()
	bought := []*pb.Event{{UserId: user, ItemId: first, EventType: pb.EventType_EVENT_TYPE_PURCHASE}}
	for i, accepted := range []int32{1, 0} {
		written, err := client.WriteEvents(t.Context(), &pb.WriteEventsRequest{Events: bought})
		if err != nil || written.GetAcceptedCount() != accepted || written.GetDuplicateCount() != 1-accepted {
			t.Errorf("write %d: %v, %v", i, written, err)
		}
	}
	answer, err = client.Recommend(t.Context(), &pb.RecommendRequest{UserId: user, Count: 100})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(answer.GetItems(), func(i *pb.RecommendedItem) bool { return i.GetItemId() == first }) {
		t.Errorf("%s is recommended although it was bought", first)
	}
}

func TestLiveAUserIsToldExportedAndForgotten(t *testing.T) {
	client, user := connect(t, live(t, "SHORTLIST_TEST_ADDRESS"), patient), "go-forgotten"
	events := []*pb.Event{{UserId: user, ItemId: "i000001"}, {UserId: user, ItemId: "i000002"}}
	if _, err := client.WriteEvents(t.Context(), &pb.WriteEventsRequest{Events: events}); err != nil {
		t.Fatal(err)
	}
	page, err := client.ExportUser(t.Context(), &pb.ExportUserRequest{UserId: user, PageSize: 1})
	if err != nil || len(page.GetEvents()) != 1 || page.GetNextPageToken() == "" {
		t.Errorf("a page: %v, %v", page, err)
	}
	if gone, err := client.DeleteUser(t.Context(), &pb.DeleteUserRequest{UserId: user}); err != nil || gone.GetDeletedEventCount() != 2 {
		t.Errorf("deleting: %v, %v", gone, err)
	}
	known, err := client.GetUser(t.Context(), &pb.GetUserRequest{UserId: user})
	if err != nil || known.GetLiveEventCount() != 0 || !known.GetDeletedBefore() {
		t.Errorf("afterwards: %v, %v", known, err)
	}
}

func TestLiveDeadline(t *testing.T) {
	client := connect(t, live(t, "SHORTLIST_TEST_ADDRESS"), shortlist.Options{Timeout: time.Microsecond})
	_, err := client.Recommend(t.Context(), &pb.RecommendRequest{UserId: "u000001"})
	if !errors.Is(err, shortlist.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

func TestLiveStreamNamesWhatFailed(t *testing.T) {
	client := connect(t, live(t, "SHORTLIST_TEST_ADDRESS"), shortlist.Options{})
	var messages []*pb.StreamRecommendRequest
	for i := range int32(40) {
		count := int32(1)
		if i == 7 {
			count = -1
		}
		messages = append(messages, &pb.StreamRecommendRequest{RequestId: fmt.Sprintf("r%d", i), Count: count})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	position := 0
	for answer, err := range client.StreamRecommend(ctx, slices.Values(messages)) {
		if err != nil {
			t.Fatal(err)
		}
		if answer.GetRequestId() != messages[position].GetRequestId() {
			t.Errorf("answer %d is to %s", position, answer.GetRequestId())
		}
		failed := shortlist.FromStatus(answer.GetError())
		if position == 7 && (failed == nil || failed.Code != codes.InvalidArgument || failed.Violations[0].Field != "count") {
			t.Errorf("the broken message: %v", failed)
		} else if position != 7 && (failed != nil || len(answer.GetRecommendation().GetItems()) != 1) {
			t.Errorf("message %d: %v", position, answer)
		}
		position++
	}
	if position != len(messages) {
		t.Errorf("%d answers to %d messages", position, len(messages))
	}
}

func TestLiveHealth(t *testing.T) {
	client := connect(t, live(t, "SHORTLIST_TEST_ADDRESS"), patient)
	for _, service := range []string{"", "shortlist.v1.EventService"} {
		if answer, err := client.Health(t.Context(), service); err != nil || answer != shortlist.Serving {
			t.Errorf("%q: %v, %v", service, answer, err)
		}
	}
	if _, err := client.Health(t.Context(), "no.such.Service"); !errors.Is(err, shortlist.ErrNotFound) {
		t.Error(err)
	}
}

func TestLiveTLSAndTokens(t *testing.T) {
	address, roots := live(t, "SHORTLIST_TEST_TLS_ADDRESS"), x509.NewCertPool()
	pem, err := os.ReadFile(live(t, "SHORTLIST_TEST_CA"))
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	secure := func(address string, token string) *shortlist.Client {
		options := patient
		options.TLS = &tls.Config{RootCAs: roots}
		if token != "" {
			options.Token = shortlist.StaticToken(token)
		}
		return connect(t, address, options)
	}
	ask := func(client *shortlist.Client) error {
		return second(client.Recommend(t.Context(), &pb.RecommendRequest{UserId: "u000001", Count: 1}))
	}
	write := func(client *shortlist.Client) error {
		event := &pb.Event{UserId: "go-tls", ItemId: "i000001"}
		return second(client.WriteEvents(t.Context(), &pb.WriteEventsRequest{Events: []*pb.Event{event}}))
	}
	both, reader := live(t, "SHORTLIST_TEST_TOKEN"), live(t, "SHORTLIST_TEST_READ_TOKEN")
	listed := address + "," + strings.Replace(address, "localhost", "127.0.0.1", 1) // each proves its own name
	for _, ended := range []struct {
		name        string
		err, wanted error
	}{
		{"asking with a token", ask(secure(address, both)), nil},
		{"writing with a token", write(secure(address, both)), nil},
		{"asking over two addresses", ask(secure(listed, both)), nil},
		{"asking with a token for reading", ask(secure(address, reader)), nil},
		{"writing with a token for reading", write(secure(address, reader)), shortlist.ErrPermissionDenied},
		{"asking without a token", ask(secure(address, "")), shortlist.ErrUnauthenticated},
		{"asking with a wrong token", ask(secure(address, "wrong")), shortlist.ErrUnauthenticated},
	} {
		if !errors.Is(ended.err, ended.wanted) {
			t.Errorf("%s: %v", ended.name, ended.err)
		}
	}
	roots = x509.NewCertPool()
	if err := ask(secure(address, both)); !errors.Is(err, shortlist.ErrUnavailable) {
		t.Errorf("a server that is not trusted: %v", err)
	}
}

func TestLiveServerThatAsksWhoCallsIsShownACertificate(t *testing.T) {
	address, roots := live(t, "SHORTLIST_TEST_MTLS_ADDRESS"), x509.NewCertPool()
	pem, err := os.ReadFile(live(t, "SHORTLIST_TEST_CA"))
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	own, err := tls.LoadX509KeyPair(live(t, "SHORTLIST_TEST_CLIENT_CERT"), live(t, "SHORTLIST_TEST_CLIENT_KEY"))
	if err != nil {
		t.Fatal(err)
	}
	options := patient
	options.TLS = &tls.Config{RootCAs: roots}
	request := &pb.RecommendRequest{UserId: "u000001", Count: 1}
	if _, err := connect(t, address, options).Recommend(t.Context(), request); !errors.Is(err, shortlist.ErrUnavailable) {
		t.Errorf("without a certificate of its own: %v", err)
	}
	options.TLS = &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}}
	if _, err := connect(t, address, options).Recommend(t.Context(), request); err != nil {
		t.Error(err)
	}
}

func TestLiveServersOfAList(t *testing.T) {
	client := connect(t, live(t, "SHORTLIST_TEST_ADDRESS")+","+live(t, "SHORTLIST_TEST_RESTART_ADDRESS"), patient)
	for range 4 {
		if _, err := client.Recommend(t.Context(), &pb.RecommendRequest{UserId: "u000001", Count: 1}); err != nil {
			t.Error(err)
		}
	}
}

func TestLiveCallsOutliveARestart(t *testing.T) {
	address := live(t, "SHORTLIST_TEST_RESTART_ADDRESS")
	client := connect(t, address, shortlist.Options{Timeout: 60 * time.Second, WaitForReady: true})
	control, err := net.Dial("tcp", live(t, "SHORTLIST_TEST_RESTART_CONTROL"))
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	lines := bufio.NewReader(control)
	say := func(order, answer string) {
		_, _ = fmt.Fprintln(control, order)
		if line, err := lines.ReadString('\n'); line != answer+"\n" {
			t.Fatalf("%s: %q, %v", order, line, err)
		}
	}
	ask := func() {
		if _, err := client.Recommend(context.Background(), &pb.RecommendRequest{UserId: "u000001"}); err != nil {
			t.Error(err)
		}
	}
	ask()
	say("restart", "stopped")
	ask()
	say("wait", "serving")
}
