import { connect, createServer, type Server, type Socket } from "node:net";
import type { ServerPlace } from "../../tools/migration/databases/server-place.ts";

/** A server in front of another one, through which a test can take a connection away. */
export interface Proxy {
  readonly port: number;
  /** Breaks every connection; others are taken. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens on a port of its own and hands everything on to `place`. */
export async function proxyTo(place: ServerPlace): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((inner) => {
    const outer = connect(place.port, place.host);
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut: Proxy["cut"] = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
