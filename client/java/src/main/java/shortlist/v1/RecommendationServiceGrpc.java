package shortlist.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Retrieves a few hundred candidates out of the catalogue, ranks them, and answers the best with the reason for each.
 * Every method reads only and is safe to repeat. Errors carry one google.rpc.ErrorInfo; INVALID_ARGUMENT lists every
 * violation in a google.rpc.BadRequest, RESOURCE_EXHAUSTED says in a google.rpc.RetryInfo when to come back.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class RecommendationServiceGrpc {

  private RecommendationServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "shortlist.v1.RecommendationService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<shortlist.v1.RecommendRequest,
      shortlist.v1.RecommendResponse> getRecommendMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Recommend",
      requestType = shortlist.v1.RecommendRequest.class,
      responseType = shortlist.v1.RecommendResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.RecommendRequest,
      shortlist.v1.RecommendResponse> getRecommendMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.RecommendRequest, shortlist.v1.RecommendResponse> getRecommendMethod;
    if ((getRecommendMethod = RecommendationServiceGrpc.getRecommendMethod) == null) {
      synchronized (RecommendationServiceGrpc.class) {
        if ((getRecommendMethod = RecommendationServiceGrpc.getRecommendMethod) == null) {
          RecommendationServiceGrpc.getRecommendMethod = getRecommendMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.RecommendRequest, shortlist.v1.RecommendResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Recommend"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.RecommendRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.RecommendResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecommendationServiceMethodDescriptorSupplier("Recommend"))
              .build();
        }
      }
    }
    return getRecommendMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.BatchRecommendRequest,
      shortlist.v1.BatchRecommendResponse> getBatchRecommendMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchRecommend",
      requestType = shortlist.v1.BatchRecommendRequest.class,
      responseType = shortlist.v1.BatchRecommendResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.BatchRecommendRequest,
      shortlist.v1.BatchRecommendResponse> getBatchRecommendMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.BatchRecommendRequest, shortlist.v1.BatchRecommendResponse> getBatchRecommendMethod;
    if ((getBatchRecommendMethod = RecommendationServiceGrpc.getBatchRecommendMethod) == null) {
      synchronized (RecommendationServiceGrpc.class) {
        if ((getBatchRecommendMethod = RecommendationServiceGrpc.getBatchRecommendMethod) == null) {
          RecommendationServiceGrpc.getBatchRecommendMethod = getBatchRecommendMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.BatchRecommendRequest, shortlist.v1.BatchRecommendResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchRecommend"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.BatchRecommendRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.BatchRecommendResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecommendationServiceMethodDescriptorSupplier("BatchRecommend"))
              .build();
        }
      }
    }
    return getBatchRecommendMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.StreamRecommendRequest,
      shortlist.v1.StreamRecommendResponse> getStreamRecommendMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamRecommend",
      requestType = shortlist.v1.StreamRecommendRequest.class,
      responseType = shortlist.v1.StreamRecommendResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<shortlist.v1.StreamRecommendRequest,
      shortlist.v1.StreamRecommendResponse> getStreamRecommendMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.StreamRecommendRequest, shortlist.v1.StreamRecommendResponse> getStreamRecommendMethod;
    if ((getStreamRecommendMethod = RecommendationServiceGrpc.getStreamRecommendMethod) == null) {
      synchronized (RecommendationServiceGrpc.class) {
        if ((getStreamRecommendMethod = RecommendationServiceGrpc.getStreamRecommendMethod) == null) {
          RecommendationServiceGrpc.getStreamRecommendMethod = getStreamRecommendMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.StreamRecommendRequest, shortlist.v1.StreamRecommendResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamRecommend"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.StreamRecommendRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.StreamRecommendResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecommendationServiceMethodDescriptorSupplier("StreamRecommend"))
              .build();
        }
      }
    }
    return getStreamRecommendMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.RetrieveRequest,
      shortlist.v1.RetrieveResponse> getRetrieveMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Retrieve",
      requestType = shortlist.v1.RetrieveRequest.class,
      responseType = shortlist.v1.RetrieveResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.RetrieveRequest,
      shortlist.v1.RetrieveResponse> getRetrieveMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.RetrieveRequest, shortlist.v1.RetrieveResponse> getRetrieveMethod;
    if ((getRetrieveMethod = RecommendationServiceGrpc.getRetrieveMethod) == null) {
      synchronized (RecommendationServiceGrpc.class) {
        if ((getRetrieveMethod = RecommendationServiceGrpc.getRetrieveMethod) == null) {
          RecommendationServiceGrpc.getRetrieveMethod = getRetrieveMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.RetrieveRequest, shortlist.v1.RetrieveResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Retrieve"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.RetrieveRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.RetrieveResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecommendationServiceMethodDescriptorSupplier("Retrieve"))
              .build();
        }
      }
    }
    return getRetrieveMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.RankRequest,
      shortlist.v1.RankResponse> getRankMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Rank",
      requestType = shortlist.v1.RankRequest.class,
      responseType = shortlist.v1.RankResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.RankRequest,
      shortlist.v1.RankResponse> getRankMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.RankRequest, shortlist.v1.RankResponse> getRankMethod;
    if ((getRankMethod = RecommendationServiceGrpc.getRankMethod) == null) {
      synchronized (RecommendationServiceGrpc.class) {
        if ((getRankMethod = RecommendationServiceGrpc.getRankMethod) == null) {
          RecommendationServiceGrpc.getRankMethod = getRankMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.RankRequest, shortlist.v1.RankResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Rank"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.RankRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.RankResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecommendationServiceMethodDescriptorSupplier("Rank"))
              .build();
        }
      }
    }
    return getRankMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.SimilarItemsRequest,
      shortlist.v1.SimilarItemsResponse> getSimilarItemsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SimilarItems",
      requestType = shortlist.v1.SimilarItemsRequest.class,
      responseType = shortlist.v1.SimilarItemsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.SimilarItemsRequest,
      shortlist.v1.SimilarItemsResponse> getSimilarItemsMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.SimilarItemsRequest, shortlist.v1.SimilarItemsResponse> getSimilarItemsMethod;
    if ((getSimilarItemsMethod = RecommendationServiceGrpc.getSimilarItemsMethod) == null) {
      synchronized (RecommendationServiceGrpc.class) {
        if ((getSimilarItemsMethod = RecommendationServiceGrpc.getSimilarItemsMethod) == null) {
          RecommendationServiceGrpc.getSimilarItemsMethod = getSimilarItemsMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.SimilarItemsRequest, shortlist.v1.SimilarItemsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SimilarItems"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.SimilarItemsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.SimilarItemsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecommendationServiceMethodDescriptorSupplier("SimilarItems"))
              .build();
        }
      }
    }
    return getSimilarItemsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static RecommendationServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RecommendationServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RecommendationServiceStub>() {
        @java.lang.Override
        public RecommendationServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RecommendationServiceStub(channel, callOptions);
        }
      };
    return RecommendationServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static RecommendationServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RecommendationServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RecommendationServiceBlockingV2Stub>() {
        @java.lang.Override
        public RecommendationServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RecommendationServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return RecommendationServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static RecommendationServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RecommendationServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RecommendationServiceBlockingStub>() {
        @java.lang.Override
        public RecommendationServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RecommendationServiceBlockingStub(channel, callOptions);
        }
      };
    return RecommendationServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static RecommendationServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RecommendationServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RecommendationServiceFutureStub>() {
        @java.lang.Override
        public RecommendationServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RecommendationServiceFutureStub(channel, callOptions);
        }
      };
    return RecommendationServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Retrieves a few hundred candidates out of the catalogue, ranks them, and answers the best with the reason for each.
   * Every method reads only and is safe to repeat. Errors carry one google.rpc.ErrorInfo; INVALID_ARGUMENT lists every
   * violation in a google.rpc.BadRequest, RESOURCE_EXHAUSTED says in a google.rpc.RetryInfo when to come back.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * The best items for one user: one bounded answer, not paginated. A user that nobody knows is answered like any other.
     * </pre>
     */
    default void recommend(shortlist.v1.RecommendRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.RecommendResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRecommendMethod(), responseObserver);
    }

    /**
     * <pre>
     * The best items for each of several users, all from one bundle. A request with a broken query is refused as a whole
     * with INVALID_ARGUMENT that lists every violation as `queries[i].field`.
     * </pre>
     */
    default void batchRecommend(shortlist.v1.BatchRecommendRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.BatchRecommendResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchRecommendMethod(), responseObserver);
    }

    /**
     * <pre>
     * The best items for any number of users, for back ends that work through all of them. Every message sent gets one
     * answer, in the order sent; one that fails is answered with its error and does not end the stream. A draining server
     * answers what it has read, then ends the stream with UNAVAILABLE; what has no answer by then is to be sent elsewhere.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<shortlist.v1.StreamRecommendRequest> streamRecommend(
        io.grpc.stub.StreamObserver<shortlist.v1.StreamRecommendResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getStreamRecommendMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stage one alone: the candidates before ranking, for callers with a ranker of their own.
     * </pre>
     */
    default void retrieve(shortlist.v1.RetrieveRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.RetrieveResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRetrieveMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stage two alone: the caller's own candidates in the order in which this user would want them.
     * </pre>
     */
    default void rank(shortlist.v1.RankRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.RankResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRankMethod(), responseObserver);
    }

    /**
     * <pre>
     * The items most like a given one, whoever looks at it. NOT_FOUND where there is no such item.
     * </pre>
     */
    default void similarItems(shortlist.v1.SimilarItemsRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.SimilarItemsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSimilarItemsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service RecommendationService.
   * <pre>
   * Retrieves a few hundred candidates out of the catalogue, ranks them, and answers the best with the reason for each.
   * Every method reads only and is safe to repeat. Errors carry one google.rpc.ErrorInfo; INVALID_ARGUMENT lists every
   * violation in a google.rpc.BadRequest, RESOURCE_EXHAUSTED says in a google.rpc.RetryInfo when to come back.
   * </pre>
   */
  public static abstract class RecommendationServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return RecommendationServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service RecommendationService.
   * <pre>
   * Retrieves a few hundred candidates out of the catalogue, ranks them, and answers the best with the reason for each.
   * Every method reads only and is safe to repeat. Errors carry one google.rpc.ErrorInfo; INVALID_ARGUMENT lists every
   * violation in a google.rpc.BadRequest, RESOURCE_EXHAUSTED says in a google.rpc.RetryInfo when to come back.
   * </pre>
   */
  public static final class RecommendationServiceStub
      extends io.grpc.stub.AbstractAsyncStub<RecommendationServiceStub> {
    private RecommendationServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RecommendationServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RecommendationServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * The best items for one user: one bounded answer, not paginated. A user that nobody knows is answered like any other.
     * </pre>
     */
    public void recommend(shortlist.v1.RecommendRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.RecommendResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRecommendMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The best items for each of several users, all from one bundle. A request with a broken query is refused as a whole
     * with INVALID_ARGUMENT that lists every violation as `queries[i].field`.
     * </pre>
     */
    public void batchRecommend(shortlist.v1.BatchRecommendRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.BatchRecommendResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchRecommendMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The best items for any number of users, for back ends that work through all of them. Every message sent gets one
     * answer, in the order sent; one that fails is answered with its error and does not end the stream. A draining server
     * answers what it has read, then ends the stream with UNAVAILABLE; what has no answer by then is to be sent elsewhere.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<shortlist.v1.StreamRecommendRequest> streamRecommend(
        io.grpc.stub.StreamObserver<shortlist.v1.StreamRecommendResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getStreamRecommendMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Stage one alone: the candidates before ranking, for callers with a ranker of their own.
     * </pre>
     */
    public void retrieve(shortlist.v1.RetrieveRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.RetrieveResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRetrieveMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stage two alone: the caller's own candidates in the order in which this user would want them.
     * </pre>
     */
    public void rank(shortlist.v1.RankRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.RankResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRankMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The items most like a given one, whoever looks at it. NOT_FOUND where there is no such item.
     * </pre>
     */
    public void similarItems(shortlist.v1.SimilarItemsRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.SimilarItemsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSimilarItemsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service RecommendationService.
   * <pre>
   * Retrieves a few hundred candidates out of the catalogue, ranks them, and answers the best with the reason for each.
   * Every method reads only and is safe to repeat. Errors carry one google.rpc.ErrorInfo; INVALID_ARGUMENT lists every
   * violation in a google.rpc.BadRequest, RESOURCE_EXHAUSTED says in a google.rpc.RetryInfo when to come back.
   * </pre>
   */
  public static final class RecommendationServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<RecommendationServiceBlockingV2Stub> {
    private RecommendationServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RecommendationServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RecommendationServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * The best items for one user: one bounded answer, not paginated. A user that nobody knows is answered like any other.
     * </pre>
     */
    public shortlist.v1.RecommendResponse recommend(shortlist.v1.RecommendRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRecommendMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The best items for each of several users, all from one bundle. A request with a broken query is refused as a whole
     * with INVALID_ARGUMENT that lists every violation as `queries[i].field`.
     * </pre>
     */
    public shortlist.v1.BatchRecommendResponse batchRecommend(shortlist.v1.BatchRecommendRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchRecommendMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The best items for any number of users, for back ends that work through all of them. Every message sent gets one
     * answer, in the order sent; one that fails is answered with its error and does not end the stream. A draining server
     * answers what it has read, then ends the stream with UNAVAILABLE; what has no answer by then is to be sent elsewhere.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<shortlist.v1.StreamRecommendRequest, shortlist.v1.StreamRecommendResponse>
        streamRecommend() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getStreamRecommendMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Stage one alone: the candidates before ranking, for callers with a ranker of their own.
     * </pre>
     */
    public shortlist.v1.RetrieveResponse retrieve(shortlist.v1.RetrieveRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRetrieveMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stage two alone: the caller's own candidates in the order in which this user would want them.
     * </pre>
     */
    public shortlist.v1.RankResponse rank(shortlist.v1.RankRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRankMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The items most like a given one, whoever looks at it. NOT_FOUND where there is no such item.
     * </pre>
     */
    public shortlist.v1.SimilarItemsResponse similarItems(shortlist.v1.SimilarItemsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSimilarItemsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service RecommendationService.
   * <pre>
   * Retrieves a few hundred candidates out of the catalogue, ranks them, and answers the best with the reason for each.
   * Every method reads only and is safe to repeat. Errors carry one google.rpc.ErrorInfo; INVALID_ARGUMENT lists every
   * violation in a google.rpc.BadRequest, RESOURCE_EXHAUSTED says in a google.rpc.RetryInfo when to come back.
   * </pre>
   */
  public static final class RecommendationServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<RecommendationServiceBlockingStub> {
    private RecommendationServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RecommendationServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RecommendationServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * The best items for one user: one bounded answer, not paginated. A user that nobody knows is answered like any other.
     * </pre>
     */
    public shortlist.v1.RecommendResponse recommend(shortlist.v1.RecommendRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRecommendMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The best items for each of several users, all from one bundle. A request with a broken query is refused as a whole
     * with INVALID_ARGUMENT that lists every violation as `queries[i].field`.
     * </pre>
     */
    public shortlist.v1.BatchRecommendResponse batchRecommend(shortlist.v1.BatchRecommendRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchRecommendMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stage one alone: the candidates before ranking, for callers with a ranker of their own.
     * </pre>
     */
    public shortlist.v1.RetrieveResponse retrieve(shortlist.v1.RetrieveRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRetrieveMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stage two alone: the caller's own candidates in the order in which this user would want them.
     * </pre>
     */
    public shortlist.v1.RankResponse rank(shortlist.v1.RankRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRankMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The items most like a given one, whoever looks at it. NOT_FOUND where there is no such item.
     * </pre>
     */
    public shortlist.v1.SimilarItemsResponse similarItems(shortlist.v1.SimilarItemsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSimilarItemsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service RecommendationService.
   * <pre>
   * Retrieves a few hundred candidates out of the catalogue, ranks them, and answers the best with the reason for each.
   * Every method reads only and is safe to repeat. Errors carry one google.rpc.ErrorInfo; INVALID_ARGUMENT lists every
   * violation in a google.rpc.BadRequest, RESOURCE_EXHAUSTED says in a google.rpc.RetryInfo when to come back.
   * </pre>
   */
  public static final class RecommendationServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<RecommendationServiceFutureStub> {
    private RecommendationServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RecommendationServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RecommendationServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * The best items for one user: one bounded answer, not paginated. A user that nobody knows is answered like any other.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.RecommendResponse> recommend(
        shortlist.v1.RecommendRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRecommendMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The best items for each of several users, all from one bundle. A request with a broken query is refused as a whole
     * with INVALID_ARGUMENT that lists every violation as `queries[i].field`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.BatchRecommendResponse> batchRecommend(
        shortlist.v1.BatchRecommendRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchRecommendMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stage one alone: the candidates before ranking, for callers with a ranker of their own.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.RetrieveResponse> retrieve(
        shortlist.v1.RetrieveRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRetrieveMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stage two alone: the caller's own candidates in the order in which this user would want them.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.RankResponse> rank(
        shortlist.v1.RankRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRankMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The items most like a given one, whoever looks at it. NOT_FOUND where there is no such item.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.SimilarItemsResponse> similarItems(
        shortlist.v1.SimilarItemsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSimilarItemsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_RECOMMEND = 0;
  private static final int METHODID_BATCH_RECOMMEND = 1;
  private static final int METHODID_RETRIEVE = 2;
  private static final int METHODID_RANK = 3;
  private static final int METHODID_SIMILAR_ITEMS = 4;
  private static final int METHODID_STREAM_RECOMMEND = 5;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_RECOMMEND:
          serviceImpl.recommend((shortlist.v1.RecommendRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.RecommendResponse>) responseObserver);
          break;
        case METHODID_BATCH_RECOMMEND:
          serviceImpl.batchRecommend((shortlist.v1.BatchRecommendRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.BatchRecommendResponse>) responseObserver);
          break;
        case METHODID_RETRIEVE:
          serviceImpl.retrieve((shortlist.v1.RetrieveRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.RetrieveResponse>) responseObserver);
          break;
        case METHODID_RANK:
          serviceImpl.rank((shortlist.v1.RankRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.RankResponse>) responseObserver);
          break;
        case METHODID_SIMILAR_ITEMS:
          serviceImpl.similarItems((shortlist.v1.SimilarItemsRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.SimilarItemsResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_STREAM_RECOMMEND:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.streamRecommend(
              (io.grpc.stub.StreamObserver<shortlist.v1.StreamRecommendResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getRecommendMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.RecommendRequest,
              shortlist.v1.RecommendResponse>(
                service, METHODID_RECOMMEND)))
        .addMethod(
          getBatchRecommendMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.BatchRecommendRequest,
              shortlist.v1.BatchRecommendResponse>(
                service, METHODID_BATCH_RECOMMEND)))
        .addMethod(
          getStreamRecommendMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              shortlist.v1.StreamRecommendRequest,
              shortlist.v1.StreamRecommendResponse>(
                service, METHODID_STREAM_RECOMMEND)))
        .addMethod(
          getRetrieveMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.RetrieveRequest,
              shortlist.v1.RetrieveResponse>(
                service, METHODID_RETRIEVE)))
        .addMethod(
          getRankMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.RankRequest,
              shortlist.v1.RankResponse>(
                service, METHODID_RANK)))
        .addMethod(
          getSimilarItemsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.SimilarItemsRequest,
              shortlist.v1.SimilarItemsResponse>(
                service, METHODID_SIMILAR_ITEMS)))
        .build();
  }

  private static abstract class RecommendationServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    RecommendationServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return shortlist.v1.RecommendationServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("RecommendationService");
    }
  }

  private static final class RecommendationServiceFileDescriptorSupplier
      extends RecommendationServiceBaseDescriptorSupplier {
    RecommendationServiceFileDescriptorSupplier() {}
  }

  private static final class RecommendationServiceMethodDescriptorSupplier
      extends RecommendationServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    RecommendationServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (RecommendationServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new RecommendationServiceFileDescriptorSupplier())
              .addMethod(getRecommendMethod())
              .addMethod(getBatchRecommendMethod())
              .addMethod(getStreamRecommendMethod())
              .addMethod(getRetrieveMethod())
              .addMethod(getRankMethod())
              .addMethod(getSimilarItemsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
