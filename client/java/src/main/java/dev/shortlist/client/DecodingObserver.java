package dev.shortlist.client;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;

/** Passes on what a stream answers, its failure as a {@link ShortlistException}. */
final class DecodingObserver<Q, A> implements ClientResponseObserver<Q, A> {
  private final StreamObserver<A> answers;

  DecodingObserver(StreamObserver<A> answers) {
    this.answers = answers;
  }

  @Override
  @SuppressWarnings("unchecked") // gRPC itself takes an observer of this kind for one of the call's own types.
  public void beforeStart(ClientCallStreamObserver<Q> call) {
    if (answers instanceof ClientResponseObserver) {
      ((ClientResponseObserver<Q, A>) answers).beforeStart(call);
    }
  }

  @Override
  public void onNext(A answer) {
    answers.onNext(answer);
  }

  @Override
  public void onError(Throwable failure) {
    answers.onError(ShortlistException.from(failure));
  }

  @Override
  public void onCompleted() {
    answers.onCompleted();
  }
}
