/** The app behind a socket. */
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { App } from "./app.js";

export interface Listening {
  /** Where the server is. */
  readonly url: string;
  /** Ends what is under way, and everything else. */
  close(): Promise<void>;
}

export interface Address {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/** Who sends nothing for so long is no caller. */
const patience = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 5_000 };

/** Connections at once; more than the queue lets wait, since pages keep some open. */
const connections = 512;

export async function listen(app: App, { host, port }: Address): Promise<Listening> {
  const listener = getRequestListener(
    (request, { incoming }) => app(request, { address: incoming.socket.remoteAddress }),
    { overrideGlobalObjects: false, errorHandler: () => new Response(null, { status: 400 }) },
  );
  const server = createServer({ ...patience, maxHeaderSize: 16_384 }, (request, response) => {
    void listener(request, response);
  });
  server.maxConnections = connections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host;
  return { url: `http://${name}:${taken}`, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  return ended;
}
