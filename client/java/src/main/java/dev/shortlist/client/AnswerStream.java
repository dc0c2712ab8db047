package dev.shortlist.client;

import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The answers to a stream of messages, one each.
 *
 * <p>Messages are read on the thread that asks for answers, a bounded number ahead of them: neither side's pace fills
 * memory, and no thread of gRPC ever waits for the caller's source.
 */
final class AnswerStream<Q, A> implements Iterator<A> {
  /** A server works on 16 messages of one stream at a time; twice that never leaves it without. */
  private static final int AHEAD = 32;

  private final Iterator<Q> messages;
  private final BlockingQueue<Arrival<A>> arrivals = new LinkedBlockingQueue<>();
  private ClientCallStreamObserver<Q> call;
  private Arrival<A> next;
  private int unanswered;
  private boolean allSent;

  private AnswerStream(Iterator<Q> messages) {
    this.messages = messages;
  }

  /** Starts the call; closing the stream cancels it. */
  static <Q, A> Stream<A> start(ClientCall<Q, A> call, Iterable<Q> messages) {
    var answers = new AnswerStream<Q, A>(messages.iterator());
    ClientCalls.asyncBidiStreamingCall(call, answers.new Observer());
    var spliterator = Spliterators.spliteratorUnknownSize(answers, Spliterator.ORDERED | Spliterator.NONNULL);
    return StreamSupport.stream(spliterator, false).onClose(answers::cancel);
  }

  @Override
  public boolean hasNext() {
    if (next == null) {
      send();
      next = take();
    }
    if (next.failure != null) {
      throw ShortlistException.from(next.failure);
    }
    return next.answer != null;
  }

  @Override
  public A next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    A answer = next.answer;
    next = null;
    unanswered--;
    return answer;
  }

  /** Sends what gRPC takes at once. With nothing unanswered one message goes in any case: its answer wakes us again. */
  private void send() {
    try {
      while (!allSent && unanswered < AHEAD && (unanswered == 0 || call.isReady())) {
        if (messages.hasNext()) {
          call.onNext(messages.next());
          unanswered++;
        } else {
          call.onCompleted();
          allSent = true;
        }
      }
    } catch (RuntimeException | Error failureOfTheSource) {
      cancel();
      throw failureOfTheSource;
    }
  }

  private Arrival<A> take() {
    try {
      return arrivals.take();
    } catch (InterruptedException interrupted) {
      cancel();
      Thread.currentThread().interrupt();
      return new Arrival<>(null, Status.CANCELLED.withDescription("interrupted").withCause(interrupted).asException());
    }
  }

  private void cancel() {
    call.cancel("the caller left the stream", null);
  }

  /** An answer, a failure, or neither: the end. */
  private record Arrival<A>(A answer, Throwable failure) {}

  private final class Observer implements ClientResponseObserver<Q, A> {
    @Override
    public void beforeStart(ClientCallStreamObserver<Q> call) {
      AnswerStream.this.call = call;
    }

    @Override
    public void onNext(A answer) {
      arrivals.add(new Arrival<>(answer, null));
    }

    @Override
    public void onError(Throwable failure) {
      arrivals.add(new Arrival<>(null, failure));
    }

    @Override
    public void onCompleted() {
      arrivals.add(new Arrival<>(null, null));
    }
  }
}
