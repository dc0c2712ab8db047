package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.shortlist.v1.BatchRecommendRequest;
import dev.shortlist.v1.DeleteItemsRequest;
import dev.shortlist.v1.DeleteUserRequest;
import dev.shortlist.v1.Event;
import dev.shortlist.v1.GetItemRequest;
import dev.shortlist.v1.ItemInput;
import dev.shortlist.v1.ListItemsRequest;
import dev.shortlist.v1.RecommendRequest;
import dev.shortlist.v1.StreamRecommendRequest;
import dev.shortlist.v1.UpsertItemsRequest;
import dev.shortlist.v1.UpsertUsersRequest;
import dev.shortlist.v1.UserInput;
import dev.shortlist.v1.WriteEventsRequest;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What reaches a server: attempts, deadlines, event ids, tokens. */
class CallsTest {
  private static final RecommendRequest REQUEST = RecommendRequest.newBuilder().setUserId("u1").build();
  private FakeServer server;

  @BeforeEach
  void start() throws Exception {
    server = new FakeServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private ShortlistClient connect() {
    // Loaded classes and a connection first: one second must not pass with them on a slow machine.
    return ShortlistClient.builder(server.address()).timeout(Duration.ofSeconds(30)).build();
  }

  @Test
  void itemsAreWrittenToldAndDeletedAndUsersForgottenAtTheSecondAttempt() {
    try (ShortlistClient client = connect()) {
      var item = ItemInput.newBuilder().setItemId("i1").setPrice(0);
      var items = UpsertItemsRequest.newBuilder().addItems(item).build();
      fail(Status.UNAVAILABLE, 1);
      assertEquals(1, client.upsertItems(items).getCreatedCount());
      fail(Status.UNAVAILABLE, 1);
      assertEquals(1, client.deleteItems(DeleteItemsRequest.newBuilder().addItemIds("i1").build()).getDeletedCount());
      fail(Status.UNAVAILABLE, 1);
      client.getItem(GetItemRequest.newBuilder().setItemId("i1").build());
      fail(Status.UNAVAILABLE, 1);
      assertEquals("next", client.listItems(ListItemsRequest.getDefaultInstance()).getNextPageToken());
      fail(Status.UNAVAILABLE, 1);
      client.deleteUser(DeleteUserRequest.newBuilder().setUserId("u1").build());
      fail(Status.UNAVAILABLE, 1);
      var users = UpsertUsersRequest.newBuilder().addUsers(UserInput.newBuilder().setUserId("u1")).build();
      assertEquals(1, client.upsertUsers(users).getWrittenUserCount());
      client.async().upsertUsers(users).join();
      client.async().upsertItems(items).join();
      client.async().deleteItems(DeleteItemsRequest.getDefaultInstance()).join();
      client.async().getItem(GetItemRequest.getDefaultInstance()).join();
      client.async().listItems(ListItemsRequest.getDefaultInstance()).join();
    }
    assertEquals(17, server.messages.size());
    assertEquals(server.messages.get(0), server.messages.get(1));
  }

  private void fail(Status status, int times) {
    for (int i = 0; i < times; i++) {
      server.failures.add(status.asRuntimeException());
    }
  }

  @Test
  void unavailableIsTriedFourTimes() {
    try (var client = connect()) {
      fail(Status.UNAVAILABLE, 3);
      client.recommend(REQUEST);
      assertEquals(List.of(REQUEST, REQUEST, REQUEST, REQUEST), server.messages);

      fail(Status.UNAVAILABLE.withDescription("draining"), 4);
      var failure = assertThrows(ShortlistException.Unavailable.class, () -> client.recommend(REQUEST));
      assertEquals("UNAVAILABLE: draining", failure.getMessage());
      assertEquals(8, server.messages.size());
    }
  }

  @Test
  void soIsAConnectionThatBreaks() {
    try (var client = connect()) {
      fail(Status.UNKNOWN, 1); // How gRPC for Java may report it.
      client.recommend(REQUEST);
      assertEquals(List.of(REQUEST, REQUEST), server.messages);
    }
  }

  @Test
  void nothingElseIsTriedAgain() {
    try (var client = connect()) {
      for (Status status : List.of(Status.RESOURCE_EXHAUSTED, Status.INTERNAL, Status.ABORTED, Status.DEADLINE_EXCEEDED)) {
        server.messages.clear();
        fail(status, 1);
        var failure = assertThrows(ShortlistException.class, () -> client.recommend(REQUEST));
        assertEquals(status.getCode(), failure.getCode());
        assertEquals(1, server.messages.size(), status.toString());
      }
    }
  }

  @Test
  void oneAttemptIsOne() {
    try (var client = ShortlistClient.builder(server.address()).maxAttempts(1).batchTimeout(Duration.ofSeconds(30)).build()) {
      fail(Status.UNAVAILABLE, 1);
      var request = BatchRecommendRequest.getDefaultInstance();
      assertThrows(ShortlistException.Unavailable.class, () -> client.batchRecommend(request));
      assertEquals(1, server.messages.size());
    }
  }

  @Test
  void callsHaveDeadlinesAndStreamsHaveNone() {
    try (var client = ShortlistClient.connect(server.address())) {
      client.withTimeout(Duration.ofSeconds(100)).recommend(REQUEST);
      client.recommend(REQUEST);
      client.batchRecommend(BatchRecommendRequest.getDefaultInstance());
      client.writeEvents(WriteEventsRequest.getDefaultInstance());
      client.streamRecommend(List.of()).toList();
      client.withTimeout(Duration.ofSeconds(100)).streamRecommend(List.of()).toList();

      assertTrue(server.secondsLeft.get(0) > 5, "its own timeout: " + server.secondsLeft);
      assertTrue(server.secondsLeft.get(1) < 1, "one second, begun: " + server.secondsLeft);
      assertTrue(server.secondsLeft.get(2) < 5 && server.secondsLeft.get(3) < 5, "five: " + server.secondsLeft);
      assertEquals(null, server.secondsLeft.get(4));
      assertTrue(server.secondsLeft.get(5) > 5, "its own timeout: " + server.secondsLeft);
    }
  }

  @Test
  void eventsGetTheirIdsOnce() {
    try (var client = connect()) {
      var named = Event.newBuilder().setEventId("e1").setUserId("u1").setItemId("i1");
      var request = WriteEventsRequest.newBuilder().addEvents(named).addEvents(named.clone().clearEventId());
      fail(Status.UNAVAILABLE, 1);
      client.writeEvents(request);
      client.writeEvents(request);

      String given = request.getEvents(1).getEventId();
      assertEquals("e1", request.getEvents(0).getEventId());
      assertFalse(given.isEmpty());
      assertEquals(List.of(request.build(), request.build(), request.build()), server.messages);

      var message = WriteEventsRequest.newBuilder().addEvents(Event.newBuilder().setUserId("u1")).build();
      client.async().writeEvents(message).join();
      var sent = (WriteEventsRequest) server.messages.get(3);
      assertFalse(sent.getEvents(0).getEventId().isEmpty());
      assertNotEquals(given, sent.getEvents(0).getEventId());
    }
  }

  @Test
  void theTokenOfTheMomentGoesAlong() {
    var count = new AtomicInteger();
    var builder = ShortlistClient.builder(server.address()).timeout(Duration.ofSeconds(30));
    try (var client = builder.token(() -> "t" + count.incrementAndGet()).build()) {
      fail(Status.UNAVAILABLE, 1);
      client.recommend(REQUEST);
      client.streamRecommend(List.of(StreamRecommendRequest.getDefaultInstance())).toList();
    }
    assertEquals(List.of("Bearer t1", "Bearer t2", "Bearer t3"), server.tokens);
  }

  @Test
  void aTokenThatCannotBeHadIsAnError() {
    var builder = ShortlistClient.builder(server.address()).timeout(Duration.ofSeconds(30));
    try (var client =
        builder.token(() -> {
          throw new IllegalStateException("vault sealed");
        }).build()) {
      var failure = assertThrows(ShortlistException.Unauthenticated.class, () -> client.recommend(REQUEST));
      assertTrue(failure.getDescription().contains("vault sealed"), failure.getMessage());
    }
  }

  @Test
  void callsSpreadOverTheAddresses() throws Exception {
    try (var other = new FakeServer();
        var client = ShortlistClient.builder(server.address(), other.address()).waitForReady(true).build()) {
      for (int i = 0; i < 1_000 && (server.messages.isEmpty() || other.messages.isEmpty()); i++) {
        client.withTimeout(Duration.ofSeconds(30)).recommend(REQUEST);
      }
      assertFalse(server.messages.isEmpty());
      assertFalse(other.messages.isEmpty());
    }
  }

  @Test
  void cancellingTheFutureCancelsTheCall() throws Exception {
    server.hanging = true;
    try (var client = connect()) {
      var future = client.async().withTimeout(Duration.ofHours(1)).recommend(REQUEST);
      assertTrue(server.hung.await(20, TimeUnit.SECONDS));
      future.cancel(true);
      assertTrue(server.cancelled.await(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void aDeadlineEndsTheCall() {
    server.hanging = true;
    try (var client = connect()) {
      var hasty = client.withTimeout(Duration.ofMillis(50));
      assertThrows(ShortlistException.DeadlineExceeded.class, () -> hasty.recommend(REQUEST));
      var failure = assertThrows(CompletionException.class, () -> hasty.async().recommend(REQUEST).join());
      assertEquals(ShortlistException.DeadlineExceeded.class, failure.getCause().getClass());
    }
  }
}
