package dev.shortlist.client;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Puts the current token into the header of every attempt of a call. */
final class BearerToken extends CallCredentials {
  private static final Metadata.Key<String> HEADER = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Supplier<String> token;

  BearerToken(Supplier<String> token) {
    this.token = token;
  }

  @Override
  public void applyRequestMetadata(RequestInfo request, Executor executor, MetadataApplier applier) {
    executor.execute(() -> apply(applier)); // Getting a token may block, which gRPC's own thread must not.
  }

  private void apply(MetadataApplier applier) {
    try {
      Metadata headers = new Metadata();
      headers.put(HEADER, "Bearer " + token.get());
      applier.apply(headers);
    } catch (RuntimeException failure) {
      applier.fail(Status.UNAUTHENTICATED.withDescription("no token").withCause(failure));
    }
  }
}
