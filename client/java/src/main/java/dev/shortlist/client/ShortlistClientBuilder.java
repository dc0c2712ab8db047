package dev.shortlist.client;

import dev.shortlist.v1.CatalogServiceGrpc;
import dev.shortlist.v1.EventServiceGrpc;
import dev.shortlist.v1.RecommendationServiceGrpc;
import dev.shortlist.v1.UserServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Every setting of a client with its default. A setting that cannot work throws {@link IllegalArgumentException}. */
public final class ShortlistClientBuilder {
  private final List<String> addresses;
  private Duration timeout = Duration.ofSeconds(1);
  private Duration batchTimeout = Duration.ofSeconds(5);
  private int maxAttempts = 4;
  private boolean waitForReady = false;
  private int maxMessageBytes = 16 * 1024 * 1024;
  private TlsChannelCredentials.Builder tls = null;
  private Supplier<String> token = null;

  ShortlistClientBuilder(List<String> addresses) {
    this.addresses = addresses;
  }

  /** The time for a call, retries included; default 1 second. A stream has no limit but its own. */
  public ShortlistClientBuilder timeout(Duration timeout) {
    this.timeout = Connection.positive(timeout);
    return this;
  }

  /** The time for BatchRecommend and WriteEvents, which carry more; default 5 seconds. */
  public ShortlistClientBuilder batchTimeout(Duration timeout) {
    this.batchTimeout = Connection.positive(timeout);
    return this;
  }

  /** How often a call is tried in all while servers answer UNAVAILABLE: 1 to 5, default 4. All methods are safe to repeat. */
  public ShortlistClientBuilder maxAttempts(int attempts) {
    require(1 <= attempts && attempts <= 5, "maxAttempts is 1 to 5, not " + attempts);
    this.maxAttempts = attempts;
    return this;
  }

  /** Whether a call waits out its timeout for a server to come up; by default it fails when none can be reached. */
  public ShortlistClientBuilder waitForReady(boolean wait) {
    this.waitForReady = wait;
    return this;
  }

  /** The largest message sent or received; default 16 MiB. */
  public ShortlistClientBuilder maxMessageBytes(int bytes) {
    require(bytes > 0, "maxMessageBytes is positive, not " + bytes);
    this.maxMessageBytes = bytes;
    return this;
  }

  /** TLS with the certificate authorities that Java trusts. By default the connection is plain text. */
  public ShortlistClientBuilder tls() {
    if (tls == null) {
      tls = TlsChannelCredentials.newBuilder();
    }
    return this;
  }

  /** TLS that trusts the authorities in this PEM file and no others. */
  public ShortlistClientBuilder tls(Path rootCertificates) throws IOException {
    tls();
    tls.trustManager(rootCertificates.toFile());
    return this;
  }

  /** TLS with this client's own certificate and key, PEM files (PKCS #8), for servers that ask who calls (mTLS). */
  public ShortlistClientBuilder clientCertificate(Path certificateChain, Path privateKey) throws IOException {
    tls();
    tls.keyManager(certificateChain.toFile(), privateKey.toFile());
    return this;
  }

  /** The bearer token of every call. Needs TLS, except towards loopback addresses. */
  public ShortlistClientBuilder token(String token) {
    return token(() -> token);
  }

  /** As {@link #token(String)}, from what gives the current one; it is asked at every attempt and may block. */
  public ShortlistClientBuilder token(Supplier<String> token) {
    this.token = token;
    return this;
  }

  /** A client with these settings; it connects with its first call. */
  public ShortlistClient build() {
    for (String address : addresses) {
      require(token == null || tls != null || isLoopback(address), "a token is sent to " + address + " only over TLS");
    }
    ChannelCredentials credentials = tls == null ? InsecureChannelCredentials.create() : tls.build();
    ManagedChannel channel =
        Grpc.newChannelBuilder(AddressList.target(addresses), credentials)
            .defaultServiceConfig(serviceConfig())
            .maxInboundMessageSize(maxMessageBytes)
            // Finds a dead connection within 40 seconds, also an idle one that a firewall has forgotten.
            .keepAliveTime(30, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS)
            .keepAliveWithoutCalls(true)
            .build();
    CallOptions options = CallOptions.DEFAULT.withMaxOutboundMessageSize(maxMessageBytes);
    options = waitForReady ? options.withWaitForReady() : options;
    options = token == null ? options : options.withCallCredentials(new BearerToken(token));
    return new ShortlistClient(Connection.open(channel, options, timeout, batchTimeout));
  }

  /** The gRPC service config as Java's gRPC takes it, numbers as doubles: balancing and retries. */
  Map<String, ?> serviceConfig() {
    Map<String, Object> config = new HashMap<>();
    config.put("loadBalancingConfig", List.of(Map.of("round_robin", Map.of())));
    if (maxAttempts > 1) {
      var services =
          List.of(
              Map.of("service", RecommendationServiceGrpc.SERVICE_NAME),
              Map.of("service", EventServiceGrpc.SERVICE_NAME),
              Map.of("service", CatalogServiceGrpc.SERVICE_NAME),
              Map.of("service", UserServiceGrpc.SERVICE_NAME));
      var policy =
          Map.of(
              "maxAttempts", (double) maxAttempts,
              "initialBackoff", "0.05s",
              "maxBackoff", "1s",
              "backoffMultiplier", 2.0,
              // UNKNOWN is what gRPC for Java calls a connection that broke as it was written to; our servers never send it.
              "retryableStatusCodes", List.of("UNAVAILABLE", "UNKNOWN"));
      config.put("methodConfig", List.of(Map.of("name", services, "retryPolicy", policy)));
      // Retries stop while about one call in ten fails or more: they must not finish off servers that struggle.
      config.put("retryThrottling", Map.of("maxTokens", 100.0, "tokenRatio", 0.1));
    }
    return config;
  }

  private static boolean isLoopback(String address) {
    String host = AddressList.host(address);
    return host.equals("localhost") || host.matches("127(\\.\\d{1,3}){3}|::1") || address.startsWith("unix:");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
