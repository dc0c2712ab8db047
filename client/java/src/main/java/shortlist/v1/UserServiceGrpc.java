package shortlist.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * What the server knows of single users, for whoever answers their questions and carries out their wishes.
 * Two places know users: the store of live events, and the histories that the serving bundle was trained on. What lies in
 * the data that bundles are trained from is not the server's to tell.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class UserServiceGrpc {

  private UserServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "shortlist.v1.UserService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<shortlist.v1.GetUserRequest,
      shortlist.v1.GetUserResponse> getGetUserMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetUser",
      requestType = shortlist.v1.GetUserRequest.class,
      responseType = shortlist.v1.GetUserResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.GetUserRequest,
      shortlist.v1.GetUserResponse> getGetUserMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.GetUserRequest, shortlist.v1.GetUserResponse> getGetUserMethod;
    if ((getGetUserMethod = UserServiceGrpc.getGetUserMethod) == null) {
      synchronized (UserServiceGrpc.class) {
        if ((getGetUserMethod = UserServiceGrpc.getGetUserMethod) == null) {
          UserServiceGrpc.getGetUserMethod = getGetUserMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.GetUserRequest, shortlist.v1.GetUserResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetUser"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.GetUserRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.GetUserResponse.getDefaultInstance()))
              .setSchemaDescriptor(new UserServiceMethodDescriptorSupplier("GetUser"))
              .build();
        }
      }
    }
    return getGetUserMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.ExportUserRequest,
      shortlist.v1.ExportUserResponse> getExportUserMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExportUser",
      requestType = shortlist.v1.ExportUserRequest.class,
      responseType = shortlist.v1.ExportUserResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.ExportUserRequest,
      shortlist.v1.ExportUserResponse> getExportUserMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.ExportUserRequest, shortlist.v1.ExportUserResponse> getExportUserMethod;
    if ((getExportUserMethod = UserServiceGrpc.getExportUserMethod) == null) {
      synchronized (UserServiceGrpc.class) {
        if ((getExportUserMethod = UserServiceGrpc.getExportUserMethod) == null) {
          UserServiceGrpc.getExportUserMethod = getExportUserMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.ExportUserRequest, shortlist.v1.ExportUserResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExportUser"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.ExportUserRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.ExportUserResponse.getDefaultInstance()))
              .setSchemaDescriptor(new UserServiceMethodDescriptorSupplier("ExportUser"))
              .build();
        }
      }
    }
    return getExportUserMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shortlist.v1.DeleteUserRequest,
      shortlist.v1.DeleteUserResponse> getDeleteUserMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteUser",
      requestType = shortlist.v1.DeleteUserRequest.class,
      responseType = shortlist.v1.DeleteUserResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shortlist.v1.DeleteUserRequest,
      shortlist.v1.DeleteUserResponse> getDeleteUserMethod() {
    io.grpc.MethodDescriptor<shortlist.v1.DeleteUserRequest, shortlist.v1.DeleteUserResponse> getDeleteUserMethod;
    if ((getDeleteUserMethod = UserServiceGrpc.getDeleteUserMethod) == null) {
      synchronized (UserServiceGrpc.class) {
        if ((getDeleteUserMethod = UserServiceGrpc.getDeleteUserMethod) == null) {
          UserServiceGrpc.getDeleteUserMethod = getDeleteUserMethod =
              io.grpc.MethodDescriptor.<shortlist.v1.DeleteUserRequest, shortlist.v1.DeleteUserResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteUser"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.DeleteUserRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shortlist.v1.DeleteUserResponse.getDefaultInstance()))
              .setSchemaDescriptor(new UserServiceMethodDescriptorSupplier("DeleteUser"))
              .build();
        }
      }
    }
    return getDeleteUserMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static UserServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<UserServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<UserServiceStub>() {
        @java.lang.Override
        public UserServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new UserServiceStub(channel, callOptions);
        }
      };
    return UserServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static UserServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<UserServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<UserServiceBlockingV2Stub>() {
        @java.lang.Override
        public UserServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new UserServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return UserServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static UserServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<UserServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<UserServiceBlockingStub>() {
        @java.lang.Override
        public UserServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new UserServiceBlockingStub(channel, callOptions);
        }
      };
    return UserServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static UserServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<UserServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<UserServiceFutureStub>() {
        @java.lang.Override
        public UserServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new UserServiceFutureStub(channel, callOptions);
        }
      };
    return UserServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * What the server knows of single users, for whoever answers their questions and carries out their wishes.
   * Two places know users: the store of live events, and the histories that the serving bundle was trained on. What lies in
   * the data that bundles are trained from is not the server's to tell.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * What is known of a user, in numbers. A user that nobody knows is no error: all numbers are 0.
     * </pre>
     */
    default void getUser(shortlist.v1.GetUserRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.GetUserResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetUserMethod(), responseObserver);
    }

    /**
     * <pre>
     * Every event of a user, page by page: first those of the serving bundle, oldest first, then the live ones in the order
     * in which they were written, also those that are written meanwhile.
     * </pre>
     */
    default void exportUser(shortlist.v1.ExportUserRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.ExportUserResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExportUserMethod(), responseObserver);
    }

    /**
     * <pre>
     * Forgets a user. Once it answers, the store holds no event and no id of this user, in no file and no key of it; no
     * answer of any server on the same store uses what its bundle knows of the user; and `shortlist train --events` leaves
     * the user out of what it learns. Only a salted hash remains, by which this is known. Events that are written later
     * count as those of somebody new. Safe to repeat, and to be repeated after UNAVAILABLE; a user that nobody knows is no
     * error.
     * </pre>
     */
    default void deleteUser(shortlist.v1.DeleteUserRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.DeleteUserResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteUserMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service UserService.
   * <pre>
   * What the server knows of single users, for whoever answers their questions and carries out their wishes.
   * Two places know users: the store of live events, and the histories that the serving bundle was trained on. What lies in
   * the data that bundles are trained from is not the server's to tell.
   * </pre>
   */
  public static abstract class UserServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return UserServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service UserService.
   * <pre>
   * What the server knows of single users, for whoever answers their questions and carries out their wishes.
   * Two places know users: the store of live events, and the histories that the serving bundle was trained on. What lies in
   * the data that bundles are trained from is not the server's to tell.
   * </pre>
   */
  public static final class UserServiceStub
      extends io.grpc.stub.AbstractAsyncStub<UserServiceStub> {
    private UserServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected UserServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new UserServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * What is known of a user, in numbers. A user that nobody knows is no error: all numbers are 0.
     * </pre>
     */
    public void getUser(shortlist.v1.GetUserRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.GetUserResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetUserMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Every event of a user, page by page: first those of the serving bundle, oldest first, then the live ones in the order
     * in which they were written, also those that are written meanwhile.
     * </pre>
     */
    public void exportUser(shortlist.v1.ExportUserRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.ExportUserResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExportUserMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Forgets a user. Once it answers, the store holds no event and no id of this user, in no file and no key of it; no
     * answer of any server on the same store uses what its bundle knows of the user; and `shortlist train --events` leaves
     * the user out of what it learns. Only a salted hash remains, by which this is known. Events that are written later
     * count as those of somebody new. Safe to repeat, and to be repeated after UNAVAILABLE; a user that nobody knows is no
     * error.
     * </pre>
     */
    public void deleteUser(shortlist.v1.DeleteUserRequest request,
        io.grpc.stub.StreamObserver<shortlist.v1.DeleteUserResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteUserMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service UserService.
   * <pre>
   * What the server knows of single users, for whoever answers their questions and carries out their wishes.
   * Two places know users: the store of live events, and the histories that the serving bundle was trained on. What lies in
   * the data that bundles are trained from is not the server's to tell.
   * </pre>
   */
  public static final class UserServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<UserServiceBlockingV2Stub> {
    private UserServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected UserServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new UserServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * What is known of a user, in numbers. A user that nobody knows is no error: all numbers are 0.
     * </pre>
     */
    public shortlist.v1.GetUserResponse getUser(shortlist.v1.GetUserRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetUserMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Every event of a user, page by page: first those of the serving bundle, oldest first, then the live ones in the order
     * in which they were written, also those that are written meanwhile.
     * </pre>
     */
    public shortlist.v1.ExportUserResponse exportUser(shortlist.v1.ExportUserRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExportUserMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Forgets a user. Once it answers, the store holds no event and no id of this user, in no file and no key of it; no
     * answer of any server on the same store uses what its bundle knows of the user; and `shortlist train --events` leaves
     * the user out of what it learns. Only a salted hash remains, by which this is known. Events that are written later
     * count as those of somebody new. Safe to repeat, and to be repeated after UNAVAILABLE; a user that nobody knows is no
     * error.
     * </pre>
     */
    public shortlist.v1.DeleteUserResponse deleteUser(shortlist.v1.DeleteUserRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteUserMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service UserService.
   * <pre>
   * What the server knows of single users, for whoever answers their questions and carries out their wishes.
   * Two places know users: the store of live events, and the histories that the serving bundle was trained on. What lies in
   * the data that bundles are trained from is not the server's to tell.
   * </pre>
   */
  public static final class UserServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<UserServiceBlockingStub> {
    private UserServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected UserServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new UserServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * What is known of a user, in numbers. A user that nobody knows is no error: all numbers are 0.
     * </pre>
     */
    public shortlist.v1.GetUserResponse getUser(shortlist.v1.GetUserRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetUserMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Every event of a user, page by page: first those of the serving bundle, oldest first, then the live ones in the order
     * in which they were written, also those that are written meanwhile.
     * </pre>
     */
    public shortlist.v1.ExportUserResponse exportUser(shortlist.v1.ExportUserRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExportUserMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Forgets a user. Once it answers, the store holds no event and no id of this user, in no file and no key of it; no
     * answer of any server on the same store uses what its bundle knows of the user; and `shortlist train --events` leaves
     * the user out of what it learns. Only a salted hash remains, by which this is known. Events that are written later
     * count as those of somebody new. Safe to repeat, and to be repeated after UNAVAILABLE; a user that nobody knows is no
     * error.
     * </pre>
     */
    public shortlist.v1.DeleteUserResponse deleteUser(shortlist.v1.DeleteUserRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteUserMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service UserService.
   * <pre>
   * What the server knows of single users, for whoever answers their questions and carries out their wishes.
   * Two places know users: the store of live events, and the histories that the serving bundle was trained on. What lies in
   * the data that bundles are trained from is not the server's to tell.
   * </pre>
   */
  public static final class UserServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<UserServiceFutureStub> {
    private UserServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected UserServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new UserServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * What is known of a user, in numbers. A user that nobody knows is no error: all numbers are 0.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.GetUserResponse> getUser(
        shortlist.v1.GetUserRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetUserMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Every event of a user, page by page: first those of the serving bundle, oldest first, then the live ones in the order
     * in which they were written, also those that are written meanwhile.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.ExportUserResponse> exportUser(
        shortlist.v1.ExportUserRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExportUserMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Forgets a user. Once it answers, the store holds no event and no id of this user, in no file and no key of it; no
     * answer of any server on the same store uses what its bundle knows of the user; and `shortlist train --events` leaves
     * the user out of what it learns. Only a salted hash remains, by which this is known. Events that are written later
     * count as those of somebody new. Safe to repeat, and to be repeated after UNAVAILABLE; a user that nobody knows is no
     * error.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shortlist.v1.DeleteUserResponse> deleteUser(
        shortlist.v1.DeleteUserRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteUserMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_USER = 0;
  private static final int METHODID_EXPORT_USER = 1;
  private static final int METHODID_DELETE_USER = 2;

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
        case METHODID_GET_USER:
          serviceImpl.getUser((shortlist.v1.GetUserRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.GetUserResponse>) responseObserver);
          break;
        case METHODID_EXPORT_USER:
          serviceImpl.exportUser((shortlist.v1.ExportUserRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.ExportUserResponse>) responseObserver);
          break;
        case METHODID_DELETE_USER:
          serviceImpl.deleteUser((shortlist.v1.DeleteUserRequest) request,
              (io.grpc.stub.StreamObserver<shortlist.v1.DeleteUserResponse>) responseObserver);
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
          getGetUserMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.GetUserRequest,
              shortlist.v1.GetUserResponse>(
                service, METHODID_GET_USER)))
        .addMethod(
          getExportUserMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.ExportUserRequest,
              shortlist.v1.ExportUserResponse>(
                service, METHODID_EXPORT_USER)))
        .addMethod(
          getDeleteUserMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shortlist.v1.DeleteUserRequest,
              shortlist.v1.DeleteUserResponse>(
                service, METHODID_DELETE_USER)))
        .build();
  }

  private static abstract class UserServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    UserServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return shortlist.v1.UserServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("UserService");
    }
  }

  private static final class UserServiceFileDescriptorSupplier
      extends UserServiceBaseDescriptorSupplier {
    UserServiceFileDescriptorSupplier() {}
  }

  private static final class UserServiceMethodDescriptorSupplier
      extends UserServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    UserServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (UserServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new UserServiceFileDescriptorSupplier())
              .addMethod(getGetUserMethod())
              .addMethod(getExportUserMethod())
              .addMethod(getDeleteUserMethod())
              .build();
        }
      }
    }
    return result;
  }
}
