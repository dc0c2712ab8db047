package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.shortlist.v1.StreamRecommendRequest;
import dev.shortlist.v1.StreamRecommendResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The stream of answers as a caller iterates it. */
class StreamTest {
  private FakeServer server;
  private ShortlistClient client;

  @BeforeEach
  void start() throws Exception {
    server = new FakeServer();
    client = ShortlistClient.connect(server.address());
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private static Stream<StreamRecommendRequest> messages(int count) {
    return IntStream.range(0, count).mapToObj(i -> StreamRecommendRequest.newBuilder().setRequestId("r" + i).build());
  }

  @Test
  void everyMessageIsAnsweredInOrder() {
    try (var answers = client.streamRecommend(messages(1_000)::iterator)) {
      assertEquals(
          messages(1_000).map(StreamRecommendRequest::getRequestId).toList(),
          answers.map(StreamRecommendResponse::getRequestId).toList());
    }
  }

  @Test
  void messagesAreReadALittleAhead() {
    var read = new AtomicInteger();
    try (var answers = client.streamRecommend(messages(1_000).peek(message -> read.incrementAndGet())::iterator)) {
      var iterator = answers.iterator();
      for (int answered = 0; answered < 200; answered++) {
        iterator.next();
        assertTrue(read.get() <= answered + 32, read + " messages read for " + answered + " answers");
      }
    }
  }

  @Test
  void leavingEarlyCancelsTheCall() throws Exception {
    try (var answers = client.streamRecommend(messages(1_000)::iterator)) {
      assertEquals("r0", answers.iterator().next().getRequestId());
    }
    assertTrue(server.cancelled.await(20, TimeUnit.SECONDS));
  }

  @Test
  void aSourceThatFailsEndsTheCallWithItsOwnException() throws Exception {
    var broken = messages(10).peek(message -> {
      if (message.getRequestId().equals("r5")) {
        throw new IllegalStateException("no more users");
      }
    });
    try (var answers = client.streamRecommend(broken::iterator)) {
      var failure = assertThrows(IllegalStateException.class, answers::toList);
      assertEquals("no more users", failure.getMessage());
    }
    assertTrue(server.cancelled.await(20, TimeUnit.SECONDS));
  }

  @Test
  void aFailureOfTheStreamComesAfterItsAnswers() {
    server.failures.add(Status.UNAVAILABLE.withDescription("draining").asRuntimeException());
    var answered = new ArrayList<String>();
    var failure =
        assertThrows(
            ShortlistException.Unavailable.class,
            () -> client.streamRecommend(messages(3)::iterator).forEach(answer -> answered.add(answer.getRequestId())));
    assertEquals("draining", failure.getDescription());
    assertEquals(List.of("r0", "r1", "r2"), answered);
  }

  @Test
  void observersAreToldTheSame() throws Exception {
    var answered = new ArrayList<String>();
    var ended = new CompletableFuture<Void>();
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    var sink =
        client.async().streamRecommend(
            new StreamObserver<>() {
              @Override
              public void onNext(StreamRecommendResponse answer) {
                answered.add(answer.getRequestId());
              }

              @Override
              public void onError(Throwable failure) {
                ended.completeExceptionally(failure);
              }

              @Override
              public void onCompleted() {
                ended.complete(null);
              }
            });
    messages(3).forEach(sink::onNext);
    sink.onCompleted();
    var failure = assertThrows(java.util.concurrent.ExecutionException.class, () -> ended.get(60, TimeUnit.SECONDS));
    assertEquals(ShortlistException.Unavailable.class, failure.getCause().getClass());
    assertEquals(List.of("r0", "r1", "r2"), answered);
  }
}
