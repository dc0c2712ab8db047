package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.shortlist.v1.BatchRecommendQuery;
import dev.shortlist.v1.BatchRecommendRequest;
import dev.shortlist.v1.DeleteUserRequest;
import dev.shortlist.v1.Event;
import dev.shortlist.v1.EventType;
import dev.shortlist.v1.ExportUserRequest;
import dev.shortlist.v1.ExportUserResponse;
import dev.shortlist.v1.GetUserRequest;
import dev.shortlist.v1.RankRequest;
import dev.shortlist.v1.RankResponse;
import dev.shortlist.v1.RecommendRequest;
import dev.shortlist.v1.RecommendedItem;
import dev.shortlist.v1.RetrieveRequest;
import dev.shortlist.v1.ScoredItem;
import dev.shortlist.v1.SimilarItemsRequest;
import dev.shortlist.v1.StreamRecommendRequest;
import dev.shortlist.v1.StreamRecommendResponse;
import dev.shortlist.v1.WriteEventsRequest;
import dev.shortlist.v1.WriteEventsResponse;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every method once, blocking and with futures, against a real server. */
class MethodsTest {
  private ShortlistClient client;

  @BeforeEach
  void connect() {
    client = Servers.connect();
  }

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
    }
  }

  private static RecommendRequest request(int count) {
    return RecommendRequest.newBuilder().setUserId("java-" + UUID.randomUUID()).setCount(count).build();
  }

  private List<String> items(int count) {
    return client.recommend(request(count)).getItemsList().stream().map(RecommendedItem::getItemId).toList();
  }

  @Test
  void recommend() {
    var answer = client.recommend(request(5));
    assertEquals(5, answer.getItemsCount());
    assertFalse(answer.getItems(0).getReason().getText().isEmpty());
    assertEquals(5, client.async().recommend(request(5)).join().getItemsCount());
  }

  @Test
  void batchRecommend() {
    var request =
        BatchRecommendRequest.newBuilder()
            .addQueries(BatchRecommendQuery.newBuilder().setUserId("java-1").setCount(2))
            .addQueries(BatchRecommendQuery.newBuilder().setUserId("java-2").setCount(3))
            .build();
    for (var answer : List.of(client.batchRecommend(request), client.async().batchRecommend(request).join())) {
      assertEquals(List.of(2, 3), answer.getRecommendationsList().stream().map(r -> r.getItemsCount()).toList());
    }
  }

  @Test
  void streamRecommendGoesOnAfterAnElementThatFails() {
    var broken = StreamRecommendRequest.newBuilder().setRequestId("broken").setCount(-1).setDiversity(2).build();
    var whole = StreamRecommendRequest.newBuilder().setRequestId("whole").setCount(2).build();
    try (var stream = client.streamRecommend(List.of(whole, broken, whole))) {
      var answers = stream.toList();

      assertEquals(
          List.of("whole", "broken", "whole"), answers.stream().map(StreamRecommendResponse::getRequestId).toList());
      assertEquals(2, answers.get(2).getRecommendation().getItemsCount());
      assertTrue(answers.get(1).hasError());
      var failure = ShortlistException.from(answers.get(1).getError());
      assertEquals(ShortlistException.InvalidArgument.class, failure.getClass());
      assertEquals("INVALID_ARGUMENT", failure.getReason());
      assertEquals(List.of("count", "diversity"), failure.getViolations().stream().map(FieldViolation::field).toList());
    }
  }

  @Test
  void retrieve() {
    var request = RetrieveRequest.newBuilder().setUserId("java-1").setCandidateCount(7).build();
    assertEquals(7, client.retrieve(request).getItemsCount());
    assertEquals(7, client.async().retrieve(request).join().getItemsCount());
  }

  @Test
  void rank() {
    List<String> items = items(3);
    var request = RankRequest.newBuilder().setUserId("java-1").addAllItemIds(items).addItemIds("nobody-has-it").build();
    for (RankResponse answer : List.of(client.rank(request), client.async().rank(request).join())) {
      assertEquals(
          items.stream().sorted().toList(), answer.getItemsList().stream().map(ScoredItem::getItemId).sorted().toList());
      assertEquals(List.of("nobody-has-it"), answer.getUnknownItemIdsList());
    }
  }

  @Test
  void similarItems() {
    var request = SimilarItemsRequest.newBuilder().setItemId(items(1).get(0)).setCount(4).build();
    assertEquals(4, client.similarItems(request).getItemsCount());
    assertEquals(4, client.async().similarItems(request).join().getItemsCount());
  }

  @Test
  void writeEventsChangesTheNextAnswer() {
    String user = "java-" + UUID.randomUUID();
    String item = items(1).get(0);
    var bought = Event.newBuilder().setUserId(user).setItemId(item).setEventType(EventType.EVENT_TYPE_PURCHASE);
    var request = WriteEventsRequest.newBuilder().addEvents(bought);

    assertEquals(WriteEventsResponse.newBuilder().setAcceptedCount(1).build(), client.writeEvents(request));
    assertEquals(WriteEventsResponse.newBuilder().setDuplicateCount(1).build(), client.async().writeEvents(request).join());

    var after = client.recommend(RecommendRequest.newBuilder().setUserId(user).setCount(500).build());
    assertFalse(after.getItemsList().stream().map(RecommendedItem::getItemId).toList().contains(item));
  }

  @Test
  void aUserIsToldExportedAndForgotten() {
    String user = "java-" + UUID.randomUUID();
    var seen = Event.newBuilder().setUserId(user).setItemId("i000001");
    client.writeEvents(WriteEventsRequest.newBuilder().addEvents(seen).addEvents(seen.clone()));
    var get = GetUserRequest.newBuilder().setUserId(user).build();
    var export = ExportUserRequest.newBuilder().setUserId(user).setPageSize(1).build();
    var delete = DeleteUserRequest.newBuilder().setUserId(user).build();

    assertEquals(2, client.getUser(get).getLiveEventCount());
    for (ExportUserResponse page : List.of(client.exportUser(export), client.async().exportUser(export).join())) {
      assertEquals(1, page.getEventsCount());
      assertFalse(page.getNextPageToken().isEmpty());
    }
    assertEquals(2, client.deleteUser(delete).getDeletedEventCount());
    assertEquals(0, client.async().deleteUser(delete).join().getDeletedEventCount());
    assertTrue(client.async().getUser(get).join().getDeletedBefore());
  }

  @Test
  void health() {
    assertEquals(ServingStatus.SERVING, client.health());
    assertEquals(ServingStatus.SERVING, client.async().health("shortlist.v1.EventService").join());
    var failure = assertThrows(ShortlistException.NotFound.class, () -> client.health("nobody.v1.Service"));
    assertEquals("SERVICE_NOT_FOUND", failure.getReason());
  }

  @Test
  void errorsCarryTheirDetails() {
    var refused =
        assertThrows(
            ShortlistException.InvalidArgument.class,
            () -> client.recommend(RecommendRequest.newBuilder().setCount(501).setDiversity(-1).build()));
    assertEquals(Status.Code.INVALID_ARGUMENT, refused.getCode());
    assertEquals(List.of("count", "diversity"), refused.getViolations().stream().map(FieldViolation::field).toList());

    var request = SimilarItemsRequest.newBuilder().setItemId("nobody-has-it").build();
    var failure = assertThrows(CompletionException.class, () -> client.async().similarItems(request).join());
    var unknown = (ShortlistException.NotFound) failure.getCause();
    assertEquals("ITEM_NOT_FOUND", unknown.getReason());
    assertEquals("nobody-has-it", unknown.getMetadata().get("item"));
  }

  @Test
  void aDeadlineThatCannotBeMet() {
    var hasty = client.withTimeout(Duration.ofNanos(1));
    assertThrows(ShortlistException.DeadlineExceeded.class, () -> hasty.recommend(request(500)));
  }

  @Test
  void oneServerUnderTwoAddresses() {
    String address = Servers.variable("SHORTLIST_TEST_ADDRESS");
    try (var both = ShortlistClient.builder(address, address).build()) {
      assertEquals(1, both.withTimeout(Servers.PATIENCE).recommend(request(1)).getItemsCount());
    }
  }
}
