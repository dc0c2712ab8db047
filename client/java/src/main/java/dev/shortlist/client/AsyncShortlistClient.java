package dev.shortlist.client;

import dev.shortlist.v1.BatchRecommendRequest;
import dev.shortlist.v1.BatchRecommendResponse;
import dev.shortlist.v1.CatalogServiceGrpc;
import dev.shortlist.v1.DeleteItemsRequest;
import dev.shortlist.v1.DeleteItemsResponse;
import dev.shortlist.v1.DeleteUserRequest;
import dev.shortlist.v1.DeleteUserResponse;
import dev.shortlist.v1.EventServiceGrpc;
import dev.shortlist.v1.ExportUserRequest;
import dev.shortlist.v1.ExportUserResponse;
import dev.shortlist.v1.GetItemRequest;
import dev.shortlist.v1.GetItemResponse;
import dev.shortlist.v1.GetUserRequest;
import dev.shortlist.v1.GetUserResponse;
import dev.shortlist.v1.ListItemsRequest;
import dev.shortlist.v1.ListItemsResponse;
import dev.shortlist.v1.RankRequest;
import dev.shortlist.v1.RankResponse;
import dev.shortlist.v1.RecommendRequest;
import dev.shortlist.v1.RecommendResponse;
import dev.shortlist.v1.RecommendationServiceGrpc;
import dev.shortlist.v1.RetrieveRequest;
import dev.shortlist.v1.RetrieveResponse;
import dev.shortlist.v1.SimilarItemsRequest;
import dev.shortlist.v1.SimilarItemsResponse;
import dev.shortlist.v1.StreamRecommendRequest;
import dev.shortlist.v1.StreamRecommendResponse;
import dev.shortlist.v1.UpsertItemsRequest;
import dev.shortlist.v1.UpsertItemsResponse;
import dev.shortlist.v1.UpsertUsersRequest;
import dev.shortlist.v1.UpsertUsersResponse;
import dev.shortlist.v1.UserServiceGrpc;
import dev.shortlist.v1.WriteEventsRequest;
import dev.shortlist.v1.WriteEventsResponse;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * {@link ShortlistClient} with futures, which fail with {@link ShortlistException}. Cancelling a future cancels its call (but
 * a health check's); closing the client that this comes from closes it.
 */
public final class AsyncShortlistClient {
  private final Connection connection;

  AsyncShortlistClient(Connection connection) {
    this.connection = connection;
  }

  /** As {@link ShortlistClient#withTimeout}. */
  public AsyncShortlistClient withTimeout(Duration timeout) {
    return new AsyncShortlistClient(connection.withTimeout(timeout));
  }

  /** As {@link ShortlistClient#recommend}. */
  public CompletableFuture<RecommendResponse> recommend(RecommendRequest request) {
    return connection.callAsync(RecommendationServiceGrpc.getRecommendMethod(), request, connection.timeout());
  }

  /** As {@link ShortlistClient#batchRecommend}. */
  public CompletableFuture<BatchRecommendResponse> batchRecommend(BatchRecommendRequest request) {
    return connection.callAsync(RecommendationServiceGrpc.getBatchRecommendMethod(), request, connection.batchTimeout());
  }

  /**
   * One answer per message, in order, as they come; a failure of the stream is a {@link ShortlistException}.
   *
   * @param answers is told the answers, on a thread of gRPC; a {@code ClientResponseObserver} can also control the flow
   * @return takes the messages; those that the server has not read yet are kept in memory
   */
  public StreamObserver<StreamRecommendRequest> streamRecommend(StreamObserver<StreamRecommendResponse> answers) {
    var call = connection.stream(RecommendationServiceGrpc.getStreamRecommendMethod());
    return ClientCalls.asyncBidiStreamingCall(call, new DecodingObserver<>(answers));
  }

  /** As {@link ShortlistClient#retrieve}. */
  public CompletableFuture<RetrieveResponse> retrieve(RetrieveRequest request) {
    return connection.callAsync(RecommendationServiceGrpc.getRetrieveMethod(), request, connection.timeout());
  }

  /** As {@link ShortlistClient#rank}. */
  public CompletableFuture<RankResponse> rank(RankRequest request) {
    return connection.callAsync(RecommendationServiceGrpc.getRankMethod(), request, connection.timeout());
  }

  /** As {@link ShortlistClient#similarItems}. */
  public CompletableFuture<SimilarItemsResponse> similarItems(SimilarItemsRequest request) {
    return connection.callAsync(RecommendationServiceGrpc.getSimilarItemsMethod(), request, connection.timeout());
  }

  /** As {@link ShortlistClient#writeEvents(WriteEventsRequest.Builder)}. */
  public CompletableFuture<WriteEventsResponse> writeEvents(WriteEventsRequest.Builder request) {
    var filled = EventIds.fill(request);
    return connection.callAsync(EventServiceGrpc.getWriteEventsMethod(), filled, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#writeEvents(WriteEventsRequest)}. */
  public CompletableFuture<WriteEventsResponse> writeEvents(WriteEventsRequest request) {
    return writeEvents(request.toBuilder());
  }

  /** As {@link ShortlistClient#upsertItems}. */
  public CompletableFuture<UpsertItemsResponse> upsertItems(UpsertItemsRequest request) {
    return connection.callAsync(CatalogServiceGrpc.getUpsertItemsMethod(), request, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#deleteItems}. */
  public CompletableFuture<DeleteItemsResponse> deleteItems(DeleteItemsRequest request) {
    return connection.callAsync(CatalogServiceGrpc.getDeleteItemsMethod(), request, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#getItem}. */
  public CompletableFuture<GetItemResponse> getItem(GetItemRequest request) {
    return connection.callAsync(CatalogServiceGrpc.getGetItemMethod(), request, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#listItems}. */
  public CompletableFuture<ListItemsResponse> listItems(ListItemsRequest request) {
    return connection.callAsync(CatalogServiceGrpc.getListItemsMethod(), request, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#upsertUsers}. */
  public CompletableFuture<UpsertUsersResponse> upsertUsers(UpsertUsersRequest request) {
    return connection.callAsync(UserServiceGrpc.getUpsertUsersMethod(), request, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#getUser}. */
  public CompletableFuture<GetUserResponse> getUser(GetUserRequest request) {
    return connection.callAsync(UserServiceGrpc.getGetUserMethod(), request, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#exportUser}. */
  public CompletableFuture<ExportUserResponse> exportUser(ExportUserRequest request) {
    return connection.callAsync(UserServiceGrpc.getExportUserMethod(), request, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#deleteUser}. */
  public CompletableFuture<DeleteUserResponse> deleteUser(DeleteUserRequest request) {
    return connection.callAsync(UserServiceGrpc.getDeleteUserMethod(), request, connection.batchTimeout());
  }

  /** As {@link ShortlistClient#health(String)}; the service {@code ""} is the server itself. */
  public CompletableFuture<ServingStatus> health(String service) {
    var request = HealthCheckRequest.newBuilder().setService(service).build();
    return connection
        .callAsync(HealthGrpc.getCheckMethod(), request, connection.timeout())
        .thenApply(HealthCheckResponse::getStatus);
  }
}
