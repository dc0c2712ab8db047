package shortlist.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The catalogue: the items of the serving bundle, overridden by what callers have written since.
 * What is written here lies in the store that all servers of it share, and survives restarts. Every process takes it into
 * its models by itself, within a second; bundles that are trained with `shortlist train --events` contain it. The
 * serving bundle is the one with the label stable.
 * Every change has a revision, a number that grows with each change of any item. Of two changes of the same item the one
 * with the higher revision holds.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class CatalogServiceGrpc {

  private CatalogServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "shortlist.v1.CatalogService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<shortlist.v1.UpsertItemsRequest,
      shortlist.v1.UpsertItemsResponse> getUpsertItemsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpsertItems",
      requestType = shortlist.v1.UpsertItemsRequest.class,
      responseType = shortlist.v1.UpsertItemsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.UpsertItemsRequest,
      shortlist.v1.UpsertItemsResponse> getUpsertItemsMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.UpsertItemsRequest, shortlist.v1.UpsertItemsResponse> getUpsertItemsMethod;
    if ((getUpsertItemsMethod = CatalogServiceGrpc.getUpsertItemsMethod) == null) {
      synchronized (CatalogServiceGrpc.class) {
        if ((getUpsertItemsMethod = CatalogServiceGrpc.getUpsertItemsMethod) == null) {
          CatalogServiceGrpc.getUpsertItemsMethod = getUpsertItemsMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.UpsertItemsRequest, shortlist.v1.UpsertItemsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpsertItems"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.UpsertItemsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.UpsertItemsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CatalogServiceMethodDescriptorSupplier("UpsertItems"))
              .build();
        }
      }
    }
    return getUpsertItemsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.DeleteItemsRequest,
      shortlist.v1.DeleteItemsResponse> getDeleteItemsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteItems",
      requestType = shortlist.v1.DeleteItemsRequest.class,
      responseType = shortlist.v1.DeleteItemsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.DeleteItemsRequest,
      shortlist.v1.DeleteItemsResponse> getDeleteItemsMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.DeleteItemsRequest, shortlist.v1.DeleteItemsResponse> getDeleteItemsMethod;
    if ((getDeleteItemsMethod = CatalogServiceGrpc.getDeleteItemsMethod) == null) {
      synchronized (CatalogServiceGrpc.class) {
        if ((getDeleteItemsMethod = CatalogServiceGrpc.getDeleteItemsMethod) == null) {
          CatalogServiceGrpc.getDeleteItemsMethod = getDeleteItemsMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.DeleteItemsRequest, shortlist.v1.DeleteItemsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteItems"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.DeleteItemsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.DeleteItemsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CatalogServiceMethodDescriptorSupplier("DeleteItems"))
              .build();
        }
      }
    }
    return getDeleteItemsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.GetItemRequest,
      shortlist.v1.GetItemResponse> getGetItemMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetItem",
      requestType = shortlist.v1.GetItemRequest.class,
      responseType = shortlist.v1.GetItemResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.GetItemRequest,
      shortlist.v1.GetItemResponse> getGetItemMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.GetItemRequest, shortlist.v1.GetItemResponse> getGetItemMethod;
    if ((getGetItemMethod = CatalogServiceGrpc.getGetItemMethod) == null) {
      synchronized (CatalogServiceGrpc.class) {
        if ((getGetItemMethod = CatalogServiceGrpc.getGetItemMethod) == null) {
          CatalogServiceGrpc.getGetItemMethod = getGetItemMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.GetItemRequest, shortlist.v1.GetItemResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetItem"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.GetItemRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.GetItemResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CatalogServiceMethodDescriptorSupplier("GetItem"))
              .build();
        }
      }
    }
    return getGetItemMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.ListItemsRequest,
      shortlist.v1.ListItemsResponse> getListItemsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListItems",
      requestType = shortlist.v1.ListItemsRequest.class,
      responseType = shortlist.v1.ListItemsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.ListItemsRequest,
      shortlist.v1.ListItemsResponse> getListItemsMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.ListItemsRequest, shortlist.v1.ListItemsResponse> getListItemsMethod;
    if ((getListItemsMethod = CatalogServiceGrpc.getListItemsMethod) == null) {
      synchronized (CatalogServiceGrpc.class) {
        if ((getListItemsMethod = CatalogServiceGrpc.getListItemsMethod) == null) {
          CatalogServiceGrpc.getListItemsMethod = getListItemsMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.ListItemsRequest, shortlist.v1.ListItemsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListItems"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.ListItemsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.ListItemsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CatalogServiceMethodDescriptorSupplier("ListItems"))
              .build();
        }
      }
    }
    return getListItemsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static CatalogServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CatalogServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CatalogServiceStub>() {
        @java.lang.Override
        public CatalogServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CatalogServiceStub(channel, callOptions);
        }
      };
    return CatalogServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static CatalogServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CatalogServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CatalogServiceBlockingV2Stub>() {
        @java.lang.Override
        public CatalogServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CatalogServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return CatalogServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static CatalogServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CatalogServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CatalogServiceBlockingStub>() {
        @java.lang.Override
        public CatalogServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CatalogServiceBlockingStub(channel, callOptions);
        }
      };
    return CatalogServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static CatalogServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CatalogServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CatalogServiceFutureStub>() {
        @java.lang.Override
        public CatalogServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CatalogServiceFutureStub(channel, callOptions);
        }
      };
    return CatalogServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The catalogue: the items of the serving bundle, overridden by what callers have written since.
   * What is written here lies in the store that all servers of it share, and survives restarts. Every process takes it into
   * its models by itself, within a second; bundles that are trained with `shortlist train --events` contain it. The
   * serving bundle is the one with the label stable.
   * Every change has a revision, a number that grows with each change of any item. Of two changes of the same item the one
   * with the higher revision holds.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Writes items, all of them or none. Answers once they are durable; within a second every process that shares the
     * store recommends them, also to a caller who asks for nothing but what is similar to one of them. An item that exists
     * is replaced as a whole: what the request leaves out is empty from then on. Safe to repeat.
     * RESOURCE_EXHAUSTED, reason CATALOG_FULL, and nothing is written, where the batch would make more items than the
     * server takes that the serving bundle does not contain (10,000 by default); trying again does not help, training does:
     * see `shortlist train --events`. Changes of items that exist are always taken.
     * </pre>
     */
    default void upsertItems(shortlist.v1.UpsertItemsRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.UpsertItemsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpsertItemsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes items out of the catalogue, all of them or none: within a second none of them is in any answer, whichever
     * bundle serves. Events with a deleted item stay in users' histories. An item that nobody knows is no error. Safe to
     * repeat. UpsertItems brings a deleted item back.
     * </pre>
     */
    default void deleteItems(shortlist.v1.DeleteItemsRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.DeleteItemsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteItemsMethod(), responseObserver);
    }

    /**
     * <pre>
     * One item as it is now. NOT_FOUND, reason ITEM_NOT_FOUND, where there is none, or where it was deleted.
     * </pre>
     */
    default void getItem(shortlist.v1.GetItemRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.GetItemResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetItemMethod(), responseObserver);
    }

    /**
     * <pre>
     * All items as they are now, page by page: first those that the serving bundle contains, in its own order, then the
     * other ones in the order of their ids' UTF-8 bytes. Neither order changes while items come and go: an item that is
     * there all the time is on exactly one page.
     * </pre>
     */
    default void listItems(shortlist.v1.ListItemsRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.ListItemsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListItemsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service CatalogService.
   * <pre>
   * The catalogue: the items of the serving bundle, overridden by what callers have written since.
   * What is written here lies in the store that all servers of it share, and survives restarts. Every process takes it into
   * its models by itself, within a second; bundles that are trained with `shortlist train --events` contain it. The
   * serving bundle is the one with the label stable.
   * Every change has a revision, a number that grows with each change of any item. Of two changes of the same item the one
   * with the higher revision holds.
   * </pre>
   */
  public static abstract class CatalogServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return CatalogServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service CatalogService.
   * <pre>
   * The catalogue: the items of the serving bundle, overridden by what callers have written since.
   * What is written here lies in the store that all servers of it share, and survives restarts. Every process takes it into
   * its models by itself, within a second; bundles that are trained with `shortlist train --events` contain it. The
   * serving bundle is the one with the label stable.
   * Every change has a revision, a number that grows with each change of any item. Of two changes of the same item the one
   * with the higher revision holds.
   * </pre>
   */
  public static final class CatalogServiceStub
      extends io.grpc.stub.AbstractAsyncStub<CatalogServiceStub> {
    private CatalogServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CatalogServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CatalogServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Writes items, all of them or none. Answers once they are durable; within a second every process that shares the
     * store recommends them, also to a caller who asks for nothing but what is similar to one of them. An item that exists
     * is replaced as a whole: what the request leaves out is empty from then on. Safe to repeat.
     * RESOURCE_EXHAUSTED, reason CATALOG_FULL, and nothing is written, where the batch would make more items than the
     * server takes that the serving bundle does not contain (10,000 by default); trying again does not help, training does:
     * see `shortlist train --events`. Changes of items that exist are always taken.
     * </pre>
     */
    public void upsertItems(shortlist.v1.UpsertItemsRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.UpsertItemsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpsertItemsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes items out of the catalogue, all of them or none: within a second none of them is in any answer, whichever
     * bundle serves. Events with a deleted item stay in users' histories. An item that nobody knows is no error. Safe to
     * repeat. UpsertItems brings a deleted item back.
     * </pre>
     */
    public void deleteItems(shortlist.v1.DeleteItemsRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.DeleteItemsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteItemsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * One item as it is now. NOT_FOUND, reason ITEM_NOT_FOUND, where there is none, or where it was deleted.
     * </pre>
     */
    public void getItem(shortlist.v1.GetItemRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.GetItemResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetItemMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * All items as they are now, page by page: first those that the serving bundle contains, in its own order, then the
     * other ones in the order of their ids' UTF-8 bytes. Neither order changes while items come and go: an item that is
     * there all the time is on exactly one page.
     * </pre>
     */
    public void listItems(shortlist.v1.ListItemsRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.ListItemsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListItemsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service CatalogService.
   * <pre>
   * The catalogue: the items of the serving bundle, overridden by what callers have written since.
   * What is written here lies in the store that all servers of it share, and survives restarts. Every process takes it into
   * its models by itself, within a second; bundles that are trained with `shortlist train --events` contain it. The
   * serving bundle is the one with the label stable.
   * Every change has a revision, a number that grows with each change of any item. Of two changes of the same item the one
   * with the higher revision holds.
   * </pre>
   */
  public static final class CatalogServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<CatalogServiceBlockingV2Stub> {
    private CatalogServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CatalogServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CatalogServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Writes items, all of them or none. Answers once they are durable; within a second every process that shares the
     * store recommends them, also to a caller who asks for nothing but what is similar to one of them. An item that exists
     * is replaced as a whole: what the request leaves out is empty from then on. Safe to repeat.
     * RESOURCE_EXHAUSTED, reason CATALOG_FULL, and nothing is written, where the batch would make more items than the
     * server takes that the serving bundle does not contain (10,000 by default); trying again does not help, training does:
     * see `shortlist train --events`. Changes of items that exist are always taken.
     * </pre>
     */
    public shortlist.v1.UpsertItemsResponse upsertItems(shortlist.v1.UpsertItemsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpsertItemsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes items out of the catalogue, all of them or none: within a second none of them is in any answer, whichever
     * bundle serves. Events with a deleted item stay in users' histories. An item that nobody knows is no error. Safe to
     * repeat. UpsertItems brings a deleted item back.
     * </pre>
     */
    public shortlist.v1.DeleteItemsResponse deleteItems(shortlist.v1.DeleteItemsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteItemsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One item as it is now. NOT_FOUND, reason ITEM_NOT_FOUND, where there is none, or where it was deleted.
     * </pre>
     */
    public shortlist.v1.GetItemResponse getItem(shortlist.v1.GetItemRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetItemMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All items as they are now, page by page: first those that the serving bundle contains, in its own order, then the
     * other ones in the order of their ids' UTF-8 bytes. Neither order changes while items come and go: an item that is
     * there all the time is on exactly one page.
     * </pre>
     */
    public shortlist.v1.ListItemsResponse listItems(shortlist.v1.ListItemsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListItemsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service CatalogService.
   * <pre>
   * The catalogue: the items of the serving bundle, overridden by what callers have written since.
   * What is written here lies in the store that all servers of it share, and survives restarts. Every process takes it into
   * its models by itself, within a second; bundles that are trained with `shortlist train --events` contain it. The
   * serving bundle is the one with the label stable.
   * Every change has a revision, a number that grows with each change of any item. Of two changes of the same item the one
   * with the higher revision holds.
   * </pre>
   */
  public static final class CatalogServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<CatalogServiceBlockingStub> {
    private CatalogServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CatalogServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CatalogServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Writes items, all of them or none. Answers once they are durable; within a second every process that shares the
     * store recommends them, also to a caller who asks for nothing but what is similar to one of them. An item that exists
     * is replaced as a whole: what the request leaves out is empty from then on. Safe to repeat.
     * RESOURCE_EXHAUSTED, reason CATALOG_FULL, and nothing is written, where the batch would make more items than the
     * server takes that the serving bundle does not contain (10,000 by default); trying again does not help, training does:
     * see `shortlist train --events`. Changes of items that exist are always taken.
     * </pre>
     */
    public shortlist.v1.UpsertItemsResponse upsertItems(shortlist.v1.UpsertItemsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpsertItemsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes items out of the catalogue, all of them or none: within a second none of them is in any answer, whichever
     * bundle serves. Events with a deleted item stay in users' histories. An item that nobody knows is no error. Safe to
     * repeat. UpsertItems brings a deleted item back.
     * </pre>
     */
    public shortlist.v1.DeleteItemsResponse deleteItems(shortlist.v1.DeleteItemsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteItemsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One item as it is now. NOT_FOUND, reason ITEM_NOT_FOUND, where there is none, or where it was deleted.
     * </pre>
     */
    public shortlist.v1.GetItemResponse getItem(shortlist.v1.GetItemRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetItemMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All items as they are now, page by page: first those that the serving bundle contains, in its own order, then the
     * other ones in the order of their ids' UTF-8 bytes. Neither order changes while items come and go: an item that is
     * there all the time is on exactly one page.
     * </pre>
     */
    public shortlist.v1.ListItemsResponse listItems(shortlist.v1.ListItemsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListItemsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service CatalogService.
   * <pre>
   * The catalogue: the items of the serving bundle, overridden by what callers have written since.
   * What is written here lies in the store that all servers of it share, and survives restarts. Every process takes it into
   * its models by itself, within a second; bundles that are trained with `shortlist train --events` contain it. The
   * serving bundle is the one with the label stable.
   * Every change has a revision, a number that grows with each change of any item. Of two changes of the same item the one
   * with the higher revision holds.
   * </pre>
   */
  public static final class CatalogServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<CatalogServiceFutureStub> {
    private CatalogServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CatalogServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CatalogServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Writes items, all of them or none. Answers once they are durable; within a second every process that shares the
     * store recommends them, also to a caller who asks for nothing but what is similar to one of them. An item that exists
     * is replaced as a whole: what the request leaves out is empty from then on. Safe to repeat.
     * RESOURCE_EXHAUSTED, reason CATALOG_FULL, and nothing is written, where the batch would make more items than the
     * server takes that the serving bundle does not contain (10,000 by default); trying again does not help, training does:
     * see `shortlist train --events`. Changes of items that exist are always taken.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.UpsertItemsResponse> upsertItems(
        shortlist.v1.UpsertItemsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpsertItemsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Takes items out of the catalogue, all of them or none: within a second none of them is in any answer, whichever
     * bundle serves. Events with a deleted item stay in users' histories. An item that nobody knows is no error. Safe to
     * repeat. UpsertItems brings a deleted item back.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.DeleteItemsResponse> deleteItems(
        shortlist.v1.DeleteItemsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteItemsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * One item as it is now. NOT_FOUND, reason ITEM_NOT_FOUND, where there is none, or where it was deleted.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.GetItemResponse> getItem(
        shortlist.v1.GetItemRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetItemMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * All items as they are now, page by page: first those that the serving bundle contains, in its own order, then the
     * other ones in the order of their ids' UTF-8 bytes. Neither order changes while items come and go: an item that is
     * there all the time is on exactly one page.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.ListItemsResponse> listItems(
        shortlist.v1.ListItemsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListItemsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_UPSERT_ITEMS = 0;
  private static final int METHODID_DELETE_ITEMS = 1;
  private static final int METHODID_GET_ITEM = 2;
  private static final int METHODID_LIST_ITEMS = 3;

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
        case METHODID_UPSERT_ITEMS:
          serviceImpl.upsertItems((shortlist.v1.UpsertItemsRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.UpsertItemsResponse>) responseObserver);
          break;
        case METHODID_DELETE_ITEMS:
          serviceImpl.deleteItems((shortlist.v1.DeleteItemsRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.DeleteItemsResponse>) responseObserver);
          break;
        case METHODID_GET_ITEM:
          serviceImpl.getItem((shortlist.v1.GetItemRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.GetItemResponse>) responseObserver);
          break;
        case METHODID_LIST_ITEMS:
          serviceImpl.listItems((shortlist.v1.ListItemsRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.ListItemsResponse>) responseObserver);
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
          getUpsertItemsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.UpsertItemsRequest,
              shortlist.v1.UpsertItemsResponse>(
                service, METHODID_UPSERT_ITEMS)))
        .addMethod(
          getDeleteItemsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.DeleteItemsRequest,
              shortlist.v1.DeleteItemsResponse>(
                service, METHODID_DELETE_ITEMS)))
        .addMethod(
          getGetItemMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.GetItemRequest,
              shortlist.v1.GetItemResponse>(
                service, METHODID_GET_ITEM)))
        .addMethod(
          getListItemsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.ListItemsRequest,
              shortlist.v1.ListItemsResponse>(
                service, METHODID_LIST_ITEMS)))
        .build();
  }

  private static abstract class CatalogServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    CatalogServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return shortlist.v1.CatalogServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("CatalogService");
    }
  }

  private static final class CatalogServiceFileDescriptorSupplier
      extends CatalogServiceBaseDescriptorSupplier {
    CatalogServiceFileDescriptorSupplier() {}
  }

  private static final class CatalogServiceMethodDescriptorSupplier
      extends CatalogServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    CatalogServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (CatalogServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new CatalogServiceFileDescriptorSupplier())
              .addMethod(getUpsertItemsMethod())
              .addMethod(getDeleteItemsMethod())
              .addMethod(getGetItemMethod())
              .addMethod(getListItemsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
