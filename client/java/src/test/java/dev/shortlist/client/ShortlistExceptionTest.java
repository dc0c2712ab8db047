package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Statuses with and without details, as exceptions. */
class ShortlistExceptionTest {
  private static com.google.rpc.Status.Builder status(Status.Code code) {
    return com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage("no");
  }

  @Test
  void detailsBecomeFields() {
    var status =
        status(Status.Code.RESOURCE_EXHAUSTED)
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("OVERLOADED").putMetadata("queue", "256").build()))
            .addDetails(
                Any.pack(
                    BadRequest.newBuilder()
                        .addFieldViolations(
                            BadRequest.FieldViolation.newBuilder().setField("count").setDescription("1 to 500"))
                        .build()))
            .addDetails(
                Any.pack(
                    RetryInfo.newBuilder()
                        .setRetryDelay(Duration.newBuilder().setSeconds(1).setNanos(500_000_000))
                        .build()));

    var failure = ShortlistException.from(status.build());

    assertEquals(ShortlistException.ResourceExhausted.class, failure.getClass());
    assertEquals("RESOURCE_EXHAUSTED (OVERLOADED): no", failure.getMessage());
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, failure.getCode());
    assertEquals("no", failure.getDescription());
    assertEquals("OVERLOADED", failure.getReason());
    assertEquals(Map.of("queue", "256"), failure.getMetadata());
    assertEquals(List.of(new FieldViolation("count", "1 to 500")), failure.getViolations());
    assertEquals(Optional.of(java.time.Duration.ofMillis(1_500)), failure.getRetryAfter());
  }

  @Test
  void withoutDetailsTheFieldsAreEmpty() {
    var failure = ShortlistException.from(status(Status.Code.INTERNAL).build());

    assertEquals(ShortlistException.class, failure.getClass());
    assertEquals("INTERNAL: no", failure.getMessage());
    assertEquals("", failure.getReason());
    assertEquals(Map.of(), failure.getMetadata());
    assertEquals(List.of(), failure.getViolations());
    assertEquals(Optional.empty(), failure.getRetryAfter());
  }

  @Test
  void codesOfTheFutureAndBrokenDetailsDoNoHarm() {
    assertEquals(Status.Code.UNKNOWN, ShortlistException.from(status(Status.Code.OK).setCode(99).build()).getCode());

    var unreadable = Any.pack(ErrorInfo.getDefaultInstance()).toBuilder().setValue(ByteString.copyFromUtf8("\n")).build();
    assertEquals("", ShortlistException.from(status(Status.Code.INTERNAL).addDetails(unreadable).build()).getReason());

    var trailers = new Metadata();
    trailers.put(Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER), new byte[] {10});
    var failure = ShortlistException.from(Status.NOT_FOUND.withDescription("no").asRuntimeException(trailers));
    assertEquals(ShortlistException.NotFound.class, failure.getClass());
    assertEquals("NOT_FOUND: no", failure.getMessage());
  }

  @Test
  void aBrokenConnectionIsUnavailable() {
    var status = Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException());
    assertEquals(
        ShortlistException.Unavailable.class, ShortlistException.from(status.asRuntimeException()).getClass());
    assertEquals(Status.Code.UNKNOWN, ShortlistException.from(Status.UNKNOWN.asRuntimeException()).getCode());
  }
}
