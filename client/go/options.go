package shortlist

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	pb "shortlist/shortlistv1"
)

// Options are the settings of a [Client]. The zero value of each is its default.
type Options struct {
	// Timeout limits a call whose context has no deadline, retries included; 1 second by default. A stream has no limit
	// but its context's.
	Timeout time.Duration
	// BatchTimeout is the same for BatchRecommend, WriteEvents and what is asked of items and users, which carry or take
	// more; 5 seconds by default.
	BatchTimeout time.Duration
	// MaxAttempts is how often a call is tried in all while servers answer Unavailable: 1 to 5, 4 by default. All methods
	// are safe to repeat.
	MaxAttempts int
	// WaitForReady lets a call wait out its deadline for a server to come up, rather than fail when none is reached.
	WaitForReady bool
	// TLS turns on TLS: &tls.Config{} trusts the system's roots, RootCAs names others, Certificates are the client's own
	// (mTLS). Nil is plain text, for loopback and for networks that encrypt by themselves.
	TLS *tls.Config
	// Token gives the bearer token, for each attempt anew; [StaticToken] is one that stays. Needs TLS, except towards
	// loopback addresses.
	Token func(context.Context) (string, error)
	// MaxMessageBytes is the largest message sent or received; 16 MiB by default.
	MaxMessageBytes int
}

// StaticToken is an [Options].Token that stays the same.
func StaticToken(token string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return token, nil }
}

// complete fills the defaults in, or says which setting cannot work.
func (o Options) complete() (Options, error) {
	if o.Timeout < 0 || o.BatchTimeout < 0 {
		return o, fmt.Errorf("shortlist: Timeout and BatchTimeout are positive, not %v and %v", o.Timeout, o.BatchTimeout)
	}
	if o.MaxAttempts < 0 || o.MaxAttempts > 5 {
		return o, fmt.Errorf("shortlist: MaxAttempts is 1 to 5, not %d", o.MaxAttempts)
	}
	if o.MaxMessageBytes < 0 {
		return o, fmt.Errorf("shortlist: MaxMessageBytes is positive, not %d", o.MaxMessageBytes)
	}
	o.Timeout = orDefault(o.Timeout, time.Second)
	o.BatchTimeout = orDefault(o.BatchTimeout, 5*time.Second)
	o.MaxAttempts = orDefault(o.MaxAttempts, 4)
	o.MaxMessageBytes = orDefault(o.MaxMessageBytes, 16<<20)
	return o, nil
}

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

// dialing is what gRPC is told because of the options; an error rather than a token in the open.
func (o Options) dialing(address string) ([]grpc.DialOption, error) {
	transport := insecure.NewCredentials()
	if o.TLS != nil {
		transport = credentials.NewTLS(o.TLS)
	}
	told := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(o.serviceConfig()),
		grpc.WithDefaultCallOptions(
			grpc.WaitForReady(o.WaitForReady),
			grpc.MaxCallRecvMsgSize(o.MaxMessageBytes),
			grpc.MaxCallSendMsgSize(o.MaxMessageBytes),
		),
		// Finds a dead connection within 40 seconds, also an idle one that a firewall has forgotten.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 30 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true,
		}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second,
			},
			MinConnectTimeout: 20 * time.Second, // gRPC's own default; left out it would be 0
		}),
	}
	if o.Token != nil {
		if o.TLS == nil && !isLoopback(address) {
			return nil, fmt.Errorf("shortlist: a token is sent to %s only over TLS: set Options.TLS", address)
		}
		told = append(told, grpc.WithPerRPCCredentials(bearer{o.Token, o.TLS != nil}))
	}
	return told, nil
}

// serviceConfig is the gRPC service config, JSON: balancing and retries.
func (o Options) serviceConfig() string {
	config := map[string]any{"loadBalancingConfig": []any{map[string]any{"round_robin": map[string]any{}}}}
	if o.MaxAttempts > 1 {
		config["methodConfig"] = []any{map[string]any{
			"name": []any{
				map[string]any{"service": pb.RecommendationService_ServiceDesc.ServiceName},
				map[string]any{"service": pb.EventService_ServiceDesc.ServiceName},
				map[string]any{"service": pb.CatalogService_ServiceDesc.ServiceName},
				map[string]any{"service": pb.UserService_ServiceDesc.ServiceName},
			},
			"retryPolicy": map[string]any{
				"maxAttempts":          o.MaxAttempts,
				"initialBackoff":       "0.05s",
				"maxBackoff":           "1s",
				"backoffMultiplier":    2,
				"retryableStatusCodes": []string{"UNAVAILABLE"},
			},
		}}
		// Retries stop while about one call in ten fails or more: they must not finish off servers that struggle.
		config["retryThrottling"] = map[string]any{"maxTokens": 100, "tokenRatio": 0.1}
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	return string(text)
}

// bearer is the header that carries the token.
type bearer struct {
	token  func(context.Context) (string, error)
	secure bool
}

func (b bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := b.token(ctx)
	if err != nil {
		return nil, fmt.Errorf("no token: %w", err)
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

func (b bearer) RequireTransportSecurity() bool {
	return b.secure
}
