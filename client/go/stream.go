package shortlist

import (
	"context"
	"errors"
	"io"
	"iter"

	pb "shortlist/shortlistv1"
)

// StreamRecommend gives one answer per message, in order, as they come. There is no deadline but that of ctx.
//
// An answer with an error (answer.GetError() != nil) does not end the stream; [FromStatus] makes an [*Error] of it. A
// stream that breaks gives a last pair, of nil and an [*Error]. Leaving the loop early cancels the stream.
//
// Messages are read as the server takes them, from a goroutine of the stream's own; to send a slice, pass
// [slices.Values] of it.
func (c *Client) StreamRecommend(
	ctx context.Context, messages iter.Seq[*pb.StreamRecommendRequest],
) iter.Seq2[*pb.StreamRecommendResponse, error] {
	return func(yield func(*pb.StreamRecommendResponse, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.recommendations.StreamRecommend(ctx)
		if err != nil {
			yield(nil, fromRPC(err))
			return
		}
		go send(stream, messages)
		for {
			answer, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, fromRPC(err))
				return
			}
			if !yield(answer, nil) {
				return
			}
		}
	}
}

// send stops at a stream that is over; why it is over is what receiving says.
func send(stream pb.RecommendationService_StreamRecommendClient, messages iter.Seq[*pb.StreamRecommendRequest]) {
	for message := range messages {
		if stream.Send(message) != nil {
			return
		}
	}
	_ = stream.CloseSend()
}
