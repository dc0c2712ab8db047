// Package shortlist is the Go client of Shortlist, the two-stage recommender over gRPC.
//
//	client, err := shortlist.New("127.0.0.1:50051", shortlist.Options{})
//	...
//	defer client.Close()
//	answer, err := client.Recommend(ctx, &pb.RecommendRequest{UserId: "u1", Count: 10})
//
// Requests and answers are the messages of the API, package shortlist/shortlistv1; what the limits are is said there, in
// the comment of each field. Calls fail with an [*Error].
package shortlist

import (
	"context"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	pb "shortlist/shortlistv1"
)

// HealthStatus is what grpc.health.v1 says of a service.
type HealthStatus = healthpb.HealthCheckResponse_ServingStatus

// Serving is the [HealthStatus] of a service that takes calls.
const Serving = healthpb.HealthCheckResponse_SERVING

// Client is a connection to Shortlist, shared by any number of goroutines. Every method holds to the deadline of its
// context, or where it has none to a default of [Options].
type Client struct {
	options         Options
	connection      *grpc.ClientConn
	recommendations pb.RecommendationServiceClient
	events          pb.EventServiceClient
	catalog         pb.CatalogServiceClient
	users           pb.UserServiceClient
	health          healthpb.HealthClient
}

// New makes a client of the servers at address: host:port, several of them with commas between, or dns:///name:port for
// all hosts of a name; calls go to them in turn. Connecting happens with the first call, so an error here is about the
// address or the options.
func New(address string, options Options) (*Client, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	dialing, err := options.dialing(address)
	if err != nil {
		return nil, err
	}
	target, resolving := resolve(address)
	connection, err := grpc.NewClient(target, append(dialing, resolving...)...)
	if err != nil {
		return nil, err
	}
	return &Client{
		options:         options,
		connection:      connection,
		recommendations: pb.NewRecommendationServiceClient(connection),
		events:          pb.NewEventServiceClient(connection),
		catalog:         pb.NewCatalogServiceClient(connection),
		users:           pb.NewUserServiceClient(connection),
		health:          healthpb.NewHealthClient(connection),
	}, nil
}

// Close ends the connection; calls under way fail with the code Canceled.
func (c *Client) Close() error {
	return c.connection.Close()
}

// Recommend answers the best items for one user, with score, sources and reason.
func (c *Client) Recommend(ctx context.Context, request *pb.RecommendRequest) (*pb.RecommendResponse, error) {
	return call(ctx, c.options.Timeout, c.recommendations.Recommend, request)
}

// BatchRecommend gives one answer per query, in order, all from one bundle; 1 to 64 queries.
func (c *Client) BatchRecommend(
	ctx context.Context, request *pb.BatchRecommendRequest,
) (*pb.BatchRecommendResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.recommendations.BatchRecommend, request)
}

// Retrieve is stage one alone: the candidates before ranking.
func (c *Client) Retrieve(ctx context.Context, request *pb.RetrieveRequest) (*pb.RetrieveResponse, error) {
	return call(ctx, c.options.Timeout, c.recommendations.Retrieve, request)
}

// Rank is stage two alone: the caller's own items, 1 to 2,000, in this user's order.
func (c *Client) Rank(ctx context.Context, request *pb.RankRequest) (*pb.RankResponse, error) {
	return call(ctx, c.options.Timeout, c.recommendations.Rank, request)
}

// SimilarItems answers the items most like one; [ErrNotFound] where the serving bundle does not know that item.
func (c *Client) SimilarItems(ctx context.Context, request *pb.SimilarItemsRequest) (*pb.SimilarItemsResponse, error) {
	return call(ctx, c.options.Timeout, c.recommendations.SimilarItems, request)
}

// WriteEvents writes 1 to 1,000 events, all or none, and returns once they are durable.
//
// An event without an id is given one in place, before the first attempt: neither retries nor a caller who passes the
// same events again after an error write anything twice.
func (c *Client) WriteEvents(ctx context.Context, request *pb.WriteEventsRequest) (*pb.WriteEventsResponse, error) {
	for _, event := range request.GetEvents() {
		if event.GetEventId() == "" {
			event.EventId = uuid.NewString()
		}
	}
	return call(ctx, c.options.BatchTimeout, c.events.WriteEvents, request)
}

// UpsertItems writes 1 to 1,000 items, all or none, each of them wholly, and returns once they are durable.
func (c *Client) UpsertItems(ctx context.Context, request *pb.UpsertItemsRequest) (*pb.UpsertItemsResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.catalog.UpsertItems, request)
}

// DeleteItems takes 1 to 1,000 items out of the catalogue, all or none; one that nobody knows is no error.
func (c *Client) DeleteItems(ctx context.Context, request *pb.DeleteItemsRequest) (*pb.DeleteItemsResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.catalog.DeleteItems, request)
}

// GetItem answers one item as it is now; [ErrNotFound] where there is none.
func (c *Client) GetItem(ctx context.Context, request *pb.GetItemRequest) (*pb.GetItemResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.catalog.GetItem, request)
}

// ListItems answers one page of all items; the next one is asked for with its NextPageToken, until that is empty.
func (c *Client) ListItems(ctx context.Context, request *pb.ListItemsRequest) (*pb.ListItemsResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.catalog.ListItems, request)
}

// UpsertUsers writes what is known of 1 to 1,000 users besides events, all or none, and returns once it is durable.
func (c *Client) UpsertUsers(ctx context.Context, request *pb.UpsertUsersRequest) (*pb.UpsertUsersResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.users.UpsertUsers, request)
}

// GetUser answers what is known of a user, in numbers; a user that nobody knows is no error.
func (c *Client) GetUser(ctx context.Context, request *pb.GetUserRequest) (*pb.GetUserResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.users.GetUser, request)
}

// ExportUser answers one page of a user's events; the next one is asked for with its NextPageToken, until that is empty.
func (c *Client) ExportUser(ctx context.Context, request *pb.ExportUserRequest) (*pb.ExportUserResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.users.ExportUser, request)
}

// DeleteUser forgets a user: events, history, and whatever bundles know. Allow a large store more than the default.
func (c *Client) DeleteUser(ctx context.Context, request *pb.DeleteUserRequest) (*pb.DeleteUserResponse, error) {
	return call(ctx, c.options.BatchTimeout, c.users.DeleteUser, request)
}

// Health says whether the server, or one of its services by full name, takes calls. The service "" is the server;
// [ErrNotFound] where it has no such service.
func (c *Client) Health(ctx context.Context, service string) (HealthStatus, error) {
	request := &healthpb.HealthCheckRequest{Service: service}
	answer, err := call(ctx, c.options.Timeout, c.health.Check, request)
	return answer.GetStatus(), err
}

func call[Request, Response any](
	ctx context.Context,
	timeout time.Duration,
	method func(context.Context, *Request, ...grpc.CallOption) (*Response, error),
	request *Request,
) (*Response, error) {
	if _, set := ctx.Deadline(); !set {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	answer, err := method(ctx, request)
	if err != nil {
		return nil, fromRPC(err)
	}
	return answer, nil
}
