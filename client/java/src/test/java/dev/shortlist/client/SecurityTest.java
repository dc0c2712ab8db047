package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.shortlist.v1.Event;
import dev.shortlist.v1.RecommendRequest;
import dev.shortlist.v1.WriteEventsRequest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** TLS and tokens, against a real server that asks for both. */
class SecurityTest {
  private static final RecommendRequest REQUEST = RecommendRequest.newBuilder().setUserId("java-1").setCount(2).build();

  private static ShortlistClientBuilder builder() throws IOException {
    return ShortlistClient.builder(Servers.variable("SHORTLIST_TEST_TLS_ADDRESS"))
        .tls(Path.of(Servers.variable("SHORTLIST_TEST_CA")))
        .timeout(Servers.PATIENCE);
  }

  @Test
  void aTokenOpensTheDoor() throws IOException {
    try (var client = builder().token(Servers.variable("SHORTLIST_TEST_TOKEN")).build()) {
      assertEquals(2, client.recommend(REQUEST).getItemsCount());
    }
  }

  @Test
  void withoutOrWithAWrongOneNobodyEnters() throws IOException {
    try (var client = builder().build();
        var guessing = builder().token("guess").build()) {
      assertThrows(ShortlistException.Unauthenticated.class, () -> client.recommend(REQUEST));
      assertThrows(ShortlistException.Unauthenticated.class, () -> guessing.recommend(REQUEST));
    }
  }

  @Test
  void aReadersTokenWritesNothing() throws IOException {
    var event = Event.newBuilder().setUserId("java-1").setItemId("i1");
    try (var client = builder().token(Servers.variable("SHORTLIST_TEST_READ_TOKEN")).build()) {
      assertEquals(2, client.recommend(REQUEST).getItemsCount());
      assertThrows(
          ShortlistException.PermissionDenied.class,
          () -> client.writeEvents(WriteEventsRequest.newBuilder().addEvents(event)));
    }
  }

  @Test
  void aCertificateOfAStrangerIsNotTrusted() {
    String address = Servers.variable("SHORTLIST_TEST_TLS_ADDRESS");
    try (var client = ShortlistClient.builder(address).tls().timeout(Servers.PATIENCE).build()) {
      assertThrows(ShortlistException.Unavailable.class, () -> client.recommend(REQUEST));
    }
  }

  @Test
  void aServerThatAsksWhoCallsIsShownACertificate() throws IOException {
    String address = Servers.variable("SHORTLIST_TEST_MTLS_ADDRESS");
    Path root = Path.of(Servers.variable("SHORTLIST_TEST_CA"));
    Path certificate = Path.of(Servers.variable("SHORTLIST_TEST_CLIENT_CERT"));
    Path key = Path.of(Servers.variable("SHORTLIST_TEST_CLIENT_KEY"));
    var builder = ShortlistClient.builder(address).tls(root).timeout(Servers.PATIENCE);
    try (var client = builder.clientCertificate(certificate, key).build();
        var nameless = ShortlistClient.builder(address).tls(root).timeout(Servers.PATIENCE).build()) {
      assertEquals(2, client.recommend(REQUEST).getItemsCount());
      assertThrows(ShortlistException.Unavailable.class, () -> nameless.recommend(REQUEST));
    }
  }

  @Test
  void eachAddressIsCheckedByItsOwnName() throws IOException {
    String localhost = Servers.variable("SHORTLIST_TEST_TLS_ADDRESS");
    String stranger = localhost.replace("localhost", "127.0.0.2"); // Not in the certificate, and not there either.
    try (var client =
        ShortlistClient.builder(stranger, localhost)
            .tls(Path.of(Servers.variable("SHORTLIST_TEST_CA")))
            .token(Servers.variable("SHORTLIST_TEST_TOKEN"))
            .timeout(Servers.PATIENCE)
            .build()) {
      for (int i = 0; i < 4; i++) {
        assertEquals(2, client.recommend(REQUEST).getItemsCount());
      }
    }
  }
}
