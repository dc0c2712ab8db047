package shortlist

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What [errors.Is] finds in an [*Error], for the codes that callers treat apart.
var (
	// ErrInvalidArgument: the request breaks a rule, Violations lists every field. The same request fails again.
	ErrInvalidArgument = errors.New("shortlist: the request breaks a rule")
	// ErrNotFound: what the request names does not exist. The caller's fault, or the serving bundle's age.
	ErrNotFound = errors.New("shortlist: not found")
	// ErrUnauthenticated: the caller did not say who it is, or the server does not believe it.
	ErrUnauthenticated = errors.New("shortlist: unauthenticated")
	// ErrPermissionDenied: the caller may not do this.
	ErrPermissionDenied = errors.New("shortlist: permission denied")
	// ErrResourceExhausted: the server has more work than it takes on; RetryAfter says when to come back. Not retried by
	// the client.
	ErrResourceExhausted = errors.New("shortlist: too much work")
	// ErrUnavailable: no server was reached, or it is starting or draining. Retries are used up.
	ErrUnavailable = errors.New("shortlist: unavailable")
	// ErrDeadlineExceeded: the answer did not come in time, retries included. It is a [context.DeadlineExceeded] too.
	ErrDeadlineExceeded = fmt.Errorf("shortlist: %w", context.DeadlineExceeded)
)

var causes = map[codes.Code]error{
	codes.Canceled:          context.Canceled,
	codes.InvalidArgument:   ErrInvalidArgument,
	codes.NotFound:          ErrNotFound,
	codes.Unauthenticated:   ErrUnauthenticated,
	codes.PermissionDenied:  ErrPermissionDenied,
	codes.ResourceExhausted: ErrResourceExhausted,
	codes.Unavailable:       ErrUnavailable,
	codes.DeadlineExceeded:  ErrDeadlineExceeded,
}

// Violation is one field of the request that breaks its rule.
type Violation struct {
	// Field is a path: count, queries[3].context_events[0].value.
	Field string
	// Description says what the rule is.
	Description string
}

// Error is a call that did not succeed, with the status's details decoded. Find it with [errors.As], or ask by code with
// [errors.Is] and one of the Err variables.
type Error struct {
	// Code is the gRPC status code.
	Code codes.Code
	// Message is what the server, or gRPC itself, says; one line for a person.
	Message string
	// Reason is the stable name of the cause to branch on, such as OVERLOADED; empty if gRPC itself failed.
	Reason string
	// Metadata is what the reason is about, such as item: i1.
	Metadata map[string]string
	// Violations are all fields of the request that break their rule, not only the first.
	Violations []Violation
	// RetryAfter is the time after which trying again makes sense; 0 where the server does not say.
	RetryAfter time.Duration

	status *status.Status
}

// Error is one line: the code, the reason and what the server says.
func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("%v: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%v (%s): %s", e.Code, e.Reason, e.Message)
}

// Unwrap is the Err variable of the code, or nil.
func (e *Error) Unwrap() error {
	return causes[e.Code]
}

// GRPCStatus is the status as it came, for [status.FromError] and interceptors.
func (e *Error) GRPCStatus() *status.Status {
	return e.status
}

// FromStatus decodes a google.rpc.Status, such as the error of a StreamRecommendResponse. A nil one, or one that says OK,
// is no error: nil.
func FromStatus(from *statuspb.Status) *Error {
	if codes.Code(from.GetCode()) == codes.OK {
		return nil
	}
	decoded := status.FromProto(from)
	made := &Error{Code: decoded.Code(), Message: decoded.Message(), status: decoded}
	for _, detail := range decoded.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			made.Reason, made.Metadata = detail.GetReason(), detail.GetMetadata()
		case *errdetails.BadRequest:
			for _, each := range detail.GetFieldViolations() {
				made.Violations = append(made.Violations, Violation{each.GetField(), each.GetDescription()})
			}
		case *errdetails.RetryInfo:
			made.RetryAfter = detail.GetRetryDelay().AsDuration()
		}
	}
	return made
}

func fromRPC(err error) error {
	return FromStatus(status.Convert(err).Proto())
}
