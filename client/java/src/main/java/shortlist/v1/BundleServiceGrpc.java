package shortlist.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Lists the bundles in the server's folder, and says which of them answers whom. Needs a token with the scope `admin`.
 * Labels belong to the folder: every process that serves it follows a change within about a second, plus what loading
 * takes, also one that was made by `shortlist bundle`. They survive restarts.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class BundleServiceGrpc {

  private BundleServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "shortlist.v1.BundleService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<shortlist.v1.ListBundlesRequest,
      shortlist.v1.ListBundlesResponse> getListBundlesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListBundles",
      requestType = shortlist.v1.ListBundlesRequest.class,
      responseType = shortlist.v1.ListBundlesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.ListBundlesRequest,
      shortlist.v1.ListBundlesResponse> getListBundlesMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.ListBundlesRequest, shortlist.v1.ListBundlesResponse> getListBundlesMethod;
    if ((getListBundlesMethod = BundleServiceGrpc.getListBundlesMethod) == null) {
      synchronized (BundleServiceGrpc.class) {
        if ((getListBundlesMethod = BundleServiceGrpc.getListBundlesMethod) == null) {
          BundleServiceGrpc.getListBundlesMethod = getListBundlesMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.ListBundlesRequest, shortlist.v1.ListBundlesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListBundles"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.ListBundlesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.ListBundlesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new BundleServiceMethodDescriptorSupplier("ListBundles"))
              .build();
        }
      }
    }
    return getListBundlesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.GetServingBundleRequest,
      shortlist.v1.GetServingBundleResponse> getGetServingBundleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetServingBundle",
      requestType = shortlist.v1.GetServingBundleRequest.class,
      responseType = shortlist.v1.GetServingBundleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.GetServingBundleRequest,
      shortlist.v1.GetServingBundleResponse> getGetServingBundleMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.GetServingBundleRequest, shortlist.v1.GetServingBundleResponse> getGetServingBundleMethod;
    if ((getGetServingBundleMethod = BundleServiceGrpc.getGetServingBundleMethod) == null) {
      synchronized (BundleServiceGrpc.class) {
        if ((getGetServingBundleMethod = BundleServiceGrpc.getGetServingBundleMethod) == null) {
          BundleServiceGrpc.getGetServingBundleMethod = getGetServingBundleMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.GetServingBundleRequest, shortlist.v1.GetServingBundleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetServingBundle"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.GetServingBundleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.GetServingBundleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new BundleServiceMethodDescriptorSupplier("GetServingBundle"))
              .build();
        }
      }
    }
    return getGetServingBundleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.ActivateBundleRequest,
      shortlist.v1.ActivateBundleResponse> getActivateBundleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ActivateBundle",
      requestType = shortlist.v1.ActivateBundleRequest.class,
      responseType = shortlist.v1.ActivateBundleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.ActivateBundleRequest,
      shortlist.v1.ActivateBundleResponse> getActivateBundleMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.ActivateBundleRequest, shortlist.v1.ActivateBundleResponse> getActivateBundleMethod;
    if ((getActivateBundleMethod = BundleServiceGrpc.getActivateBundleMethod) == null) {
      synchronized (BundleServiceGrpc.class) {
        if ((getActivateBundleMethod = BundleServiceGrpc.getActivateBundleMethod) == null) {
          BundleServiceGrpc.getActivateBundleMethod = getActivateBundleMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.ActivateBundleRequest, shortlist.v1.ActivateBundleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ActivateBundle"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.ActivateBundleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.ActivateBundleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new BundleServiceMethodDescriptorSupplier("ActivateBundle"))
              .build();
        }
      }
    }
    return getActivateBundleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.RollbackBundleRequest,
      shortlist.v1.RollbackBundleResponse> getRollbackBundleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RollbackBundle",
      requestType = shortlist.v1.RollbackBundleRequest.class,
      responseType = shortlist.v1.RollbackBundleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.RollbackBundleRequest,
      shortlist.v1.RollbackBundleResponse> getRollbackBundleMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.RollbackBundleRequest, shortlist.v1.RollbackBundleResponse> getRollbackBundleMethod;
    if ((getRollbackBundleMethod = BundleServiceGrpc.getRollbackBundleMethod) == null) {
      synchronized (BundleServiceGrpc.class) {
        if ((getRollbackBundleMethod = BundleServiceGrpc.getRollbackBundleMethod) == null) {
          BundleServiceGrpc.getRollbackBundleMethod = getRollbackBundleMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.RollbackBundleRequest, shortlist.v1.RollbackBundleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RollbackBundle"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.RollbackBundleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.RollbackBundleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new BundleServiceMethodDescriptorSupplier("RollbackBundle"))
              .build();
        }
      }
    }
    return getRollbackBundleMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static BundleServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BundleServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BundleServiceStub>() {
        @java.lang.Override
        public BundleServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BundleServiceStub(channel, callOptions);
        }
      };
    return BundleServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static BundleServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BundleServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BundleServiceBlockingV2Stub>() {
        @java.lang.Override
        public BundleServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BundleServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return BundleServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static BundleServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BundleServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BundleServiceBlockingStub>() {
        @java.lang.Override
        public BundleServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BundleServiceBlockingStub(channel, callOptions);
        }
      };
    return BundleServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static BundleServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BundleServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BundleServiceFutureStub>() {
        @java.lang.Override
        public BundleServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BundleServiceFutureStub(channel, callOptions);
        }
      };
    return BundleServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Lists the bundles in the server's folder, and says which of them answers whom. Needs a token with the scope `admin`.
   * Labels belong to the folder: every process that serves it follows a change within about a second, plus what loading
   * takes, also one that was made by `shortlist bundle`. They survive restarts.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * The published bundles, newest first, by pages. Files are not hashed for it: `shortlist bundle verify` does that.
     * </pre>
     */
    default void listBundles(shortlist.v1.ListBundlesRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.ListBundlesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListBundlesMethod(), responseObserver);
    }

    /**
     * <pre>
     * What the process that answers serves at this moment, and how its canary and its shadow fare. Counts are those of
     * this process and begin anew when stable changes: each of several workers has its own.
     * </pre>
     */
    default void getServingBundle(shortlist.v1.GetServingBundleRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.GetServingBundleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetServingBundleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Gives a bundle a label. It is verified, loaded and warmed beside what serves; calls under way end with the bundle
     * they began with, and none fails. Answers once the process that answers serves it; other workers follow by themselves
     * within about a second, plus what loading takes. A bundle that cannot be used changes nothing: FAILED_PRECONDITION,
     * reason BUNDLE_REFUSED, with the file and the check; NOT_FOUND where there is no such bundle. Loading takes seconds:
     * allow a minute. An activation that has begun ends even if the caller leaves. Safe to repeat.
     * </pre>
     */
    default void activateBundle(shortlist.v1.ActivateBundleRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.ActivateBundleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getActivateBundleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes a label back. STABLE: the bundle before the current one serves again; it is verified again, but not loaded
     * again, as a process keeps the one before in memory; NOT_FOUND where there is none. CANARY, SHADOW: the label comes
     * off; NOT_FOUND where no bundle has it. Each repetition of STABLE goes one bundle further back.
     * </pre>
     */
    default void rollbackBundle(shortlist.v1.RollbackBundleRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.RollbackBundleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRollbackBundleMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service BundleService.
   * <pre>
   * Lists the bundles in the server's folder, and says which of them answers whom. Needs a token with the scope `admin`.
   * Labels belong to the folder: every process that serves it follows a change within about a second, plus what loading
   * takes, also one that was made by `shortlist bundle`. They survive restarts.
   * </pre>
   */
  public static abstract class BundleServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return BundleServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service BundleService.
   * <pre>
   * Lists the bundles in the server's folder, and says which of them answers whom. Needs a token with the scope `admin`.
   * Labels belong to the folder: every process that serves it follows a change within about a second, plus what loading
   * takes, also one that was made by `shortlist bundle`. They survive restarts.
   * </pre>
   */
  public static final class BundleServiceStub
      extends io.grpc.stub.AbstractAsyncStub<BundleServiceStub> {
    private BundleServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BundleServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BundleServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * The published bundles, newest first, by pages. Files are not hashed for it: `shortlist bundle verify` does that.
     * </pre>
     */
    public void listBundles(shortlist.v1.ListBundlesRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.ListBundlesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListBundlesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * What the process that answers serves at this moment, and how its canary and its shadow fare. Counts are those of
     * this process and begin anew when stable changes: each of several workers has its own.
     * </pre>
     */
    public void getServingBundle(shortlist.v1.GetServingBundleRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.GetServingBundleResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetServingBundleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Gives a bundle a label. It is verified, loaded and warmed beside what serves; calls under way end with the bundle
     * they began with, and none fails. Answers once the process that answers serves it; other workers follow by themselves
     * within about a second, plus what loading takes. A bundle that cannot be used changes nothing: FAILED_PRECONDITION,
     * reason BUNDLE_REFUSED, with the file and the check; NOT_FOUND where there is no such bundle. Loading takes seconds:
     * allow a minute. An activation that has begun ends even if the caller leaves. Safe to repeat.
     * </pre>
     */
    public void activateBundle(shortlist.v1.ActivateBundleRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.ActivateBundleResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getActivateBundleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes a label back. STABLE: the bundle before the current one serves again; it is verified again, but not loaded
     * again, as a process keeps the one before in memory; NOT_FOUND where there is none. CANARY, SHADOW: the label comes
     * off; NOT_FOUND where no bundle has it. Each repetition of STABLE goes one bundle further back.
     * </pre>
     */
    public void rollbackBundle(shortlist.v1.RollbackBundleRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.RollbackBundleResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRollbackBundleMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service BundleService.
   * <pre>
   * Lists the bundles in the server's folder, and says which of them answers whom. Needs a token with the scope `admin`.
   * Labels belong to the folder: every process that serves it follows a change within about a second, plus what loading
   * takes, also one that was made by `shortlist bundle`. They survive restarts.
   * </pre>
   */
  public static final class BundleServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<BundleServiceBlockingV2Stub> {
    private BundleServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BundleServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BundleServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * The published bundles, newest first, by pages. Files are not hashed for it: `shortlist bundle verify` does that.
     * </pre>
     */
    public shortlist.v1.ListBundlesResponse listBundles(shortlist.v1.ListBundlesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListBundlesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What the process that answers serves at this moment, and how its canary and its shadow fare. Counts are those of
     * this process and begin anew when stable changes: each of several workers has its own.
     * </pre>
     */
    public shortlist.v1.GetServingBundleResponse getServingBundle(shortlist.v1.GetServingBundleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetServingBundleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gives a bundle a label. It is verified, loaded and warmed beside what serves; calls under way end with the bundle
     * they began with, and none fails. Answers once the process that answers serves it; other workers follow by themselves
     * within about a second, plus what loading takes. A bundle that cannot be used changes nothing: FAILED_PRECONDITION,
     * reason BUNDLE_REFUSED, with the file and the check; NOT_FOUND where there is no such bundle. Loading takes seconds:
     * allow a minute. An activation that has begun ends even if the caller leaves. Safe to repeat.
     * </pre>
     */
    public shortlist.v1.ActivateBundleResponse activateBundle(shortlist.v1.ActivateBundleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getActivateBundleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a label back. STABLE: the bundle before the current one serves again; it is verified again, but not loaded
     * again, as a process keeps the one before in memory; NOT_FOUND where there is none. CANARY, SHADOW: the label comes
     * off; NOT_FOUND where no bundle has it. Each repetition of STABLE goes one bundle further back.
     * </pre>
     */
    public shortlist.v1.RollbackBundleResponse rollbackBundle(shortlist.v1.RollbackBundleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRollbackBundleMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service BundleService.
   * <pre>
   * Lists the bundles in the server's folder, and says which of them answers whom. Needs a token with the scope `admin`.
   * Labels belong to the folder: every process that serves it follows a change within about a second, plus what loading
   * takes, also one that was made by `shortlist bundle`. They survive restarts.
   * </pre>
   */
  public static final class BundleServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<BundleServiceBlockingStub> {
    private BundleServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BundleServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BundleServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * The published bundles, newest first, by pages. Files are not hashed for it: `shortlist bundle verify` does that.
     * </pre>
     */
    public shortlist.v1.ListBundlesResponse listBundles(shortlist.v1.ListBundlesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListBundlesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What the process that answers serves at this moment, and how its canary and its shadow fare. Counts are those of
     * this process and begin anew when stable changes: each of several workers has its own.
     * </pre>
     */
    public shortlist.v1.GetServingBundleResponse getServingBundle(shortlist.v1.GetServingBundleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetServingBundleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gives a bundle a label. It is verified, loaded and warmed beside what serves; calls under way end with the bundle
     * they began with, and none fails. Answers once the process that answers serves it; other workers follow by themselves
     * within about a second, plus what loading takes. A bundle that cannot be used changes nothing: FAILED_PRECONDITION,
     * reason BUNDLE_REFUSED, with the file and the check; NOT_FOUND where there is no such bundle. Loading takes seconds:
     * allow a minute. An activation that has begun ends even if the caller leaves. Safe to repeat.
     * </pre>
     */
    public shortlist.v1.ActivateBundleResponse activateBundle(shortlist.v1.ActivateBundleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getActivateBundleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a label back. STABLE: the bundle before the current one serves again; it is verified again, but not loaded
     * again, as a process keeps the one before in memory; NOT_FOUND where there is none. CANARY, SHADOW: the label comes
     * off; NOT_FOUND where no bundle has it. Each repetition of STABLE goes one bundle further back.
     * </pre>
     */
    public shortlist.v1.RollbackBundleResponse rollbackBundle(shortlist.v1.RollbackBundleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRollbackBundleMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service BundleService.
   * <pre>
   * Lists the bundles in the server's folder, and says which of them answers whom. Needs a token with the scope `admin`.
   * Labels belong to the folder: every process that serves it follows a change within about a second, plus what loading
   * takes, also one that was made by `shortlist bundle`. They survive restarts.
   * </pre>
   */
  public static final class BundleServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<BundleServiceFutureStub> {
    private BundleServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BundleServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BundleServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * The published bundles, newest first, by pages. Files are not hashed for it: `shortlist bundle verify` does that.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.ListBundlesResponse> listBundles(
        shortlist.v1.ListBundlesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListBundlesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * What the process that answers serves at this moment, and how its canary and its shadow fare. Counts are those of
     * this process and begin anew when stable changes: each of several workers has its own.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.GetServingBundleResponse> getServingBundle(
        shortlist.v1.GetServingBundleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetServingBundleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Gives a bundle a label. It is verified, loaded and warmed beside what serves; calls under way end with the bundle
     * they began with, and none fails. Answers once the process that answers serves it; other workers follow by themselves
     * within about a second, plus what loading takes. A bundle that cannot be used changes nothing: FAILED_PRECONDITION,
     * reason BUNDLE_REFUSED, with the file and the check; NOT_FOUND where there is no such bundle. Loading takes seconds:
     * allow a minute. An activation that has begun ends even if the caller leaves. Safe to repeat.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.ActivateBundleResponse> activateBundle(
        shortlist.v1.ActivateBundleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getActivateBundleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Takes a label back. STABLE: the bundle before the current one serves again; it is verified again, but not loaded
     * again, as a process keeps the one before in memory; NOT_FOUND where there is none. CANARY, SHADOW: the label comes
     * off; NOT_FOUND where no bundle has it. Each repetition of STABLE goes one bundle further back.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.RollbackBundleResponse> rollbackBundle(
        shortlist.v1.RollbackBundleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRollbackBundleMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_BUNDLES = 0;
  private static final int METHODID_GET_SERVING_BUNDLE = 1;
  private static final int METHODID_ACTIVATE_BUNDLE = 2;
  private static final int METHODID_ROLLBACK_BUNDLE = 3;

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
        case METHODID_LIST_BUNDLES:
          serviceImpl.listBundles((shortlist.v1.ListBundlesRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.ListBundlesResponse>) responseObserver);
          break;
        case METHODID_GET_SERVING_BUNDLE:
          serviceImpl.getServingBundle((shortlist.v1.GetServingBundleRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.GetServingBundleResponse>) responseObserver);
          break;
        case METHODID_ACTIVATE_BUNDLE:
          serviceImpl.activateBundle((shortlist.v1.ActivateBundleRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.ActivateBundleResponse>) responseObserver);
          break;
        case METHODID_ROLLBACK_BUNDLE:
          serviceImpl.rollbackBundle((shortlist.v1.RollbackBundleRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.RollbackBundleResponse>) responseObserver);
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
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListBundlesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.ListBundlesRequest,
              shortlist.v1.ListBundlesResponse>(
                service, METHODID_LIST_BUNDLES)))
        .addMethod(
          getGetServingBundleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.GetServingBundleRequest,
              shortlist.v1.GetServingBundleResponse>(
                service, METHODID_GET_SERVING_BUNDLE)))
        .addMethod(
          getActivateBundleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.ActivateBundleRequest,
              shortlist.v1.ActivateBundleResponse>(
                service, METHODID_ACTIVATE_BUNDLE)))
        .addMethod(
          getRollbackBundleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.RollbackBundleRequest,
              shortlist.v1.RollbackBundleResponse>(
                service, METHODID_ROLLBACK_BUNDLE)))
        .build();
  }

  private static abstract class BundleServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    BundleServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return shortlist.v1.BundleServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("BundleService");
    }
  }

  private static final class BundleServiceFileDescriptorSupplier
      extends BundleServiceBaseDescriptorSupplier {
    BundleServiceFileDescriptorSupplier() {}
  }

  private static final class BundleServiceMethodDescriptorSupplier
      extends BundleServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    BundleServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (BundleServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new BundleServiceFileDescriptorSupplier())
              .addMethod(getListBundlesMethod())
              .addMethod(getGetServingBundleMethod())
              .addMethod(getActivateBundleMethod())
              .addMethod(getRollbackBundleMethod())
              .build();
        }
      }
    }
    return result;
  }
}
