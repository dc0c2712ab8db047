package shortlist_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"shortlist"
	pb "shortlist/shortlistv1"
)

// fake is a server that fails with the statuses in failures, one per call, then answers. It keeps what it was asked.
type fake struct {
	pb.UnimplementedRecommendationServiceServer
	pb.UnimplementedEventServiceServer
	pb.UnimplementedCatalogServiceServer
	pb.UnimplementedUserServiceServer

	address string
	hold    bool // answers only once the caller has left

	mutex    sync.Mutex
	failures []*statuspb.Status
	calls    []asked
}

type asked struct {
	request  any
	metadata metadata.MD
	left     time.Duration // until the deadline; 0: none
}

func serve(t *testing.T, failures ...*statuspb.Status) *fake {
	t.Helper()
	return start(t, failures)
}

func start(t *testing.T, failures []*statuspb.Status, options ...grpc.ServerOption) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := &fake{address: listener.Addr().String(), failures: failures}
	server := grpc.NewServer(options...)
	pb.RegisterRecommendationServiceServer(server, served)
	pb.RegisterEventServiceServer(server, served)
	pb.RegisterCatalogServiceServer(server, served)
	pb.RegisterUserServiceServer(server, served)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return served
}

func connect(t *testing.T, address string, options shortlist.Options) *shortlist.Client {
	t.Helper()
	client, err := shortlist.New(address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func (f *fake) enter(ctx context.Context, request any) error {
	var left time.Duration
	if deadline, set := ctx.Deadline(); set {
		left = time.Until(deadline)
	}
	headers, _ := metadata.FromIncomingContext(ctx)
	f.mutex.Lock()
	f.calls = append(f.calls, asked{request, headers, left})
	var failure *statuspb.Status
	if len(f.failures) > 0 {
		failure, f.failures = f.failures[0], f.failures[1:]
	}
	f.mutex.Unlock()
	if f.hold {
		<-ctx.Done()
	}
	return status.FromProto(failure).Err()
}

func (f *fake) asked() []asked {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return append([]asked(nil), f.calls...)
}

func (f *fake) Recommend(ctx context.Context, r *pb.RecommendRequest) (*pb.RecommendResponse, error) {
	answer := &pb.RecommendResponse{RequestId: r.GetRequestId(), BundleVersion: "b1"}
	return answer, f.enter(ctx, r)
}

func (f *fake) BatchRecommend(ctx context.Context, r *pb.BatchRecommendRequest) (*pb.BatchRecommendResponse, error) {
	return &pb.BatchRecommendResponse{BundleVersion: "b1"}, f.enter(ctx, r)
}

func (f *fake) WriteEvents(ctx context.Context, r *pb.WriteEventsRequest) (*pb.WriteEventsResponse, error) {
	return &pb.WriteEventsResponse{AcceptedCount: int32(len(r.GetEvents()))}, f.enter(ctx, r)
}

func (f *fake) UpsertItems(ctx context.Context, r *pb.UpsertItemsRequest) (*pb.UpsertItemsResponse, error) {
	return &pb.UpsertItemsResponse{CreatedCount: int32(len(r.GetItems()))}, f.enter(ctx, r)
}

func (f *fake) DeleteItems(ctx context.Context, r *pb.DeleteItemsRequest) (*pb.DeleteItemsResponse, error) {
	return &pb.DeleteItemsResponse{DeletedCount: int32(len(r.GetItemIds()))}, f.enter(ctx, r)
}

func (f *fake) GetItem(ctx context.Context, r *pb.GetItemRequest) (*pb.GetItemResponse, error) {
	return &pb.GetItemResponse{Item: &pb.Item{ItemId: r.GetItemId()}}, f.enter(ctx, r)
}

func (f *fake) ListItems(ctx context.Context, r *pb.ListItemsRequest) (*pb.ListItemsResponse, error) {
	return &pb.ListItemsResponse{NextPageToken: "next"}, f.enter(ctx, r)
}

func (f *fake) UpsertUsers(ctx context.Context, r *pb.UpsertUsersRequest) (*pb.UpsertUsersResponse, error) {
	return &pb.UpsertUsersResponse{WrittenUserCount: int64(len(r.GetUsers()))}, f.enter(ctx, r)
}

func (f *fake) DeleteUser(ctx context.Context, r *pb.DeleteUserRequest) (*pb.DeleteUserResponse, error) {
	return &pb.DeleteUserResponse{UserId: r.GetUserId()}, f.enter(ctx, r)
}

func (f *fake) StreamRecommend(stream pb.RecommendationService_StreamRecommendServer) error {
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := f.enter(stream.Context(), message); err != nil {
			return err
		}
		if err := stream.Send(&pb.StreamRecommendResponse{RequestId: message.GetRequestId()}); err != nil {
			return err
		}
	}
}
