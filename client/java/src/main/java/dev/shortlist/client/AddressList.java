package dev.shortlist.client;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver.ResolutionResult;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/** Several servers as one target, {@code shortlist:///host1:port,host2:port}: gRPC itself resolves only one name. */
final class AddressList extends NameResolverProvider {
  private static final String SCHEME = "shortlist";

  static {
    NameResolverRegistry.getDefaultRegistry().register(new AddressList());
  }

  private AddressList() {}

  /** What gRPC is to connect to for these addresses. Throws IllegalArgumentException if one of several is no host:port. */
  static String target(List<String> addresses) {
    if (addresses.size() == 1) {
      return addresses.get(0);
    }
    addresses.forEach(AddressList::port);
    String path = "/" + String.join(",", addresses).replace("[", "%5B").replace("]", "%5D");
    return SCHEME + "://" + path;
  }

  /** The host of host:port, without the brackets of an IPv6 address. */
  static String host(String address) {
    String host = address.substring(0, Math.max(address.lastIndexOf(':'), 0));
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  private static int port(String address) {
    try {
      int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
      if (!host(address).isEmpty() && !address.contains("/") && 0 < port && port < 65536) {
        return port;
      }
    } catch (NumberFormatException noNumber) {
      // Refused below.
    }
    throw new IllegalArgumentException("each of several addresses is host:port, not " + address);
  }

  @Override
  public NameResolver newNameResolver(URI target, NameResolver.Args args) {
    if (!SCHEME.equals(target.getScheme())) {
      return null;
    }
    return new Resolver(List.of(target.getPath().substring(1).split(",")), args.getOffloadExecutor());
  }

  @Override
  public String getDefaultScheme() {
    return SCHEME;
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return 5; // The middle; nobody else has this scheme.
  }

  private static final class Resolver extends NameResolver {
    private final List<String> addresses;
    private final Executor executor;
    private Listener2 listener;

    Resolver(List<String> addresses, Executor executor) {
      this.addresses = addresses;
      this.executor = executor;
    }

    @Override
    public String getServiceAuthority() {
      return addresses.get(0);
    }

    @Override
    public void start(Listener2 listener) {
      this.listener = listener;
      refresh();
    }

    @Override
    public void refresh() {
      executor.execute(this::resolve);
    }

    @Override
    public void shutdown() {}

    private void resolve() {
      List<EquivalentAddressGroup> servers = new ArrayList<>();
      UnknownHostException unknown = null;
      for (String address : addresses) {
        // Each server's certificate is checked against its own name, not against the first of the list.
        Attributes name = Attributes.newBuilder().set(EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE, address).build();
        try {
          for (InetAddress ip : InetAddress.getAllByName(host(address))) {
            servers.add(new EquivalentAddressGroup(new InetSocketAddress(ip, port(address)), name));
          }
        } catch (UnknownHostException failure) {
          unknown = failure; // The others serve meanwhile.
        }
      }
      StatusOr<List<EquivalentAddressGroup>> found =
          servers.isEmpty()
              ? StatusOr.fromStatus(Status.UNAVAILABLE.withDescription("no address resolves").withCause(unknown))
              : StatusOr.fromValue(servers);
      listener.onResult(ResolutionResult.newBuilder().setAddressesOrError(found).build());
    }
  }
}
