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
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A connection to Shortlist for programs that block: one method per method of the API. Any number of threads share it.
 *
 * <p>Every call throws {@link ShortlistException}, or the subclass for the code, when it does not succeed.
 */
public final class ShortlistClient implements AutoCloseable {
  private final Connection connection;

  ShortlistClient(Connection connection) {
    this.connection = connection;
  }

  /**
   * A client with default settings; it connects with its first call.
   *
   * @param address anything that gRPC resolves: {@code host:port}, or {@code dns:///name:port} to spread calls over all
   *     its hosts
   * @param others further servers to spread calls over; then each is {@code host:port}
   */
  public static ShortlistClient connect(String address, String... others) {
    return builder(address, others).build();
  }

  /** The settings for a client of these addresses, which are as {@link #connect} takes them. */
  public static ShortlistClientBuilder builder(String address, String... others) {
    List<String> addresses = new ArrayList<>(List.of(others));
    addresses.add(0, address);
    return new ShortlistClientBuilder(List.copyOf(addresses));
  }

  /** The same connection with futures. */
  public AsyncShortlistClient async() {
    return new AsyncShortlistClient(connection);
  }

  /** The same connection, every call of which takes this timeout, streams too: {@code client.withTimeout(t).rank(...)}. */
  public ShortlistClient withTimeout(Duration timeout) {
    return new ShortlistClient(connection.withTimeout(timeout));
  }

  /** The best items for one user, with score, sources and reason. */
  public RecommendResponse recommend(RecommendRequest request) {
    return connection.call(RecommendationServiceGrpc.getRecommendMethod(), request, connection.timeout());
  }

  /** One answer per query, in order, all from one bundle. */
  public BatchRecommendResponse batchRecommend(BatchRecommendRequest request) {
    return connection.call(RecommendationServiceGrpc.getBatchRecommendMethod(), request, connection.batchTimeout());
  }

  /**
   * One answer per message, in order, as they come. An answer with an error ({@code answer.hasError()}) does not end the
   * stream; {@link ShortlistException#from} makes an exception of it.
   *
   * <p>Use it in a try statement: closing it cancels what is left. Messages are read on the thread that takes the answers
   * and a little ahead of them, so a source must not wait for an answer; {@link AsyncShortlistClient#streamRecommend} is
   * for those that do.
   */
  public Stream<StreamRecommendResponse> streamRecommend(Iterable<StreamRecommendRequest> messages) {
    return AnswerStream.start(connection.stream(RecommendationServiceGrpc.getStreamRecommendMethod()), messages);
  }

  /** Stage one alone: the candidates before ranking. */
  public RetrieveResponse retrieve(RetrieveRequest request) {
    return connection.call(RecommendationServiceGrpc.getRetrieveMethod(), request, connection.timeout());
  }

  /** Stage two alone: the caller's own candidates in this user's order. */
  public RankResponse rank(RankRequest request) {
    return connection.call(RecommendationServiceGrpc.getRankMethod(), request, connection.timeout());
  }

  /** The items most like one. {@link ShortlistException.NotFound} if the serving bundle does not know that item. */
  public SimilarItemsResponse similarItems(SimilarItemsRequest request) {
    return connection.call(RecommendationServiceGrpc.getSimilarItemsMethod(), request, connection.timeout());
  }

  /**
   * Writes 1 to 1,000 events, all or none, and returns once they are durable. An event without an id is given one in
   * place, in the builder: passing the same builder again writes nothing twice.
   */
  public WriteEventsResponse writeEvents(WriteEventsRequest.Builder request) {
    var filled = EventIds.fill(request);
    return connection.call(EventServiceGrpc.getWriteEventsMethod(), filled, connection.batchTimeout());
  }

  /** As with the builder; the ids that events lack are given to a copy, so each call with the same message writes anew. */
  public WriteEventsResponse writeEvents(WriteEventsRequest request) {
    return writeEvents(request.toBuilder());
  }

  /** Writes 1 to 1,000 items, all or none, each of them wholly, and returns once they are durable. */
  public UpsertItemsResponse upsertItems(UpsertItemsRequest request) {
    return connection.call(CatalogServiceGrpc.getUpsertItemsMethod(), request, connection.batchTimeout());
  }

  /** Takes 1 to 1,000 items out of the catalogue, all or none; one that nobody knows is no error. */
  public DeleteItemsResponse deleteItems(DeleteItemsRequest request) {
    return connection.call(CatalogServiceGrpc.getDeleteItemsMethod(), request, connection.batchTimeout());
  }

  /** One item as it is now. {@link ShortlistException.NotFound} where there is none. */
  public GetItemResponse getItem(GetItemRequest request) {
    return connection.call(CatalogServiceGrpc.getGetItemMethod(), request, connection.batchTimeout());
  }

  /** One page of all items; the next one is asked for with its token, until that is empty. */
  public ListItemsResponse listItems(ListItemsRequest request) {
    return connection.call(CatalogServiceGrpc.getListItemsMethod(), request, connection.batchTimeout());
  }

  /** Writes what is known of 1 to 1,000 users besides events, all or none, and returns once it is durable. */
  public UpsertUsersResponse upsertUsers(UpsertUsersRequest request) {
    return connection.call(UserServiceGrpc.getUpsertUsersMethod(), request, connection.batchTimeout());
  }

  /** What is known of a user, in numbers; a user that nobody knows is no error. */
  public GetUserResponse getUser(GetUserRequest request) {
    return connection.call(UserServiceGrpc.getGetUserMethod(), request, connection.batchTimeout());
  }

  /** One page of a user's events; the next one is asked for with its token, until that is empty. */
  public ExportUserResponse exportUser(ExportUserRequest request) {
    return connection.call(UserServiceGrpc.getExportUserMethod(), request, connection.batchTimeout());
  }

  /** Forgets a user: events, history, and whatever bundles know. Allow a large store more than the default. */
  public DeleteUserResponse deleteUser(DeleteUserRequest request) {
    return connection.call(UserServiceGrpc.getDeleteUserMethod(), request, connection.batchTimeout());
  }

  /** Whether the server takes calls. */
  public ServingStatus health() {
    return health("");
  }

  /** Whether one of the server's services, by full name, takes calls; {@link ShortlistException.NotFound} if it has none. */
  public ServingStatus health(String service) {
    var request = HealthCheckRequest.newBuilder().setService(service).build();
    return connection.call(HealthGrpc.getCheckMethod(), request, connection.timeout()).getStatus();
  }

  /** Ends the connection, also of the clients that share it; calls under way fail. */
  @Override
  public void close() {
    connection.close();
  }
}
