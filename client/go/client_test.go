package shortlist_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"shortlist"
	pb "shortlist/shortlistv1"
)

var draining = &statuspb.Status{Code: int32(codes.Unavailable), Message: "draining"}

// patient leaves room for a slow machine; no test waits for it to pass.
var patient = shortlist.Options{Timeout: 30 * time.Second, BatchTimeout: 30 * time.Second}

func failure(t *testing.T, code codes.Code, message string, details ...proto.Message) *statuspb.Status {
	t.Helper()
	made := &statuspb.Status{Code: int32(code), Message: message}
	for _, detail := range details {
		packed, err := anypb.New(detail)
		if err != nil {
			t.Fatal(err)
		}
		made.Details = append(made.Details, packed)
	}
	return made
}

func TestCallsHaveADeadlineByDefaultAndTheirOwnWhenAsked(t *testing.T) {
	server := serve(t)
	client := connect(t, server.address, shortlist.Options{Timeout: 30 * time.Second, BatchTimeout: 90 * time.Second})
	own, cancel := context.WithTimeout(t.Context(), 300*time.Second)
	defer cancel()
	for _, each := range []error{
		second(client.Recommend(t.Context(), &pb.RecommendRequest{})),
		second(client.BatchRecommend(t.Context(), &pb.BatchRecommendRequest{})),
		second(client.WriteEvents(t.Context(), &pb.WriteEventsRequest{})),
		second(client.Recommend(own, &pb.RecommendRequest{})),
	} {
		if each != nil {
			t.Fatal(each)
		}
	}
	for i, most := range []time.Duration{30, 90, 90, 300} {
		if left := server.asked()[i].left; left <= 0 || left > most*time.Second || left < most*time.Second/2 {
			t.Errorf("call %d had %v, not about %d s", i, left, most)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestALateAnswerEndsWithDeadlineExceeded(t *testing.T) {
	server := serve(t)
	server.hold = true
	_, err := connect(t, server.address, shortlist.Options{Timeout: 200 * time.Millisecond}).
		Recommend(t.Context(), &pb.RecommendRequest{})
	if !errors.Is(err, shortlist.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestACancelledCallIsAContextCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := connect(t, serve(t).address, patient).Recommend(ctx, &pb.RecommendRequest{})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestUnavailableIsTriedAgainWithTheSameEventIDs(t *testing.T) {
	server := serve(t, draining, draining, draining)
	event := &pb.Event{UserId: "u1", ItemId: "i1"}
	named := &pb.Event{EventId: "mine"}
	_, err := connect(t, server.address, patient).
		WriteEvents(t.Context(), &pb.WriteEventsRequest{Events: []*pb.Event{event, named}})
	if err != nil {
		t.Fatal(err)
	}
	if len(event.GetEventId()) != 36 || named.GetEventId() != "mine" {
		t.Errorf("ids %q and %q", event.GetEventId(), named.GetEventId())
	}
	calls := server.asked()
	if len(calls) != 4 {
		t.Errorf("%d attempts, not 4", len(calls))
	}
	for _, call := range calls {
		if id := call.request.(*pb.WriteEventsRequest).GetEvents()[0].GetEventId(); id != event.GetEventId() {
			t.Errorf("an attempt wrote the id %q, not %q", id, event.GetEventId())
		}
	}
}

func TestItemsAreWrittenToldAndDeletedAndUsersForgottenAtTheSecondAttempt(t *testing.T) {
	calls := map[string]func(*shortlist.Client) (proto.Message, error){
		"created_count:1": func(c *shortlist.Client) (proto.Message, error) {
			return c.UpsertItems(t.Context(), &pb.UpsertItemsRequest{Items: []*pb.ItemInput{{ItemId: "i1"}}})
		},
		"deleted_count:2": func(c *shortlist.Client) (proto.Message, error) {
			return c.DeleteItems(t.Context(), &pb.DeleteItemsRequest{ItemIds: []string{"i1", "i2"}})
		},
		`item:{item_id:"i1"}`: func(c *shortlist.Client) (proto.Message, error) {
			return c.GetItem(t.Context(), &pb.GetItemRequest{ItemId: "i1"})
		},
		`next_page_token:"next"`: func(c *shortlist.Client) (proto.Message, error) {
			return c.ListItems(t.Context(), &pb.ListItemsRequest{})
		},
		"written_user_count:1": func(c *shortlist.Client) (proto.Message, error) {
			return c.UpsertUsers(t.Context(), &pb.UpsertUsersRequest{Users: []*pb.UserInput{{UserId: "u1"}}})
		},
		`user_id:"u1"`: func(c *shortlist.Client) (proto.Message, error) {
			return c.DeleteUser(t.Context(), &pb.DeleteUserRequest{UserId: "u1"})
		},
	}
	for expected, call := range calls {
		server := serve(t, draining)
		answer, err := call(connect(t, server.address, patient))
		if err != nil {
			t.Fatalf("%s: %v", expected, err)
		}
		wanted := answer.ProtoReflect().New().Interface()
		if err := prototext.Unmarshal([]byte(expected), wanted); err != nil || !proto.Equal(answer, wanted) {
			t.Errorf("%v, not %s", answer, expected)
		}
		if got := len(server.asked()); got != 2 {
			t.Errorf("%s: %d attempts, not 2", expected, got)
		}
	}
}

func TestUnavailableIsGivenUpAfterTheAttemptsAllowed(t *testing.T) {
	for allowed, attempts := range map[int]int{0: 4, 1: 1, 2: 2} {
		server := serve(t, draining, draining, draining, draining, draining)
		options := patient
		options.MaxAttempts = allowed
		_, err := connect(t, server.address, options).Recommend(t.Context(), &pb.RecommendRequest{})
		if !errors.Is(err, shortlist.ErrUnavailable) {
			t.Error(err)
		}
		if got := len(server.asked()); got != attempts {
			t.Errorf("MaxAttempts %d: %d attempts, not %d", allowed, got, attempts)
		}
	}
}

func TestOverloadIsNotTriedAgainAndSaysWhenToComeBack(t *testing.T) {
	server := serve(t, failure(t, codes.ResourceExhausted, "too much to do",
		&errdetails.ErrorInfo{Reason: "OVERLOADED", Domain: "shortlist", Metadata: map[string]string{"queue": "64"}},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(250 * time.Millisecond)}))
	_, err := connect(t, server.address, patient).Recommend(t.Context(), &pb.RecommendRequest{})
	var failed *shortlist.Error
	if !errors.As(err, &failed) || !errors.Is(err, shortlist.ErrResourceExhausted) {
		t.Fatal(err)
	}
	if failed.Reason != "OVERLOADED" || failed.Metadata["queue"] != "64" || failed.RetryAfter != 250*time.Millisecond {
		t.Errorf("%+v", failed)
	}
	if err.Error() != "ResourceExhausted (OVERLOADED): too much to do" {
		t.Error(err)
	}
	if status.Code(err) != codes.ResourceExhausted || len(server.asked()) != 1 {
		t.Errorf("code %v after %d attempts", status.Code(err), len(server.asked()))
	}
}

func TestEveryViolationIsDecoded(t *testing.T) {
	violations := []*errdetails.BadRequest_FieldViolation{
		{Field: "count", Description: "is 1 to 500, not -1"},
		{Field: "user_id", Description: "is 1 to 128 characters"},
	}
	server := serve(t, failure(t, codes.InvalidArgument, "2 fields", &errdetails.BadRequest{FieldViolations: violations}))
	_, err := connect(t, server.address, patient).Recommend(t.Context(), &pb.RecommendRequest{Count: -1})
	var failed *shortlist.Error
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	wanted := []shortlist.Violation{{"count", "is 1 to 500, not -1"}, {"user_id", "is 1 to 128 characters"}}
	if !slices.Equal(failed.Violations, wanted) || failed.RetryAfter != 0 {
		t.Errorf("%+v", failed)
	}
}

func TestACodeWithoutAVariableKeepsItsCode(t *testing.T) {
	server := serve(t, failure(t, codes.Internal, "id 42"))
	_, err := connect(t, server.address, patient).Recommend(t.Context(), &pb.RecommendRequest{})
	if status.Code(err) != codes.Internal || errors.Is(err, shortlist.ErrUnavailable) || errors.Unwrap(err) != nil {
		t.Error(err)
	}
}

func TestAStreamThatBreaksSaysSoAtTheEnd(t *testing.T) {
	server := serve(t, nil, failure(t, codes.Internal, "id 42"))
	messages := []*pb.StreamRecommendRequest{{RequestId: "r0"}, {RequestId: "r1"}, {RequestId: "r2"}}
	var ids []string
	var last error
	for answer, err := range connect(t, server.address, patient).StreamRecommend(t.Context(), slices.Values(messages)) {
		ids, last = append(ids, answer.GetRequestId()), err
	}
	if !slices.Equal(ids, []string{"r0", ""}) || status.Code(last) != codes.Internal {
		t.Errorf("%q, %v", ids, last)
	}
}

func TestAStreamMayBeLeftEarlyAndTheClientGoesOn(t *testing.T) {
	client := connect(t, serve(t).address, patient)
	endless := func(yield func(*pb.StreamRecommendRequest) bool) {
		for yield(&pb.StreamRecommendRequest{RequestId: "r"}) {
		}
	}
	for _, err := range client.StreamRecommend(t.Context(), endless) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, err := client.Recommend(t.Context(), &pb.RecommendRequest{}); err != nil {
		t.Error(err)
	}
}

func TestCallsAreSpreadOverAllAddressesOfAList(t *testing.T) {
	servers := []*fake{serve(t), serve(t)}
	client := connect(t, servers[0].address+","+servers[1].address, patient)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for len(servers[0].asked()) < 3 || len(servers[1].asked()) < 3 {
		if _, err := client.Recommend(ctx, &pb.RecommendRequest{}); err != nil {
			t.Fatal(err)
		}
	}
}
