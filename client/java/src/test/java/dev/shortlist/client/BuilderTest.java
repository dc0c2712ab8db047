package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings that cannot work are refused, and a token in the open above all. */
class BuilderTest {
  private static ShortlistClientBuilder builder() {
    return ShortlistClient.builder("127.0.0.1:50051");
  }

  @Test
  void whatCannotWorkIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> builder().timeout(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> builder().batchTimeout(Duration.ofSeconds(-1)));
    assertThrows(IllegalArgumentException.class, () -> builder().maxAttempts(0));
    assertThrows(IllegalArgumentException.class, () -> builder().maxAttempts(6));
    assertThrows(IllegalArgumentException.class, () -> builder().maxMessageBytes(0));
    assertThrows(IOException.class, () -> builder().tls(Path.of("no-such-file.pem")));
    assertThrows(IllegalArgumentException.class, () -> ShortlistClient.connect("127.0.0.1:50051", "no-port"));
    assertThrows(IllegalArgumentException.class, () -> ShortlistClient.connect("127.0.0.1:50051", "dns:///a:1"));
    try (var client = ShortlistClient.connect("127.0.0.1:50051")) {
      assertThrows(IllegalArgumentException.class, () -> client.withTimeout(Duration.ZERO));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"})
  void towardsLoopbackATokenNeedsNoTls(String address) {
    ShortlistClient.builder(address).token("secret").build().close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1:1", "shop.example:1", "127.0.0.1.example:1", "[::2]:1", "dns:///shop.example:1"})
  void towardsOtherMachinesItDoes(String address) {
    var failure =
        assertThrows(IllegalArgumentException.class, () -> ShortlistClient.builder(address).token("secret").build());
    assertTrue(failure.getMessage().contains(address) && failure.getMessage().contains("TLS"), failure.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> ShortlistClient.builder("127.0.0.1:1", address).token("secret").build());
    ShortlistClient.builder(address).tls().token("secret").build().close();
  }
}
