package dev.shortlist.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A channel and what its calls are made with.
 *
 * @param streamTimeout null: none
 */
record Connection(
    ManagedChannel channel, CallOptions options, Duration timeout, Duration batchTimeout, Duration streamTimeout) {
  private static final int RECONNECT_SECONDS = 5;

  /** The connection of a new client. */
  static Connection open(ManagedChannel channel, CallOptions options, Duration timeout, Duration batchTimeout) {
    reconnect(channel);
    return new Connection(channel, options, timeout, batchTimeout, null);
  }

  static Duration positive(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("a timeout is positive, not " + timeout);
    }
    return timeout;
  }

  /** The same connection, every call of which takes {@code timeout}. */
  Connection withTimeout(Duration timeout) {
    positive(timeout);
    return new Connection(channel, options, timeout, timeout, timeout);
  }

  /** Calls a method and blocks for its answer. */
  <Q, A> A call(MethodDescriptor<Q, A> method, Q request, Duration timeout) {
    try {
      return ClientCalls.blockingUnaryCall(channel, method, within(timeout), request);
    } catch (StatusRuntimeException failure) {
      throw ShortlistException.from(failure);
    }
  }

  /** Calls a method; cancelling the future cancels the call. */
  <Q, A> CompletableFuture<A> callAsync(MethodDescriptor<Q, A> method, Q request, Duration timeout) {
    ClientCall<Q, A> call = channel.newCall(method, within(timeout));
    var future = new CompletableFuture<A>();
    future.whenComplete(
        (answer, failure) -> {
          if (future.isCancelled()) {
            call.cancel("the caller cancelled the future", null);
          }
        });
    ClientCalls.asyncUnaryCall(call, request, completing(future));
    return future;
  }

  /** A call of a method that streams both ways. */
  <Q, A> ClientCall<Q, A> stream(MethodDescriptor<Q, A> method) {
    return channel.newCall(method, streamTimeout == null ? options : within(streamTimeout));
  }

  /** Ends the connection; calls under way fail with CANCELLED or UNAVAILABLE. */
  void close() {
    channel.shutdownNow();
  }

  private CallOptions within(Duration timeout) {
    return options.withDeadlineAfter(timeout);
  }

  private static <A> StreamObserver<A> completing(CompletableFuture<A> future) {
    return new StreamObserver<>() {
      private A answer;

      @Override
      public void onNext(A answer) {
        this.answer = answer;
      }

      @Override
      public void onError(Throwable failure) {
        future.completeExceptionally(ShortlistException.from(failure));
      }

      @Override
      public void onCompleted() {
        future.complete(answer);
      }
    };
  }

  /**
   * Tries servers that are down again every few seconds, until the channel is shut down: gRPC's own pauses between two
   * attempts grow to two minutes and cannot be set in Java. Connections that are up are left alone.
   */
  private static void reconnect(ManagedChannel channel) {
    if (!channel.isShutdown()) {
      channel.resetConnectBackoff();
      CompletableFuture.delayedExecutor(RECONNECT_SECONDS, TimeUnit.SECONDS).execute(() -> reconnect(channel));
    }
  }
}
