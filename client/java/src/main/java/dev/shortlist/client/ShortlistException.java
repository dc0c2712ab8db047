package dev.shortlist.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A call that did not succeed. Its message is one line: the code, the reason and what the server says.
 *
 * <p>Codes that callers treat apart have a subclass each, the others come as this class.
 */
public class ShortlistException extends RuntimeException {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  // Exceptions are serializable; messages of protobuf and enums are too.
  private final Status.Code code;
  private final com.google.rpc.Status status;

  private ShortlistException(com.google.rpc.Status status, Throwable cause) {
    super(line(status), cause);
    this.code = Status.fromCodeValue(status.getCode()).getCode();
    this.status = status;
  }

  /** The request breaks a rule; {@link #getViolations} lists every field. The same request fails again. */
  public static final class InvalidArgument extends ShortlistException {
    private InvalidArgument(com.google.rpc.Status status, Throwable cause) {
      super(status, cause);
    }
  }

  /** The thing that the request names does not exist. The caller's fault, or the serving bundle's age. */
  public static final class NotFound extends ShortlistException {
    private NotFound(com.google.rpc.Status status, Throwable cause) {
      super(status, cause);
    }
  }

  /** The caller did not say who it is, or the server does not believe it. */
  public static final class Unauthenticated extends ShortlistException {
    private Unauthenticated(com.google.rpc.Status status, Throwable cause) {
      super(status, cause);
    }
  }

  /** The caller may not do this. */
  public static final class PermissionDenied extends ShortlistException {
    private PermissionDenied(com.google.rpc.Status status, Throwable cause) {
      super(status, cause);
    }
  }

  /** The server has more work than it takes on; {@link #getRetryAfter} says when to come back. The client does not retry it. */
  public static final class ResourceExhausted extends ShortlistException {
    private ResourceExhausted(com.google.rpc.Status status, Throwable cause) {
      super(status, cause);
    }
  }

  /** No server was reached, or it is starting or draining. Retries are used up when this is thrown. */
  public static final class Unavailable extends ShortlistException {
    private Unavailable(com.google.rpc.Status status, Throwable cause) {
      super(status, cause);
    }
  }

  /** The answer did not come within the timeout, retries included. */
  public static final class DeadlineExceeded extends ShortlistException {
    private DeadlineExceeded(com.google.rpc.Status status, Throwable cause) {
      super(status, cause);
    }
  }

  /** The exception for a status that came inside an answer, such as {@code StreamRecommendResponse.getError()}. */
  public static ShortlistException from(com.google.rpc.Status status) {
    return from(status, null);
  }

  /** The exception for a failed call, with whatever details the server sent along. */
  static ShortlistException from(Throwable failure) {
    if (failure instanceof ShortlistException already) {
      return already;
    }
    Status status = Status.fromThrowable(failure);
    if (status.getCode() == Status.Code.UNKNOWN && status.getCause() instanceof ClosedChannelException) {
      status = Status.UNAVAILABLE.withDescription("the connection broke"); // What gRPC for Java calls UNKNOWN.
    }
    String description = Objects.requireNonNullElse(status.getDescription(), "");
    if (status.getCause() != null) {
      description += ": " + status.getCause().getMessage(); // gRPC itself failed, as with "io exception": say which.
    }
    var decoded = com.google.rpc.Status.newBuilder().setCode(status.getCode().value()).setMessage(description);
    Metadata trailers = Status.trailersFromThrowable(failure);
    byte[] details = trailers == null ? null : trailers.get(DETAILS);
    if (details != null) {
      try {
        decoded.addAllDetails(com.google.rpc.Status.parseFrom(details).getDetailsList());
      } catch (InvalidProtocolBufferException unreadable) {
        failure.addSuppressed(unreadable); // The code and the message still say what happened.
      }
    }
    return from(decoded.build(), failure);
  }

  private static ShortlistException from(com.google.rpc.Status status, Throwable cause) {
    return switch (Status.fromCodeValue(status.getCode()).getCode()) {
      case INVALID_ARGUMENT -> new InvalidArgument(status, cause);
      case NOT_FOUND -> new NotFound(status, cause);
      case UNAUTHENTICATED -> new Unauthenticated(status, cause);
      case PERMISSION_DENIED -> new PermissionDenied(status, cause);
      case RESOURCE_EXHAUSTED -> new ResourceExhausted(status, cause);
      case UNAVAILABLE -> new Unavailable(status, cause);
      case DEADLINE_EXCEEDED -> new DeadlineExceeded(status, cause);
      default -> new ShortlistException(status, cause);
    };
  }

  /** The gRPC status code. */
  public Status.Code getCode() {
    return code;
  }

  /** What the server, or gRPC itself, says; one line for a person. */
  public String getDescription() {
    return status.getMessage();
  }

  /** Stable name of the cause to branch on, such as OVERLOADED or ITEM_NOT_FOUND; empty if gRPC itself failed. */
  public String getReason() {
    return detail(status, ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
  }

  /** What the reason is about, such as {@code item=i1}. */
  public Map<String, String> getMetadata() {
    return detail(status, ErrorInfo.class).map(ErrorInfo::getMetadataMap).orElse(Map.of());
  }

  /** Every field of the request that breaks its rule, not only the first. */
  public List<FieldViolation> getViolations() {
    return detail(status, BadRequest.class).stream()
        .flatMap(request -> request.getFieldViolationsList().stream())
        .map(violation -> new FieldViolation(violation.getField(), violation.getDescription()))
        .toList();
  }

  /** The time after which trying again makes sense; empty where the server does not say. */
  public Optional<Duration> getRetryAfter() {
    return detail(status, RetryInfo.class)
        .map(RetryInfo::getRetryDelay)
        .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
  }

  private static String line(com.google.rpc.Status status) {
    String reason = detail(status, ErrorInfo.class).map(info -> " (" + info.getReason() + ")").orElse("");
    return Status.fromCodeValue(status.getCode()).getCode() + reason + ": " + status.getMessage();
  }

  private static <M extends Message> Optional<M> detail(com.google.rpc.Status status, Class<M> kind) {
    for (Any any : status.getDetailsList()) {
      if (any.is(kind)) {
        try {
          return Optional.of(any.unpack(kind));
        } catch (InvalidProtocolBufferException unreadable) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}
