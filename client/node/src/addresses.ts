/** Several addresses as one gRPC target: each is resolved by itself, calls go round robin over all that were found. */

import { type ChannelOptions, experimental } from "@grpc/grpc-js";

type Found = Parameters<experimental.ResolverListener>[0];

const SCHEME = "shortlist-addresses";

/** The target for `addresses`: one stands for itself, several are each `host:port`. Throws a RangeError otherwise. */
export function target(addresses: readonly string[]): string {
  const [first, second] = addresses;
  if (first === undefined) throw new RangeError("no address given");
  if (second === undefined) return first;
  for (const address of addresses) {
    if (address.includes("/") || experimental.splitHostPort(address) === null) {
      throw new RangeError(`in a list of addresses each is host:port, not ${address}`);
    }
  }
  return `${SCHEME}:${addresses.join(",")}`;
}

class AddressList implements experimental.Resolver {
  readonly #resolvers: experimental.Resolver[];
  readonly #found: (Found | undefined)[];

  constructor(uri: experimental.GrpcUri, listener: experimental.ResolverListener, options: ChannelOptions) {
    const paths = uri.path.split(",");
    this.#found = paths.map(() => undefined);
    this.#resolvers = paths.map((path, i) => {
      const found = (result: Found): boolean => this.#report(i, result, listener);
      return experimental.createResolver({ scheme: "dns", path }, found, options);
    });
  }

  /** A name that fails takes nothing from the others, and keeps what it resolved to before. */
  #report(i: number, result: Found, listener: experimental.ResolverListener): boolean {
    if (result.ok || !this.#found[i]?.ok) this.#found[i] = result;
    const endpoints = this.#found.flatMap((found) => (found?.ok ? found.value : []));
    if (endpoints.length > 0) return listener(experimental.statusOrFromValue(endpoints), {}, null, "");
    return this.#found.includes(undefined) || listener(result, {}, null, "");
  }

  updateResolution(): void {
    for (const resolver of this.#resolvers) resolver.updateResolution();
  }

  destroy(): void {
    for (const resolver of this.#resolvers) resolver.destroy();
  }

  /** Also the name that certificates are checked against: gRPC has one per channel. */
  static getDefaultAuthority(uri: experimental.GrpcUri): string {
    return uri.path.split(",")[0] ?? "";
  }
}

experimental.registerResolver(SCHEME, AddressList);
