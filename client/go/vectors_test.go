package shortlist_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"shortlist"
	pb "shortlist/shortlistv1"
)

// table is client/vectors/vectors.json, which every client must satisfy.
type table struct {
	Messages []struct {
		Name, Type string
		JSON       json.RawMessage
		Wire       []byte
	}
	Calls []vectorCall
}

type vectorCall struct {
	Name, Method    string
	Request, Answer json.RawMessage
	Error           *vectorError
}

type vectorError struct {
	Code     codes.Code
	Reason   string
	Fields   []string
	Metadata map[string]string
}

func readTable(t *testing.T) table {
	t.Helper()
	path := os.Getenv("SHORTLIST_TEST_VECTORS")
	if path == "" {
		path = "../vectors/vectors.json"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var read table
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestMessagesAreTheBytesOfTheTable(t *testing.T) {
	for _, vector := range readTable(t).Messages {
		t.Run(vector.Name, func(t *testing.T) {
			kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(vector.Type))
			if err != nil {
				t.Fatal(err)
			}
			message, read := kind.New().Interface(), kind.New().Interface()
			parse(t, vector.JSON, message)
			wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(wire, vector.Wire) {
				t.Errorf("writes\n%x, not\n%x", wire, vector.Wire)
			}
			if err := proto.Unmarshal(vector.Wire, read); err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(read, message) {
				t.Errorf("reads %v, not %v", read, message)
			}
		})
	}
}

func parse(t *testing.T, text json.RawMessage, into proto.Message) {
	t.Helper()
	if err := protojson.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestCallsEndAsInTheTable(t *testing.T) {
	client := connect(t, live(t, "SHORTLIST_TEST_VECTORS_ADDRESS"), shortlist.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Second)
	defer cancel()
	for _, call := range readTable(t).Calls {
		t.Run(call.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			err := methods(client)[call.Method](ctx, t, call)
			switch {
			case call.Error != nil:
				checkError(t, err, call.Error)
			case err != nil:
				t.Error(err)
			}
		})
	}
}

// methods are those of the client by their names in the API; each makes a call and compares what is answered.
func methods(client *shortlist.Client) map[string]func(context.Context, *testing.T, vectorCall) error {
	return map[string]func(context.Context, *testing.T, vectorCall) error{
		"Recommend":      unary(client.Recommend),
		"BatchRecommend": unary(client.BatchRecommend),
		"Retrieve":       unary(client.Retrieve),
		"Rank":           unary(client.Rank),
		"SimilarItems":   unary(client.SimilarItems),
		"WriteEvents":    unary(client.WriteEvents),
		"UpsertItems":    unary(client.UpsertItems),
		"DeleteItems":    unary(client.DeleteItems),
		"GetItem":        unary(client.GetItem),
		"ListItems":      unary(client.ListItems),
		"GetUser":        unary(client.GetUser),
		"ExportUser":     unary(client.ExportUser),
		"UpsertUsers":    unary(client.UpsertUsers),
		"DeleteUser":     unary(client.DeleteUser),
		"StreamRecommend": func(ctx context.Context, t *testing.T, call vectorCall) error {
			return stream(ctx, t, client, call)
		},
	}
}

// pointer is *T as a message.
type pointer[T any] interface {
	*T
	proto.Message
}

func unary[Q, A any, PQ pointer[Q], PA pointer[A]](
	method func(context.Context, PQ) (PA, error),
) func(context.Context, *testing.T, vectorCall) error {
	return func(ctx context.Context, t *testing.T, call vectorCall) error {
		request := PQ(new(Q))
		parse(t, call.Request, request)
		answer, err := method(ctx, request)
		if err == nil && call.Error == nil {
			compare(t, call.Answer, answer, PA(new(A)))
		}
		return err
	}
}

func stream(ctx context.Context, t *testing.T, client *shortlist.Client, call vectorCall) error {
	var requests, answers []json.RawMessage
	if err := errors.Join(json.Unmarshal(call.Request, &requests), json.Unmarshal(call.Answer, &answers)); err != nil {
		t.Fatal(err)
	}
	messages := func(yield func(*pb.StreamRecommendRequest) bool) {
		for _, each := range requests {
			message := &pb.StreamRecommendRequest{}
			if err := protojson.Unmarshal(each, message); err != nil || !yield(message) {
				return
			}
		}
	}
	count := 0
	for answer, err := range client.StreamRecommend(ctx, messages) {
		if err != nil {
			return err
		}
		compare(t, answers[count], answer, &pb.StreamRecommendResponse{})
		count++
	}
	if count != len(answers) {
		t.Errorf("%d answers, not %d", count, len(answers))
	}
	return nil
}

func compare(t *testing.T, wanted json.RawMessage, answer, empty proto.Message) {
	t.Helper()
	parse(t, wanted, empty)
	if !proto.Equal(answer, empty) {
		t.Errorf("answers\n%v, not\n%v", protojson.Format(answer), protojson.Format(empty))
	}
}

func checkError(t *testing.T, err error, wanted *vectorError) {
	t.Helper()
	var failed *shortlist.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%v is no *shortlist.Error", err)
	}
	var fields []string
	for _, violation := range failed.Violations {
		fields = append(fields, violation.Field)
	}
	slices.Sort(fields)
	if failed.Code != wanted.Code || failed.Reason != wanted.Reason ||
		!slices.Equal(fields, wanted.Fields) || !maps.Equal(failed.Metadata, wanted.Metadata) {
		t.Errorf("%+v with fields %q, not %+v", failed, fields, wanted)
	}
}
