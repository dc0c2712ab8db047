package dev.shortlist.client;

import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;

import dev.shortlist.v1.BatchRecommendRequest;
import dev.shortlist.v1.BatchRecommendResponse;
import dev.shortlist.v1.CatalogServiceGrpc;
import dev.shortlist.v1.DeleteItemsRequest;
import dev.shortlist.v1.DeleteItemsResponse;
import dev.shortlist.v1.DeleteUserRequest;
import dev.shortlist.v1.DeleteUserResponse;
import dev.shortlist.v1.EventServiceGrpc;
import dev.shortlist.v1.GetItemRequest;
import dev.shortlist.v1.GetItemResponse;
import dev.shortlist.v1.ListItemsRequest;
import dev.shortlist.v1.ListItemsResponse;
import dev.shortlist.v1.RecommendRequest;
import dev.shortlist.v1.RecommendResponse;
import dev.shortlist.v1.RecommendationServiceGrpc;
import dev.shortlist.v1.StreamRecommendRequest;
import dev.shortlist.v1.StreamRecommendResponse;
import dev.shortlist.v1.UpsertItemsRequest;
import dev.shortlist.v1.UpsertItemsResponse;
import dev.shortlist.v1.UpsertUsersRequest;
import dev.shortlist.v1.UpsertUsersResponse;
import dev.shortlist.v1.UserServiceGrpc;
import dev.shortlist.v1.WriteEventsRequest;
import dev.shortlist.v1.WriteEventsResponse;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A server in this process that writes down what reaches it and fails as a test asks for. */
final class FakeServer implements AutoCloseable {
  /** What the next attempts end with, one each; after them, attempts succeed. */
  final Queue<StatusRuntimeException> failures = new ConcurrentLinkedQueue<>();

  /** Per attempt, what it brought: the message, the header and the seconds left, null for no deadline. */
  final List<Object> messages = new CopyOnWriteArrayList<>();

  final List<String> tokens = new CopyOnWriteArrayList<>();
  final List<Long> secondsLeft = new CopyOnWriteArrayList<>();

  /** Whether calls stay unanswered. */
  volatile boolean hanging;

  final CountDownLatch hung = new CountDownLatch(1);
  final CountDownLatch cancelled = new CountDownLatch(1);
  private final Server server;

  FakeServer() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new Recommendations())
            .addService(new Events())
            .addService(new Catalog())
            .addService(new Users())
            .intercept(new Headers())
            .build()
            .start();
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private <A> void answer(Object message, A answer, StreamObserver<A> observer) {
    messages.add(message);
    var deadline = Context.current().getDeadline();
    secondsLeft.add(deadline == null ? null : deadline.timeRemaining(TimeUnit.SECONDS));
    StatusRuntimeException failure = failures.poll();
    if (failure != null) {
      observer.onError(failure);
    } else if (hanging) {
      ((ServerCallStreamObserver<A>) observer).setOnCancelHandler(cancelled::countDown);
      hung.countDown();
    } else {
      observer.onNext(answer);
      observer.onCompleted();
    }
  }

  private final class Headers implements ServerInterceptor {
    private static final Metadata.Key<String> TOKEN =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      tokens.add(String.valueOf(headers.get(TOKEN)));
      return next.startCall(call, headers);
    }
  }

  private final class Recommendations extends RecommendationServiceGrpc.RecommendationServiceImplBase {
    @Override
    public void recommend(RecommendRequest request, StreamObserver<RecommendResponse> observer) {
      answer(request, RecommendResponse.newBuilder().setRequestId(request.getRequestId()).build(), observer);
    }

    @Override
    public void batchRecommend(BatchRecommendRequest request, StreamObserver<BatchRecommendResponse> observer) {
      answer(request, BatchRecommendResponse.getDefaultInstance(), observer);
    }

    @Override
    public StreamObserver<StreamRecommendRequest> streamRecommend(StreamObserver<StreamRecommendResponse> observer) {
      var deadline = Context.current().getDeadline();
      secondsLeft.add(deadline == null ? null : deadline.timeRemaining(TimeUnit.SECONDS));
      ((ServerCallStreamObserver<StreamRecommendResponse>) observer).setOnCancelHandler(cancelled::countDown);
      return new StreamObserver<>() {
        @Override
        public void onNext(StreamRecommendRequest message) {
          messages.add(message);
          observer.onNext(StreamRecommendResponse.newBuilder().setRequestId(message.getRequestId()).build());
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {
          StatusRuntimeException failure = failures.poll();
          if (failure != null) {
            observer.onError(failure);
          } else {
            observer.onCompleted();
          }
        }
      };
    }
  }

  private final class Catalog extends CatalogServiceGrpc.CatalogServiceImplBase {
    @Override
    public void upsertItems(UpsertItemsRequest request, StreamObserver<UpsertItemsResponse> observer) {
      answer(request, UpsertItemsResponse.newBuilder().setCreatedCount(request.getItemsCount()).build(), observer);
    }

    @Override
    public void deleteItems(DeleteItemsRequest request, StreamObserver<DeleteItemsResponse> observer) {
      answer(request, DeleteItemsResponse.newBuilder().setDeletedCount(request.getItemIdsCount()).build(), observer);
    }

    @Override
    public void getItem(GetItemRequest request, StreamObserver<GetItemResponse> observer) {
      answer(request, GetItemResponse.getDefaultInstance(), observer);
    }

    @Override
    public void listItems(ListItemsRequest request, StreamObserver<ListItemsResponse> observer) {
      answer(request, ListItemsResponse.newBuilder().setNextPageToken("next").build(), observer);
    }
  }

  private final class Users extends UserServiceGrpc.UserServiceImplBase {
    @Override
    public void upsertUsers(UpsertUsersRequest request, StreamObserver<UpsertUsersResponse> observer) {
      answer(request, UpsertUsersResponse.newBuilder().setWrittenUserCount(request.getUsersCount()).build(), observer);
    }

    @Override
    public void deleteUser(DeleteUserRequest request, StreamObserver<DeleteUserResponse> observer) {
      answer(request, DeleteUserResponse.getDefaultInstance(), observer);
    }
  }

  private final class Events extends EventServiceGrpc.EventServiceImplBase {
    @Override
    public void writeEvents(WriteEventsRequest request, StreamObserver<WriteEventsResponse> observer) {
      answer(request, WriteEventsResponse.getDefaultInstance(), observer);
    }
  }
}
